"""Depths of landmarks: what holds whatever the weights, wherever the face is in the picture."""

import hypothesis
import hypothesis.strategies as st
import keras
import numpy as np
import pytest
import tensorflow as tf

from aign_tf import compat
from aign_tf.data.landmarks.config import LandmarkDataConfig
from aign_tf.data.landmarks.views import pictured
from aign_tf.data.synthetic.landmarks import procedural_faces
from aign_tf.export import export
from aign_tf.generators.face_lifter import AddDepths, AlignFace, face_lifter
from aign_tf.landmarks import SCHEMES, centred, sizes
from aign_tf.renderers.project import AffineProjection
from tests.generators.saved import check_it_comes_back

TEMPLATE = procedural_faces().mean[:, :2]
ANGLES = st.floats(-np.pi, np.pi)


def picture(rows=4, seed=0):
    """Landmarks `[N, 68, 2]` of faces from random sides, in shares of a picture."""
    faces = procedural_faces().sample(rows, seed)
    return pictured(faces, LandmarkDataConfig(), np.random.default_rng(seed)).points


def turn(angle):
    """`[2, 2]` for rows (x, y)."""
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def moved(points, scale=1.0, angle=0.0, x=0.0, y=0.0):
    """Scaled and turned about the middle of the picture, then moved by shares of it."""
    return (((points - 0.5) * scale) @ turn(angle) + 0.5 + [x, y]).astype(np.float32)


def randomized(network, seed=0):
    """With weights in the last layer too."""
    draw = np.random.default_rng(seed)
    network.set_weights([w + draw.normal(0, 0.2, w.shape) for w in network.get_weights()])
    return network


def lifter(count=68):
    keras.utils.set_random_seed(0)
    template = TEMPLATE[list(SCHEMES[count].numbers)].tolist()
    return randomized(face_lifter(template, width=16, blocks=1))


@pytest.fixture(scope="module")
def network():
    return lifter()


def faces_of(network, points):
    return network({"points": points})["face"].numpy()


def aligned(points, template=TEMPLATE):
    return [part.numpy() for part in AlignFace(template.tolist())(tf.constant(points, tf.float32))]


# Alignment.


def test_aligned_landmarks_have_no_place_and_size():
    points, size = aligned(picture())
    np.testing.assert_allclose(points.mean(axis=1), 0, atol=1e-6)
    np.testing.assert_allclose(sizes(points), 1, rtol=1e-5)
    np.testing.assert_allclose(size[:, 0], sizes(picture()), rtol=1e-5)


def test_a_turned_square_by_hand():
    square = np.float32([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    given = 5 * square @ turn(0.7) + [30, -20]
    points, size = aligned(given[None], 3 * square + 8)
    np.testing.assert_allclose(points[0], square / np.sqrt(2), atol=1e-5)
    np.testing.assert_allclose(size, [[5 * np.sqrt(2)]], rtol=1e-5)


@hypothesis.settings(max_examples=25)
@hypothesis.given(st.floats(0.3, 3), ANGLES, st.floats(-1, 1), st.floats(-1, 1))
def test_a_similarity_of_the_picture_is_taken_away(scale, angle, x, y):
    (before, size), (after, scaled) = (
        aligned(points) for points in (picture(), moved(picture(), scale, angle, x, y))
    )
    np.testing.assert_allclose(after, before, atol=1e-4)
    np.testing.assert_allclose(scaled, scale * size, rtol=1e-4)


def test_no_turn_lies_nearer_to_the_template_and_no_face_is_mirrored():
    template = centred(TEMPLATE[None])[0]
    template /= sizes(template[None])
    points, _ = aligned(picture(10))
    distance = ((points - template) ** 2).sum(axis=(1, 2))
    for angle in np.linspace(0.01, 2 * np.pi - 0.01, 100):
        assert np.all(((points @ turn(angle) - template) ** 2).sum(axis=(1, 2)) > distance)
    mirrored, _ = aligned(picture(10) * [-1, 1])
    before = points[:, 1] - points[:, 0], points[:, 8] - points[:, 0]
    after = mirrored[:, 1] - mirrored[:, 0], mirrored[:, 8] - mirrored[:, 0]
    assert np.all(np.cross(*before) * np.cross(*after) < 0)


# Depths.


def test_depths_by_hand():
    points = np.float32([[[1, 2], [3, 4]], [[5, 6], [7, 8]]])
    face = AddDepths()([points, np.float32([[1, 3], [0, 5]]), np.float32([[10], [2]])])
    np.testing.assert_array_equal(face[..., :2], points)
    np.testing.assert_array_equal(face[..., 2], [[-10, 10], [-5, 5]])


def test_a_fresh_network_sees_everybody_flat():
    network = face_lifter(TEMPLATE.tolist(), width=16, blocks=2)
    np.testing.assert_array_equal(faces_of(network, picture())[..., 2], 0)


@pytest.mark.parametrize("precision", compat.PRECISIONS)
@pytest.mark.parametrize("side", [1, 450])
def test_landmarks_reproject_exactly_and_depths_have_no_mean(precision, side):
    with compat.precision(precision):
        network, renderer = lifter(), AffineProjection()
    points = side * picture()
    factors = network({"points": points})
    assert list(factors) == ["face"] and factors["face"].dtype == tf.float32
    rendered = renderer(factors, {"points": points})["points"]
    np.testing.assert_array_equal(rendered, points)
    depth = factors["face"][..., 2].numpy()
    assert depth.std() > 0.01 * side
    np.testing.assert_allclose(depth.mean(axis=1), 0, atol=1e-6 * side)


@hypothesis.settings(max_examples=25)
@hypothesis.given(st.floats(0.3, 3), ANGLES, st.floats(-1, 1), st.floats(-1, 1))
def test_depths_follow_the_size_of_a_face_and_not_its_place_or_turn(network, scale, angle, x, y):
    depth = faces_of(network, picture())[..., 2]
    after = faces_of(network, moved(picture(), scale, angle, x, y))[..., 2]
    np.testing.assert_allclose(after, scale * depth, atol=1e-3 * scale * depth.std())


def test_pixels_give_the_same_depths_as_shares(network):
    in_shares, in_pixels = (faces_of(network, side * picture()) for side in (1, 450))
    deviation = in_pixels[..., 2].std()
    np.testing.assert_allclose(in_pixels, 450 * in_shares, rtol=1e-6, atol=1e-3 * deviation)


def test_depths_depend_on_the_shape_of_a_face(network):
    one, other = faces_of(network, picture(2))[..., 2]
    assert np.abs(one / one.std() - other / other.std()).max() > 0.1


@pytest.mark.parametrize("kind", ["one place", "one place far out", "a line", "a dot and the rest"])
def test_odd_faces_give_finite_factors_and_gradients(network, kind):
    points = np.full((2, 68, 2), 0.5, np.float32)
    points += {"one place far out": 449.7}.get(kind, 0)
    points[:, :, 0] += np.linspace(0, 1, 68) if kind == "a line" else 0
    points[:, 0] += 1 if kind == "a dot and the rest" else 0
    points = tf.constant(points)
    with tf.GradientTape() as tape:
        tape.watch(points)
        face = network({"points": points})["face"]
        loss = tf.reduce_sum(face**2)
    assert np.isfinite(face).all()
    for values in tape.gradient(loss, [points, *network.trainable_variables]):
        assert np.isfinite(values).all()


# Files.


@pytest.mark.parametrize("count", [66, 68])
def test_it_comes_back_from_a_keras_file(count, tmp_path):
    points = picture()[:, list(SCHEMES[count].numbers)]
    check_it_comes_back(lifter(count), {"points": points}, tmp_path)


def test_servers_and_phones_get_the_same_numbers(network, tmp_path):
    points = np.concatenate([picture(), 450 * picture()])
    for exported in export(network, {"points": points}, tmp_path, ["saved_model", "tflite"]):
        assert exported.max_abs_error < 1e-5 * 450
