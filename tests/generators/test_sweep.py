"""Depths tried on pictures of a wall that is drawn in closed form."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aign_tf import compat
from aign_tf.generators.rays import Rays
from aign_tf.generators.sweep import APART, DEPTHS, Swept, TooFar

HEIGHT, WIDTH, FOCAL, USUAL = 48, 64, 50.0, 2.0
CENTRE = np.array([WIDTH - 1, HEIGHT - 1]) / 2
DRAW = np.random.default_rng(0)
# Waves of 15 to 40 pixels.
WAVES = DRAW.normal(size=(12, 2))
WAVES *= 2 * np.pi / (DRAW.uniform(15, 40, (12, 1)) * np.linalg.norm(WAVES, axis=1, keepdims=True))
PHASES = DRAW.uniform(0, 2 * np.pi, (12, 3))


def wall(depth, camera=(0.0, 0.0, 0.0)):
    """A wall across the view at z = `depth`, seen from a place that is not turned."""
    x, y = np.meshgrid(np.arange(WIDTH) - CENTRE[0], np.arange(HEIGHT) - CENTRE[1])
    scale = (depth - camera[2]) / depth
    x, y = x * scale + camera[0] * FOCAL / depth, y * scale + camera[1] * FOCAL / depth
    angles = x[..., None] * WAVES[:, 0] + y[..., None] * WAVES[:, 1]
    return np.float32(0.1 * np.sin(angles[..., None] + PHASES).sum(axis=2))


def swept(frames, translation):
    frames = np.stack(frames)[None]
    count = frames.shape[1]
    focal, centre = np.full((1, 2), FOCAL, np.float32), np.float32(CENTRE)[None]
    rays = Rays(HEIGHT, WIDTH)([focal, centre])
    translation = np.float32(translation)[None]
    given = [frames, rays, focal, centre, np.zeros_like(translation), translation]
    return Swept(count, USUAL)(given).numpy()


@pytest.mark.parametrize("step", [(0.3, 0.0, 0.0), (0.0, -0.25, 0.1), (0.1, 0.1, -0.4)])
@pytest.mark.parametrize("near", [5, 8])
def test_the_true_depth_explains_most(near, step):
    """Three frames, from one step to the next."""
    depth = USUAL * DEPTHS[near]
    frames = [wall(depth, np.multiply(k, step)) for k in range(3)]
    shares = swept(frames, np.multiply(-1, [step, step]))
    assert shares.shape == (3, HEIGHT // APART, WIDTH // APART, len(DEPTHS))
    np.testing.assert_allclose(shares.sum(axis=-1), 1, rtol=1e-5)
    for frame, inner in enumerate(shares[:, 3:-3, 4:-4]):
        found = USUAL * DEPTHS[inner.argmax(axis=-1)]
        missed = np.abs(np.log(found / (depth - frame * step[2])))
        assert np.mean(missed < 0.2) > 0.9  # The depths are apart by 0.3.


def test_without_motion_all_depths_explain_alike():
    shares = swept([wall(2.0)] * 2, np.zeros((1, 3)))
    np.testing.assert_allclose(shares, 1 / len(DEPTHS), rtol=1e-3)


def test_what_leaves_the_picture_is_neither_near_nor_far():
    """All that would be nearer than the usual depth is out of the other frame."""
    texture = wall(2.0)
    shares = swept([texture, np.zeros_like(texture)], [[-100.0, 0, 0]])
    assert np.all(np.isfinite(shares))
    np.testing.assert_allclose(shares[0, :, :, :8], 1 / len(DEPTHS), rtol=1e-3)


def test_the_way_a_camera_turns_is_undone():
    """A turn of 0.2 by itself moves all by its rays, whatever the depth."""
    turn = np.float32([[[0.0, 0.2, 0.0]]])
    x, y = np.meshgrid(np.arange(WIDTH) - CENTRE[0], np.arange(HEIGHT) - CENTRE[1])
    # The ray of the second frame in the first one, whose points turn about the y axis.
    ray = np.stack([x / FOCAL, y / FOCAL, np.ones_like(x)], axis=-1)
    c, s = np.cos(0.2), np.sin(0.2)
    back = ray @ np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]]).T
    pixels = FOCAL * back[..., :2] / back[..., 2:]
    angles = pixels @ WAVES.T
    turned = np.float32(0.1 * np.sin(angles[..., None] + PHASES).sum(axis=2))
    focal, centre = np.full((1, 2), FOCAL, np.float32), np.float32(CENTRE)[None]
    rays = Rays(HEIGHT, WIDTH)([focal, centre])
    frames = np.stack([wall(2.0), turned])[None]

    def shares(turn, step):
        given = [frames, rays, focal, centre, turn, np.float32([[[step, 0, 0]]])]
        return Swept(2, USUAL)(given).numpy()[0, 3:-3, 5:-5].reshape(-1, len(DEPTHS))

    # With a step that is not there, only what is farthest explains the turned picture.
    assert np.mean(shares(turn, 0.5).argmax(axis=-1) == len(DEPTHS) - 1) > 0.9
    assert np.mean(shares(0 * turn, 0.5).argmax(axis=-1) == len(DEPTHS) - 1) < 0.5


def test_gradients_stop():
    given = [
        tf.random.uniform((1, 2, HEIGHT, WIDTH, 3)),
        *map(tf.constant, (np.zeros((1, HEIGHT, WIDTH, 2), np.float32), np.full((1, 2), FOCAL))),
    ]
    motion = tf.Variable(tf.fill((1, 1, 3), 0.1))
    focal = tf.cast(given[2], tf.float32)
    with tf.GradientTape() as tape:
        shares = Swept(2, USUAL)([given[0], given[1], focal, focal, motion, motion])
        total = tf.reduce_sum(shares**2)
    assert tape.gradient(total, motion) is None


def too_far(log_depth, shares):
    """Of one place, all of whose pixels are at one depth, and the slope of each."""
    pixels = tf.fill((1, APART, APART, 1), np.float32(log_depth))
    shares = tf.constant(shares, tf.float32)[None, None, None]
    with tf.GradientTape() as tape:
        tape.watch([pixels, shares])
        found = TooFar(USUAL)([pixels, shares])
    assert found.shape == (1, 1, 1, 1)
    of_pixels, of_shares = tape.gradient(found, [pixels, shares])
    assert of_shares is None
    return found.numpy().item(), of_pixels.numpy().sum()


def shares_at(**shares):
    """`at_3=0.6`: the depth with index 3 has that share, and the last one what is left."""
    found = np.zeros(len(DEPTHS), np.float32)
    for name, share in shares.items():
        found[int(name.removeprefix("at_"))] = share
    found[-1] += 1 - found.sum()
    return found


def test_depths_behind_a_nearer_one_that_explains_much_more_are_too_far():
    depth = np.log(USUAL * DEPTHS)
    assert too_far(depth[9], shares_at(at_3=0.6)) == pytest.approx((depth[9] - depth[3], 1))
    # Farther than all that were tried, too.
    assert too_far(depth[-1] + 2, shares_at(at_3=1)) == pytest.approx((depth[-1] + 2 - depth[3], 1))


@pytest.mark.parametrize(
    "own, shares",
    [
        (3, {"at_3": 0.6}),  # It explains the place itself.
        (3, {"at_9": 0.9}),  # What explains it better is farther.
        (9, {"at_3": 0.5, "at_9": 0.3}),  # Not much better.
        (9.4, {"at_3": 0.5, "at_9": 0.25, "at_10": 0.25}),  # Between two that are as good.
    ],
)
def test_other_depths_are_let_be(own, shares):
    depth = np.interp(own, np.arange(len(DEPTHS)), np.log(USUAL * DEPTHS))
    assert too_far(depth, shares_at(**shares)) == (0, 0)


@pytest.mark.parametrize("layer", [Swept(3, USUAL), TooFar(USUAL)])
def test_it_survives_its_config_and_computes_in_float32(layer):
    with compat.precision("bfloat16"):
        again = keras.layers.deserialize(keras.layers.serialize(layer))
    assert again.get_config() == layer.get_config()
    assert again.compute_dtype == "float32"
