import keras
import numpy as np
import pytest
import tensorflow as tf

from aign_tf.errors import UserError
from aign_tf.metrics import probes
from aign_tf.metrics.image import as_float
from aign_tf.metrics.kid import kid

SIDE = 32


def mouths(count: int, seed: int, side: int = SIDE, rare: float = 0.2):
    """Noisy pictures with a red ellipse, whether it is big, and its height (a fraction)."""
    rng = np.random.default_rng(seed)
    big = rng.random(count) < rare
    height = np.where(big, rng.uniform(0.2, 0.3, count), rng.uniform(0.08, 0.16, count))
    middle = rng.normal([0.72, 0.5], 0.02, (count, 2)).T[:, :, None, None]
    y, x = np.mgrid[:side, :side][:, None] / side - middle
    inside = (x / 0.25) ** 2 + (2 * y / height[:, None, None]) ** 2 < 1
    skin = rng.uniform(80, 200, (count, 1, 1, 3))
    pictures = np.where(inside[..., None], [200, 40, 50], skin)
    pictures = pictures + rng.normal(0, 10, pictures.shape)
    return np.clip(pictures, 0, 255).astype(np.uint8), big.astype(int), height


@pytest.fixture(scope="module")
def data():
    return mouths(600, 0), mouths(200, 1)


@pytest.fixture(scope="module")
def attribute_probe(data):
    (images, big, _), (seen, truth, _) = data
    return probes.train_attribute_probe(images, big, (seen, truth), steps=150)


def test_attribute_probe_learns_a_rare_attribute(data, attribute_probe):
    images, big, _ = data[1]
    assert attribute_probe.accuracy > 0.95
    probabilities = attribute_probe.probabilities(as_float(images))
    assert probabilities.shape == (200,)
    assert probabilities.min() >= 0 and probabilities.max() <= 1
    assert probabilities[big == 1].mean() > 0.9 > 0.1 > probabilities[big == 0].mean()
    assert attribute_probe.share(as_float(images)) == pytest.approx(big.mean(), abs=0.05)
    assert attribute_probe.share(images[big == 1]) > 0.9


def test_accuracy_is_the_mean_of_both_classes_recalls(data, attribute_probe):
    images, big, _ = data[1]
    right = (attribute_probe.probabilities(images) > 0.5) == big
    expected = (right[big == 0].mean() + right[big == 1].mean()) / 2
    assert attribute_probe.accuracy == pytest.approx(expected)


def test_same_seed_same_probe_and_global_randomness_untouched(data):
    (images, big, _), held_out = data[0], data[1][:2]

    def train(seed):
        return probes.train_attribute_probe(images, big, held_out, seed, steps=10)

    tf.random.set_seed(5)
    np.random.seed(5)
    expected = tf.random.uniform([3]).numpy(), np.random.rand(3)
    tf.random.set_seed(5)
    np.random.seed(5)
    first = train(3).probabilities(images)
    np.testing.assert_array_equal(tf.random.uniform([3]), expected[0])
    np.testing.assert_array_equal(np.random.rand(3), expected[1])
    np.testing.assert_allclose(train(3).probabilities(images), first, atol=1e-5)
    assert np.abs(train(4).probabilities(images) - first).max() > 1e-2


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_probes_compute_in_float32_under_any_policy(data, policy):
    (images, big, _), held_out = data[0], data[1][:2]
    expected = probes.train_attribute_probe(images, big, held_out, steps=5).probabilities(images)
    keras.mixed_precision.set_global_policy(policy)
    try:
        probe = probes.train_attribute_probe(images, big, held_out, steps=5)
        np.testing.assert_allclose(probe.probabilities(images), expected, atol=1e-5)
    finally:
        keras.mixed_precision.set_global_policy("float32")


def test_held_out_faces_of_one_class_have_no_accuracy(data):
    (images, big, _), (seen, truth, _) = data
    held_out = (seen[truth == 0], truth[truth == 0])
    assert np.isnan(probes.train_attribute_probe(images, big, held_out, steps=1).accuracy)


def test_attribute_probe_needs_both_classes(data):
    images = data[0][0][:5]
    with pytest.raises(UserError, match="with and without the attribute, got 0 with and 5 without"):
        probes.train_attribute_probe(images, np.zeros(5), (images, np.zeros(5)))


def test_size_probe_measures_heights(data):
    (images, _, heights), (seen, _, truth) = data
    probe = probes.train_size_probe(images, heights, (seen, truth), steps=150)
    predicted = probe.predict(as_float(seen))
    assert predicted.shape == (200,)
    assert probe.mean_absolute_error == pytest.approx(np.abs(predicted - truth).mean())
    # Guessing the median would be off by about 0.04; half a pixel is 0.016.
    assert probe.mean_absolute_error < 0.016
    assert np.corrcoef(predicted, truth)[0, 1] > 0.95


def test_feature_network_tells_real_pictures_from_others():
    features = probes.train_feature_network(mouths(200, 0)[0], steps=40)
    assert features.name == (
        "features of a small autoencoder trained in this call on 200 real pictures"
    )
    real, other, (mixed, big, _) = mouths(100, 1)[0], mouths(100, 2)[0], mouths(300, 3)
    described = features(as_float(real))
    assert described.ndim == 2 and described.shape[0] == 100
    blurred = tf.image.resize(tf.image.resize(as_float(other), [16, 16]), [SIDE, SIDE])
    same = kid(features(as_float(other)), described)[0]
    assert abs(same) < 0.1
    assert kid(features(blurred), described)[0] > same + 0.2
    assert kid(features(mixed[big == 1]), described)[0] > same + 0.1


def test_features_are_standardised_over_the_pictures_of_training():
    images = mouths(100, 0)[0]
    described = probes.train_feature_network(images, steps=2)(images)
    np.testing.assert_allclose(described.mean(axis=0), 0, atol=1e-2)
    assert np.all(described.std(axis=0) < 1.01)


@pytest.mark.parametrize("side", [20, 100])
def test_pictures_of_any_side(side):
    images, big, _ = mouths(40, 0, side, rare=0.5)
    probe = probes.train_attribute_probe(images, big, (images, big), steps=1)
    assert probe.probabilities(images).shape == (40,)
    assert probes.train_feature_network(images, steps=1)(images[:3]).shape[0] == 3
