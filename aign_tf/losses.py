"""Losses, grouped by family: adversarial, penalties on discriminators, distances.

Logits are float32 `[B, ...]`; every loss is a scalar, the mean over all its entries.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import tensorflow as tf

from aign_tf import points
from aign_tf.errors import UserError


class Adversarial(NamedTuple):
    """The two sides of one adversarial game."""

    discriminator: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
    """(real logits, fake logits) -> loss of the discriminator."""
    generator: Callable[[tf.Tensor], tf.Tensor]
    """fake logits -> loss of the generator."""


def _mean(values: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.cast(values, tf.float32))


# Goodfellow et al. 2014, with the generator's loss in its non-saturating form:
# -log(sigmoid(x)) = softplus(-x), which does not overflow.
NON_SATURATING = Adversarial(
    discriminator=lambda real, fake: _mean(tf.nn.softplus(-real)) + _mean(tf.nn.softplus(fake)),
    generator=lambda fake: _mean(tf.nn.softplus(-fake)),
)

# Mao et al. 2017: real 1, fake 0.
LEAST_SQUARES = Adversarial(
    discriminator=lambda real, fake: 0.5 * (_mean((real - 1.0) ** 2) + _mean(fake**2)),
    generator=lambda fake: 0.5 * _mean((fake - 1.0) ** 2),
)

# Lim and Ye 2017.
HINGE = Adversarial(
    discriminator=lambda real, fake: _mean(tf.nn.relu(1.0 - real)) + _mean(tf.nn.relu(1.0 + fake)),
    generator=lambda fake: -_mean(fake),
)

# Arjovsky et al. 2017. Only meaningful for a Lipschitz critic: see `gradient_penalty`.
WASSERSTEIN = Adversarial(
    discriminator=lambda real, fake: _mean(fake) - _mean(real),
    generator=lambda fake: -_mean(fake),
)

FAMILIES = {
    "non_saturating": NON_SATURATING,
    "least_squares": LEAST_SQUARES,
    "hinge": HINGE,
    "wasserstein": WASSERSTEIN,
}


def adversarial(family: str) -> Adversarial:
    """The game called `family`; raises `UserError` for a name not in `FAMILIES`."""
    if family not in FAMILIES:
        raise UserError(f"no adversarial loss {family!r}: use one of {', '.join(FAMILIES)}")
    return FAMILIES[family]


Factors = dict[str, tf.Tensor]


def _slope(discriminator: Callable[[Factors], tf.Tensor], factors: Factors) -> tf.Tensor:
    """Squared norm `[B]` of the gradient of the logit with respect to all factors at once."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(factors)
        logits = tf.reduce_sum(tf.cast(discriminator(factors), tf.float32))
    gradients = tape.gradient(logits, factors, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return tf.add_n(
        [_squared_norm(tf.cast(gradient, tf.float32)) for gradient in gradients.values()]
    )


def _squared_norm(values: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(values**2, axis=tf.range(1, tf.rank(values)))


def r1_penalty(discriminator: Callable[[Factors], tf.Tensor], real: Factors) -> tf.Tensor:
    """Half the squared slope at real factors (Mescheder et al. 2018, equation 9)."""
    return 0.5 * tf.reduce_mean(_slope(discriminator, real))


def gradient_penalty(
    discriminator: Callable[[Factors], tf.Tensor],
    real: Factors,
    fake: Factors,
    seed: Sequence[int] | tf.Tensor,
) -> tf.Tensor:
    """Squared distance of the slope from 1 between real and fake (Gulrajani et al. 2017, eq. 3).

    Args:
      discriminator: factors -> logits.
      real, fake: factors of the same shapes, batch first.
      seed: int `[2]`, for the places between real and fake.
    """
    batch = tf.shape(tf.nest.flatten(real)[0])[0]
    share = tf.random.stateless_uniform([batch], seed)

    def between(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
        weight = tf.reshape(share, tf.concat([[batch], tf.ones(tf.rank(a) - 1, tf.int32)], 0))
        return a + weight * (tf.stop_gradient(b) - a)

    slope = tf.sqrt(_slope(discriminator, tf.nest.map_structure(between, real, fake)) + 1e-12)
    return tf.reduce_mean((slope - 1.0) ** 2)


def mean_squared(predicted: Factors, target: Factors) -> tf.Tensor:
    """Mean squared error, averaged over the names in `predicted`."""
    errors = [_mean((predicted[name] - target[name]) ** 2) for name in sorted(predicted)]
    return tf.add_n(errors) / len(errors)


def mean_absolute(predicted: Factors, target: Factors) -> tf.Tensor:
    """Mean absolute error, averaged over the names in `predicted`."""
    errors = [_mean(tf.abs(predicted[name] - target[name])) for name in sorted(predicted)]
    return tf.add_n(errors) / len(errors)


def mean_absolute_known(predicted: tf.Tensor, target: tf.Tensor, known: tf.Tensor) -> tf.Tensor:
    """Mean absolute error where `known`, bool of the same shape; 0 if nothing is."""
    # The gradient of what is left out must be finite too.
    error = tf.abs(tf.where(known, tf.cast(predicted, tf.float32) - target, 0.0))
    count = tf.reduce_sum(tf.cast(known, tf.float32))
    return tf.reduce_sum(error) / tf.maximum(count, 1.0)


def mean_seen(predicted: tf.Tensor, joints: tf.Tensor, confidence: tf.Tensor) -> tf.Tensor:
    """Mean squared distance of the points seen, in units of their deviation in each sample.

    Args:
      predicted, joints: `[B, J, 2]`.
      confidence: `[B, J]`, 1 for a point that was seen, 0 for one that was not.
    """
    error = points.shares(confidence) * (predicted - joints) ** 2
    _, size = points.extent(joints, confidence)
    return _mean(tf.reduce_sum(error, axis=[1, 2]) / size[:, 0] ** 2)


def mean_distance(predicted: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """Mean distance of points `[B, J, D]` over the samples whose target is known: not NaN."""
    known = tf.reduce_all(tf.math.is_finite(target), axis=[1, 2])
    # The gradient of what is left out must be finite too.
    error = tf.where(known[:, None, None], predicted - target, 0.0)
    distance = tf.reduce_mean(tf.sqrt(tf.reduce_sum(error**2, axis=2) + 1e-8), axis=1)
    weight = tf.cast(known, tf.float32)
    return tf.reduce_sum(weight * distance) / tf.maximum(tf.reduce_sum(weight), 1.0)
