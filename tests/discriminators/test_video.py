"""What discriminators see of depth maps with gaps and of a camera's motions."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aign_tf import compat
from aign_tf.discriminators import judging
from aign_tf.discriminators.video import Readings, depth_discriminator, motion_discriminator

FRAMES, HEIGHT, WIDTH = 3, 32, 48
ROTATION, TRANSLATION = (0.01, 0.02, 0.005), (0.1, 0.05, 0.4)


def undecided(shrink=4):
    return depth_discriminator(FRAMES, HEIGHT, WIDTH, shrink, (4, 8))


def depth_critic(shrink=4):
    """One that has made up its mind."""
    network = undecided(shrink)
    last = network.trainable_variables[-2]
    draw = np.random.default_rng(0)
    last.assign(draw.normal(0, 1 / np.sqrt(last.shape[0]), last.shape))
    return network


def motion_critic():
    return motion_discriminator(FRAMES - 1, ROTATION, TRANSLATION, width=8)


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(0)
    return depth_critic()


def maps(rows=2, seed=0):
    """Log depths of slopes and noise, and gaps."""
    draw = np.random.default_rng(seed)
    shape = (rows, FRAMES, HEIGHT, WIDTH, 1)
    slopes = np.linspace(0, 2, HEIGHT)[:, None, None] + draw.uniform(0, 1, (rows, FRAMES, 1, 1, 1))
    log_depth = slopes + draw.normal(0, 0.1, shape)
    parts = {"log_depth": log_depth, "valid": draw.uniform(0, 1, shape) > 0.3}
    return {name: part.astype(np.float32) for name, part in parts.items()}


def motions(rows=2, seed=0):
    draw = np.random.default_rng(seed)
    sizes = {"rotation": ROTATION, "translation": TRANSLATION}
    return {
        name: (size * draw.normal(size=(rows, FRAMES - 1, 3))).astype(np.float32)
        for name, size in sizes.items()
    }


def judged(network, factors):
    return judging.judge(network, factors, [1, 2], training=False).numpy()


# Both.

BOTH = pytest.mark.parametrize(
    "build, factors, count", [(depth_critic, maps, FRAMES), (motion_critic, motions, FRAMES - 1)]
)


@BOTH
def test_one_logit_for_each_frame_or_motion(build, factors, count):
    given = factors()
    logits = build()(given)
    assert logits.shape == (2, count, 1) and logits.dtype == tf.float32
    assert np.all(np.isfinite(logits)) and np.ptp(logits) > 0
    assert list(build().input) == list(given)


def test_a_critic_of_depths_begins_undecided():
    """Steep slopes of random weights would drive depths away before a penalty flattens them."""
    np.testing.assert_array_equal(judged(undecided(), maps()), 0)


@BOTH
def test_each_is_judged_alone(build, factors, count):
    network, given, others = build(), factors(), factors(seed=1)
    before = judged(network, given)
    for place in range(count):
        for name in given:
            changed = {key: part.copy() for key, part in given.items()}
            changed[name][1, place] = others[name][1, place]
            differs = ~np.isclose(judged(network, changed), before, atol=1e-5)[..., 0]
            expected = np.zeros((2, count), bool)
            expected[1, place] = True
            np.testing.assert_array_equal(differs, expected)


@BOTH
def test_wherever_in_a_clip_the_judgement_is_the_same(build, factors, count):
    network, given = build(), factors()
    backwards = {name: part[:, ::-1] for name, part in given.items()}
    np.testing.assert_allclose(
        judged(network, backwards), judged(network, given)[:, ::-1], atol=1e-5
    )


@BOTH
def test_low_precision_gives_float32_logits(build, factors, count):
    with compat.precision("bfloat16"):
        assert build()(factors()).dtype == tf.float32


@BOTH
def test_a_penalty_is_that_of_slopes_in_units(build, factors, count):
    """Half the squared slope of a clip: by what a change of a factor by its unit would do."""
    network = build()
    given = {name: tf.constant(part) for name, part in factors().items()}
    with tf.GradientTape() as tape:
        tape.watch(given)
        logits = tf.reduce_sum(judging.judge(network, given, [1, 2], training=True))
    slopes = tape.gradient(logits, {name: given[name] for name in network.units})
    squares = [np.sum((network.units[name] * slope) ** 2) for name, slope in slopes.items()]
    found = judging.penalty(network, given, given, [1, 2], r1=1.0, gradient_penalty=0.0)
    assert float(found) == pytest.approx(0.5 * sum(squares) / 2, rel=1e-3)


# Depth maps.


@pytest.mark.parametrize("value", [-7.0, 0.0, 5.0, 1e4])
def test_values_without_a_reading_do_not_matter(network, value):
    given = maps()
    filled = np.where(given["valid"] > 0, given["log_depth"], np.float32(value))
    np.testing.assert_array_equal(
        judged(network, {**given, "log_depth": filled}), judged(network, given)
    )


def test_values_without_a_reading_get_no_gradient(network):
    given = {name: tf.constant(part) for name, part in maps().items()}
    with tf.GradientTape() as tape:
        tape.watch(given["log_depth"])
        logits = tf.reduce_sum(judging.judge(network, given, [1, 2], training=False))
    slope = tape.gradient(logits, given["log_depth"]).numpy()
    assert np.all(slope[given["valid"] == 0] == 0) and np.any(slope[given["valid"] == 1])


def test_where_readings_are_is_seen(network):
    given, other = maps(), maps(seed=1)
    assert not np.allclose(
        judged(network, {**given, "valid": other["valid"]}), judged(network, given)
    )


def test_a_map_without_any_reading_has_a_finite_judgement(network):
    given = {name: tf.zeros_like(part) for name, part in maps().items()}
    assert np.all(np.isfinite(judged(network, given)))


def test_penalties_are_about_depths_and_not_about_gaps(network):
    """A gap larger than a block that is both in a reading of the memory and in a prediction."""
    given = maps()
    given["valid"][:, :, :8, :8] = 0
    given = {name: tf.constant(part) for name, part in given.items()}
    with tf.GradientTape() as tape:
        tape.watch(given["log_depth"])
        logits = tf.reduce_sum(judging.judge(network, given, [1, 2], training=True))
    slope = network.units["log_depth"] * tape.gradient(logits, given["log_depth"])
    norms = np.sqrt(np.sum(slope**2, axis=(1, 2, 3, 4)))
    found = judging.penalty(network, given, given, [1, 2], r1=0.0, gradient_penalty=1.0)
    assert float(found) == pytest.approx(np.mean((norms - 1) ** 2), rel=1e-2)


def test_readings_are_the_means_of_those_in_a_block_and_their_share():
    log_depth = np.float32([[1, 9, 5, 9], [9, 4, 9, 9]])[None, ..., None]
    valid = np.float32([[1, 0, 1, 0], [0, 1, 0, 0]])[None, ..., None]
    found = Readings(2)([log_depth, valid])
    np.testing.assert_allclose(found, [[[[2.5, 0.5], [5.0, 0.25]]]], rtol=1e-6)
    nothing = Readings(2)([log_depth, 0 * valid])
    np.testing.assert_array_equal(nothing, np.zeros((1, 1, 2, 2)))


def test_readings_of_single_pixels_are_left_as_they_are():
    given = {name: part[:, 0] for name, part in maps().items()}
    found = Readings(1)([given["log_depth"], given["valid"]])
    np.testing.assert_allclose(found[..., :1], given["valid"] * given["log_depth"], rtol=1e-6)
    np.testing.assert_array_equal(found[..., 1:], given["valid"])


def test_readings_survive_their_config_and_are_made_in_float32():
    with compat.precision("bfloat16"):
        layer = Readings.from_config(Readings(4).get_config())
    given = {name: part[:, 0] for name, part in maps().items()}
    found = layer([given["log_depth"], given["valid"]])
    assert found.shape == (2, HEIGHT // 4, WIDTH // 4, 2) and found.dtype == tf.float32


def test_the_sharpness_of_a_map_is_not_seen_but_its_scale_is(network):
    given = maps()
    given["valid"] = np.ones_like(given["valid"])
    blocks = given["log_depth"].reshape(2, FRAMES, HEIGHT // 4, 4, WIDTH // 4, 4)
    coarse = np.broadcast_to(blocks.mean(axis=(3, 5), keepdims=True), blocks.shape)
    coarse = {**given, "log_depth": coarse.reshape(given["log_depth"].shape)}
    before = judged(network, given)
    np.testing.assert_allclose(judged(network, coarse), before, atol=1e-4)
    farther = {**given, "log_depth": given["log_depth"] + 0.5}
    assert np.all(np.abs(judged(network, farther) - before) > 1e-3)


@pytest.mark.parametrize("height, width", [(16, 16), (32, 48)])
def test_log_depths_are_seen_as_they_are_whatever_their_unit(height, width):
    network = depth_discriminator(1, height, width, 4, (2,))
    (readings,) = (layer for layer in network.layers if isinstance(layer, Readings))
    look = keras.Model(network.input, readings.output)
    shape = (1, 1, height, width, 1)
    shown = judging.seen(network, {"log_depth": tf.fill(shape, 1.7), "valid": tf.ones(shape)})
    seen = look(shown)[..., 0]
    np.testing.assert_allclose(seen, np.full((1, height // 4, width // 4), 1.7), rtol=1e-5)


def test_a_change_of_a_whole_map_by_1_counts_as_1():
    unit = depth_critic().units["log_depth"]
    assert np.linalg.norm(np.ones((HEIGHT, WIDTH)) / unit) == pytest.approx(1)


# Motions.


def test_motions_are_seen_in_their_units():
    network, given = motion_critic(), motions()
    assert network.units == {"rotation": ROTATION, "translation": TRANSLATION}
    shown = {name: part / np.float32(network.units[name]) for name, part in given.items()}
    np.testing.assert_allclose(judged(network, given), network(shown), atol=1e-5)
    assert all(0.3 < np.std(part) < 3 for part in judging.seen(network, given).values())
