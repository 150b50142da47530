"""Who is in a picture: told apart by the face alone, and with an honest account of how well."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aign_tf.data.synthetic import faces as procedural
from aign_tf.metrics.identity import OVAL, similarity, similarity_to, train_identity_network
from aign_tf.metrics.image import as_float

SIDE = 32
PERSON = np.repeat([f"person {k}" for k in range(40)], 2)


def portraits(person, seed: int, side: int = SIDE):
    """Pictures of coloured patches, the same for a person but for light, noise and the wall."""
    rng = np.random.default_rng(seed)
    names, whose = np.unique(person, return_inverse=True)
    patches = rng.uniform(-0.6, 0.6, (len(names), 4, 4, 3))[whose]
    light = rng.uniform(-0.2, 0.2, (len(whose), 1, 1, 1))
    pictures = tf.image.resize(patches + light, [side, side]).numpy()
    pictures += rng.normal(0, 0.05, pictures.shape)
    walls = rng.uniform(-1, 1, (len(whose), 1, 1, 3))
    pictures = np.where(around_the_oval(side)[..., None], walls, pictures)
    return ((pictures.clip(-1, 1) + 1) * 127.5).astype(np.uint8)


def around_the_oval(side: int) -> np.ndarray:
    """Bool `[side, side]`, True where the network must not look, give or take a pixel."""
    left, right, top, bottom = OVAL
    y, x = (np.mgrid[:side, :side] + 0.5) / side
    across, down = (2 * x - left - right) / (right - left), (2 * y - top - bottom) / (bottom - top)
    return across**2 + down**2 > (1 + 2 / side / (right - left)) ** 2


@pytest.fixture(scope="module")
def held_out():
    return portraits(PERSON, 1), PERSON


@pytest.fixture(scope="module")
def network(held_out):
    return train_identity_network(portraits(PERSON, 0), PERSON, held_out, steps=80)


def test_held_out_people_are_told_apart(network):
    assert network.accuracy > 0.9
    assert network.same > network.strangers + 0.4
    assert network.name == (
        "embedding of a small network trained in this call to tell 40 people apart"
    )


def test_people_of_the_procedural_faces_are_told_apart_whatever_else_differs():
    faces = procedural.face_set(procedural.generate(900, 32))
    train, test = faces.in_split("train"), faces.in_split("test")
    held_out = (test.images, test.person)
    network = train_identity_network(train.images, train.person, held_out, steps=100)
    assert network.accuracy > 0.8


def test_unit_vectors_of_either_kind_of_pictures(network, held_out):
    vectors = network(held_out[0])
    assert vectors.shape[0] == 80 and vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(network(as_float(held_out[0])), vectors, atol=1e-5)


def test_similarity_is_the_cosine_of_each_pair(network, held_out):
    a, b = np.float32([[1, 0], [0.6, 0.8]]), np.float32([[0, 1], [0.8, 0.6]])
    np.testing.assert_allclose(similarity(a, b), [0, 0.96], rtol=1e-6)
    vectors = network(held_out[0])
    np.testing.assert_allclose(similarity(vectors, vectors), 1, atol=1e-5)
    # The two pictures of all people are all there is to `same`.
    found = similarity(vectors[0::2], vectors[1::2])
    assert network.same == pytest.approx(found.mean(), abs=1e-5)


def test_similarity_to_references_is_the_cosine_to_their_mean_direction():
    references = np.float32([[1, 0], [0, 1]])
    vectors = np.float32([[1, 0], [0.6, 0.8], [-1, 0]])
    expected = np.array([1, 1.4, -1]) / np.sqrt(2)
    np.testing.assert_allclose(similarity_to(vectors, references), expected, rtol=1e-6)
    np.testing.assert_allclose(similarity_to(vectors, vectors[1:2]), [0.6, 1, -0.6], rtol=1e-6)


def test_what_is_around_the_face_does_not_matter(network, held_out):
    images = held_out[0].copy()
    images[:, around_the_oval(SIDE)] = 255
    assert np.any(images != held_out[0])
    np.testing.assert_array_equal(network(images), network(held_out[0]))


def test_same_seed_same_network_and_global_randomness_untouched(held_out):
    images = portraits(PERSON, 0)

    def train(seed):
        return train_identity_network(images, PERSON, held_out, seed, steps=5)(images)

    tf.random.set_seed(5)
    np.random.seed(5)
    expected = tf.random.uniform([3]).numpy(), np.random.rand(3)
    tf.random.set_seed(5)
    np.random.seed(5)
    first = train(3)
    np.testing.assert_array_equal(tf.random.uniform([3]), expected[0])
    np.testing.assert_array_equal(np.random.rand(3), expected[1])
    np.testing.assert_allclose(train(3), first, atol=1e-5)
    assert np.abs(train(4) - first).max() > 1e-2


def test_it_computes_in_float32_under_any_policy(held_out):
    images = portraits(PERSON, 0)
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        network = train_identity_network(images, PERSON, held_out, steps=1)
        vectors = network(images)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_no_network_where_nobody_can_be_compared(held_out):
    person = np.array(["a", "a", "a", "b", "c"])
    assert train_identity_network(portraits(person, 0), person, held_out) is None


def test_people_of_any_number_of_pictures_and_pictures_of_any_side():
    person = np.array(["a"] * 5 + ["b"] * 2 + ["c"])
    images = portraits(person, 0, side=100)
    network = train_identity_network(images, person, (images, person), steps=2)
    assert network.name.endswith("to tell 2 people apart")
    assert 0 <= network.accuracy <= 1
    assert network(images).shape == (8, 64)


def test_held_out_people_with_one_picture_say_nothing():
    person = np.array(["a", "a", "b", "b"])
    images = portraits(person, 0)
    others = np.array(["c", "c", "d"])
    network = train_identity_network(images, person, (images[:3], others), steps=1)
    assert np.isnan([network.same, network.strangers, network.accuracy]).all()


def test_people_made_up_of_any_two_pictures_are_told_apart_by_chance(held_out):
    images, person = held_out
    strangers = np.random.default_rng(0).permutation(person)
    network = train_identity_network(images, person, (images, strangers), steps=1)
    assert network.accuracy == pytest.approx(0.5, abs=0.2)
