import keras
import numpy as np
import pytest

from aign_tf import compat
from aign_tf.errors import UserError
from aign_tf.metrics import kid as module
from aign_tf.metrics.kid import Features, inception_features, kid, squared_mmd


def mmd_by_loops(a, b):
    """Binkowski et al., equation 4."""

    def k(x, y):
        return (sum(p * q for p, q in zip(x, y)) / len(x) + 1) ** 3

    def within(rows):
        pairs = [(i, j) for i in range(len(rows)) for j in range(len(rows)) if i != j]
        return sum(k(rows[i], rows[j]) for i, j in pairs) / len(pairs)

    across = sum(k(x, y) for x in a for y in b) / (len(a) * len(b))
    return within(a) + within(b) - 2 * across


def test_squared_mmd_equals_its_definition():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(4, 3)), rng.normal(size=(6, 3)) + 0.5
    assert squared_mmd(a, b) == pytest.approx(mmd_by_loops(a, b))


def test_by_hand():
    # d = 1: k(1, 1) = 8, k(0, 0) = 1, k(0, 1) = 1, so 8 + 1 - 2.
    a, b = np.ones((2, 1)), np.zeros((2, 1))
    assert kid(a, b) == (pytest.approx(7), pytest.approx(0))


def test_mean_over_many_draws_of_one_distribution_is_zero():
    rng = np.random.default_rng(0)
    estimates = [squared_mmd(*rng.normal(size=(2, 20, 5))) for _ in range(2000)]
    assert min(estimates) < 0
    assert abs(np.mean(estimates)) < 4 * np.std(estimates) / np.sqrt(2000)


def test_grows_with_the_distance():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 200, 8))
    distances = [kid(a, b + shift)[0] for shift in (0, 0.3, 0.6, 1.2)]
    assert distances == sorted(distances)
    assert abs(distances[0]) < 0.1 < distances[1]


def test_same_seed_same_numbers_and_deviation_over_subsets():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 60, 8)).astype(np.float32)
    first = kid(a, b, subset_size=20, subsets=10, seed=3)
    assert first == kid(a, b, subset_size=20, subsets=10, seed=3)
    assert first != kid(a, b, subset_size=20, subsets=10, seed=4)
    assert first[1] > 0


def test_too_few_pictures():
    with pytest.raises(UserError, match="KID needs at least 2 pictures on each side, got 1"):
        kid(np.ones((5, 2)), np.ones((1, 2)))


def test_features_take_bytes_and_floats():
    features = Features(
        "pixels", keras.Sequential([keras.Input((2, 2, 3)), keras.layers.Flatten()])
    )
    pictures = np.random.default_rng(0).integers(0, 256, (3, 2, 2, 3)).astype(np.uint8)
    np.testing.assert_allclose(features(pictures), features(pictures / 127.5 - 1), atol=1e-6)


def test_float32_policy_is_temporary():
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        with compat.precision("float32"):
            assert keras.layers.Dense(1).compute_dtype == "float32"
        assert keras.layers.Dense(1).compute_dtype == "bfloat16"
    finally:
        keras.mixed_precision.set_global_policy("float32")


def test_missing_inception_weights(tmp_path):
    with pytest.raises(UserError, match=r"no Inception weights at .*none\.h5: give an InceptionV3"):
        inception_features(tmp_path / "none.h5")


def test_inception_weights_from_a_file(tmp_path, monkeypatch):
    keras.utils.set_random_seed(0)
    network = keras.applications.InceptionV3(
        weights=None, include_top=False, pooling="avg", input_shape=(299, 299, 3)
    )
    path = tmp_path / "notop.weights.h5"
    network.save_weights(path)
    other = tmp_path / "other.weights.h5"
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save_weights(other)
    broken = tmp_path / "broken.h5"
    broken.write_bytes(b"not HDF5")

    features = inception_features(path)
    assert features.name == "InceptionV3 with notop.weights.h5"
    pictures = np.random.default_rng(0).uniform(-1, 1, (2, 299, 299, 3)).astype(np.float32)
    result = features(pictures)
    assert result.shape == (2, 2048)
    np.testing.assert_allclose(result, network.predict(pictures, verbose=0), rtol=1e-4, atol=1e-5)
    assert features(pictures[:, :32, :32]).shape == (2, 2048)

    # Building the network takes seconds; this one is not used any more.
    monkeypatch.setattr(module.keras.applications, "InceptionV3", lambda **_: network)
    for wrong in (other, broken):
        with pytest.raises(UserError, match="does not fit InceptionV3 without its class") as caught:
            inception_features(wrong)
        assert "\n" not in str(caught.value) and wrong.name in str(caught.value)
