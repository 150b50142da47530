"""Adversarial losses against hand-computed values, penalties against closed forms."""

import math

import numpy as np
import pytest
import tensorflow as tf

from aign_tf import losses
from aign_tf.errors import UserError

REAL, FAKE = tf.constant([[2.0], [0.0]]), tf.constant([[-1.0], [3.0]])


def softplus(x):
    return math.log1p(math.exp(x))


@pytest.mark.parametrize(
    ("family", "discriminator", "generator"),
    [
        (
            "non_saturating",
            (softplus(-2) + softplus(0) + softplus(-1) + softplus(3)) / 2,
            (softplus(1) + softplus(-3)) / 2,
        ),
        ("least_squares", 0.5 * (1 + 1) / 2 + 0.5 * (1 + 9) / 2, 0.5 * (4 + 4) / 2),
        ("hinge", (0 + 1) / 2 + (0 + 4) / 2, -1.0),
        ("wasserstein", 1.0 - 1.0, -1.0),
    ],
)
def test_families_by_hand(family, discriminator, generator):
    game = losses.adversarial(family)
    assert float(game.discriminator(REAL, FAKE)) == pytest.approx(discriminator, rel=1e-6)
    assert float(game.generator(FAKE)) == pytest.approx(generator, rel=1e-6)


def test_saturated_logits_stay_finite():
    huge = tf.constant([1e4, -1e4])
    for game in losses.FAMILIES.values():
        assert np.isfinite(game.discriminator(huge, huge).numpy())
        assert np.isfinite(game.generator(huge).numpy())


def test_every_family_tells_the_generator_to_raise_the_logit():
    for game in losses.FAMILIES.values():
        logit = tf.Variable(0.0)
        with tf.GradientTape() as tape:
            loss = game.generator(logit)
        assert tape.gradient(loss, logit).numpy() < 0


def test_unknown_family_names_those_that_exist():
    with pytest.raises(UserError, match="non_saturating, least_squares, hinge, wasserstein"):
        losses.adversarial("wgan")


def linear(slope):
    """A discriminator whose gradient is known: <slope, x>."""
    return lambda factors: tf.reduce_sum(slope * factors["x"], axis=1)


def test_r1_of_a_linear_discriminator_is_half_its_squared_slope():
    slope = tf.constant([3.0, 4.0])
    penalty = losses.r1_penalty(linear(slope), {"x": tf.random.normal([5, 2])})
    assert float(penalty) == pytest.approx(12.5)


def test_r1_adds_up_over_factors():
    def discriminator(factors):
        return 3.0 * factors["a"][:, 0] + 4.0 * tf.reduce_sum(factors["b"], axis=[1, 2, 3])

    real = {"a": tf.zeros([2, 1]), "b": tf.zeros([2, 1, 1, 1])}
    assert float(losses.r1_penalty(discriminator, real)) == pytest.approx(12.5)


def test_gradient_penalty_is_the_squared_distance_of_the_slope_from_one():
    real, fake = {"x": tf.random.normal([5, 2])}, {"x": tf.random.normal([5, 2])}
    for slope, expected in (([0.6, 0.8], 0.0), ([3.0, 4.0], 16.0)):
        penalty = losses.gradient_penalty(linear(tf.constant(slope)), real, fake, [1, 2])
        assert float(penalty) == pytest.approx(expected, abs=1e-5)


def test_gradient_penalty_looks_between_real_and_fake():
    seen = []

    def discriminator(factors):
        seen.append(factors["x"].numpy())
        return tf.reduce_sum(factors["x"], axis=1)

    real, fake = {"x": tf.zeros([100, 3])}, {"x": tf.ones([100, 3])}
    losses.gradient_penalty(discriminator, real, fake, [1, 2])
    (between,) = seen
    assert between.min() >= 0 and between.max() <= 1
    assert np.allclose(between, between[:, :1])  # One place for all of a sample.
    assert between[:, 0].std() == pytest.approx(1 / math.sqrt(12), abs=0.06)


def test_mean_squared_averages_over_names_and_ignores_what_is_not_predicted():
    predicted = {"a": tf.constant([1.0, 3.0]), "b": tf.constant([[2.0]])}
    target = {"a": tf.zeros([2]), "b": tf.zeros([1, 1]), "mask": tf.zeros([7])}
    assert float(losses.mean_squared(predicted, target)) == pytest.approx((5.0 + 4.0) / 2)


def test_mean_absolute_averages_over_names_and_ignores_what_is_not_predicted():
    predicted = {"a": tf.constant([1.0, -3.0]), "b": tf.constant([[2.0]])}
    target = {"a": tf.constant([0.0, 1.0]), "b": tf.zeros([1, 1]), "mask": tf.zeros([7])}
    assert float(losses.mean_absolute(predicted, target)) == pytest.approx((2.5 + 2.0) / 2)


def test_mean_absolute_pulls_equally_however_far_off_and_not_at_all_at_a_hit():
    predicted = tf.Variable([[3.0, -1e6], [0.5, 0.0]])
    with tf.GradientTape() as tape:
        loss = losses.mean_absolute({"a": predicted}, {"a": tf.zeros([2, 2])})
    np.testing.assert_array_equal(tape.gradient(loss, predicted), [[0.25, -0.25], [0.25, 0]])


KNOWN = tf.constant([[True, False], [True, False]])


def test_mean_absolute_known_by_hand():
    predicted, target = tf.constant([[1.0, 7.0], [-3.0, 7.0]]), tf.constant([[0.0, 0.0], [1.0, 0]])
    assert float(losses.mean_absolute_known(predicted, target, KNOWN)) == pytest.approx(2.5)
    everywhere = losses.mean_absolute_known(predicted, target, tf.fill((2, 2), True))
    assert float(everywhere) == pytest.approx((1 + 7 + 4 + 7) / 4)


@pytest.mark.parametrize("nonsense", [5.0, np.nan, np.inf, -np.inf])
def test_what_stands_where_nothing_is_known_neither_counts_nor_pulls(nonsense):
    predicted = tf.Variable([[1.0, 7.0], [-3.0, -2.0]])
    target = tf.constant([[0.0, nonsense], [1.0, nonsense]])
    with tf.GradientTape() as tape:
        loss = losses.mean_absolute_known(predicted, target, KNOWN)
    assert float(loss) == pytest.approx(2.5)
    np.testing.assert_array_equal(tape.gradient(loss, predicted), [[0.5, 0], [-0.5, 0]])


def test_mean_absolute_known_of_nothing_known_is_0():
    predicted, target = tf.Variable(tf.ones((2, 2))), tf.fill((2, 2), np.float32(np.nan))
    with tf.GradientTape() as tape:
        loss = losses.mean_absolute_known(predicted, target, tf.fill((2, 2), False))
    assert float(loss) == 0
    np.testing.assert_array_equal(tape.gradient(loss, predicted), tf.zeros((2, 2)))


def test_mean_absolute_known_is_computed_in_float32():
    predicted = tf.fill((100, 100), tf.constant(1.0, tf.bfloat16))
    known = tf.fill((100, 100), True)
    loss = losses.mean_absolute_known(predicted, tf.zeros((100, 100)), known)
    assert loss.dtype == tf.float32 and float(loss) == 1


JOINTS = tf.constant([[[0.0, 0.0], [0.0, 2.0], [50.0, 60.0]]])
FIRST_TWO = tf.constant([[1.0, 1.0, 0.0]])


def test_mean_seen_by_hand():
    """Two points, 1 from their middle each, are missed by 1 and by 2; the third was not seen."""
    predicted = JOINTS + tf.constant([[[1.0, 0.0], [0.0, -2.0], [9.0, 9.0]]])
    assert float(losses.mean_seen(predicted, JOINTS, FIRST_TWO)) == pytest.approx(2.5)
    assert float(losses.mean_seen(JOINTS, JOINTS, FIRST_TWO)) == 0


def test_mean_seen_does_not_depend_on_the_distance_of_a_person():
    predicted = JOINTS + tf.random.normal([1, 3, 2])
    near = losses.mean_seen(predicted, JOINTS, FIRST_TWO)
    far = losses.mean_seen(0.01 * predicted, 0.01 * JOINTS, FIRST_TWO)
    both = losses.mean_seen(
        tf.concat([predicted, 0.01 * JOINTS], 0),
        tf.concat([JOINTS, 0.01 * JOINTS], 0),
        2 * [[1, 1, 0.0]],
    )
    assert float(far) == pytest.approx(float(near), rel=1e-3)
    assert float(both) == pytest.approx(float(near) / 2, rel=1e-3)


@pytest.mark.parametrize("confidence", [[0.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
def test_mean_seen_of_nothing_and_of_one_point_has_a_finite_gradient(confidence):
    predicted = tf.Variable(JOINTS + 0.1)
    with tf.GradientTape() as tape:
        loss = losses.mean_seen(predicted, JOINTS, tf.constant([confidence]))
    assert np.isfinite(loss)
    gradient = tape.gradient(loss, predicted).numpy()
    assert np.isfinite(gradient).all()
    np.testing.assert_array_equal(gradient[0, [0, 2]], 0)


def test_mean_distance_by_hand():
    target = tf.zeros([2, 2, 3])
    predicted = tf.constant([[[3.0, 4, 0], [0, 0, 1]], [[0, 2, 0], [0, 0, -2]]])
    assert float(losses.mean_distance(predicted, target)) == pytest.approx((3 + 2) / 2)


def test_mean_distance_leaves_out_samples_whose_target_is_unknown():
    target = np.zeros([2, 2, 3], np.float32)
    target[1, 0, 2] = np.nan
    predicted = tf.Variable([[[3.0, 4, 0], [0, 0, 1]], [[7, 7, 7], [7, 7, 7]]])
    with tf.GradientTape() as tape:
        loss = losses.mean_distance(predicted, target)
    assert float(loss) == pytest.approx(3)
    gradient = tape.gradient(loss, predicted).numpy()
    np.testing.assert_allclose(gradient[0], [[0.3, 0.4, 0], [0, 0, 0.5]], atol=1e-6)
    np.testing.assert_array_equal(gradient[1], 0)


def test_mean_distance_of_nothing_known_and_of_a_hit_has_a_finite_gradient():
    for target in (tf.fill([1, 2, 3], np.nan), tf.zeros([1, 2, 3])):
        predicted = tf.Variable(tf.zeros([1, 2, 3]))
        with tf.GradientTape() as tape:
            loss = losses.mean_distance(predicted, target)
        assert float(loss) == pytest.approx(0, abs=1e-3)
        np.testing.assert_array_equal(tape.gradient(loss, predicted), np.zeros([1, 2, 3]))
