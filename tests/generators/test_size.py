"""How large all is, is told from its shape alone."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aign_tf.generators.size import Shape, size_seen

FRAMES, HEIGHT, WIDTH = 3, 16, 24


def clips(rows=2, seed=0):
    """Log depths `[B F, H, W, 1]`, rotations and translations."""
    draw = np.random.default_rng(seed)
    log_depth = draw.normal(1, 0.5, (rows * FRAMES, HEIGHT, WIDTH, 1)).astype(np.float32)
    motions = draw.normal(0, 0.1, (2, rows, FRAMES - 1, 3)).astype(np.float32)
    return log_depth, *motions


def test_a_shape_is_log_depth_of_places_around_the_mean_of_a_clip():
    log_depth, _, translation = clips()
    shape, relative, mean = (part.numpy() for part in Shape(FRAMES)([log_depth, translation]))
    expected = log_depth.reshape(2, FRAMES, HEIGHT, WIDTH).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(mean.ravel(), expected, atol=1e-5)
    assert shape.shape == (2 * (FRAMES - 1), HEIGHT // 8, WIDTH // 8, 1)
    # The second frame of the second clip.
    place = log_depth[FRAMES + 1, 8:, 16:].mean() - expected[1]
    np.testing.assert_allclose(shape[FRAMES, 1, 2, 0], place, atol=1e-5)
    np.testing.assert_allclose(
        relative, translation * np.exp(-expected)[:, None, None], rtol=1e-4, atol=1e-6
    )


def test_gradients_pass_to_the_size_alone():
    log_depth, _, translation = map(tf.constant, clips())
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([log_depth, translation])
        shape, relative, mean = Shape(FRAMES)([log_depth, translation])
    for part in (shape, relative):
        assert tape.gradient(part, [log_depth, translation]) == [None, None]
    gradient = tape.gradient(mean, log_depth)
    np.testing.assert_allclose(gradient, np.full_like(log_depth, 1 / (FRAMES * HEIGHT * WIDTH)))


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(0)
    log_depth = keras.Input((HEIGHT, WIDTH, 1))
    rays = keras.Input((HEIGHT // 8, WIDTH // 8, 2))
    rotation, translation = keras.Input((FRAMES - 1, 3)), keras.Input((FRAMES - 1, 3))
    inputs = [log_depth, rays, rotation, translation]
    return keras.Model(inputs, size_seen(*inputs, channels=4))


def test_what_is_told_is_the_same_however_large_all_was_said_to_be(network):
    log_depth, rotation, translation = clips()
    rays = np.random.default_rng(1).normal(size=(2, HEIGHT // 8, WIDTH // 8, 2))
    told, mean = network([log_depth, rays, rotation, translation])
    larger, farther = network([log_depth + np.log(3), rays, rotation, 3 * translation])
    assert told.shape == mean.shape == (2, 1, 1)
    np.testing.assert_allclose(larger, told, atol=1e-5)
    np.testing.assert_allclose(farther, mean + np.log(3), atol=1e-5)
    for changed in (
        [1.2 * log_depth, rays, rotation, translation],
        [log_depth, 1.2 * rays, rotation, translation],
        [log_depth, rays, 1.2 * rotation, translation],
        [log_depth, rays, rotation, 1.2 * translation],
    ):
        assert np.all(np.abs(network(changed)[0] - told) > 1e-5)
