"""Asking a discriminator for its logits, and what it pays for steep ones.

A discriminator may have an attribute `units`, name -> the usual size of a factor: it then sees that
factor in this unit, and so do penalties, which would punish it for millimetres as for metres.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from aign_tf import losses

CHANCE = "chance"

Tensors = dict[str, tf.Tensor]


def seen(discriminator: keras.Model, factors: Tensors) -> Tensors:
    """The factors that a discriminator looks at, in float32 for the sake of penalties."""
    units = getattr(discriminator, "units", {})
    return {
        name: tf.cast(factors[name], tf.float32) / units.get(name, 1.0)
        for name in discriminator.input
        if name != CHANCE
    }


def judge(discriminator: keras.Model, factors: Tensors, seed, training: bool) -> tf.Tensor:
    """float32 logits of what it looks at; the input `chance` is drawn from the seed `[2]`."""
    return _logits(discriminator, seen(discriminator, factors), seed, training)


def _logits(discriminator: keras.Model, shown: Tensors, seed, training: bool) -> tf.Tensor:
    """The same of what was `seen` already."""
    if CHANCE in discriminator.input:
        shape = [tf.shape(next(iter(shown.values())))[0], discriminator.input[CHANCE].shape[-1]]
        shown = {**shown, CHANCE: tf.random.stateless_uniform(shape, seed)}
    return tf.cast(discriminator(shown, training=training), tf.float32)


def penalty(
    discriminator: keras.Model,
    real: Tensors,
    fake: Tensors,
    seed,
    r1: float,
    gradient_penalty: float,
) -> tf.Tensor:
    """The weighted sum of both penalties at real and fake factors; 0 leaves one out."""

    def logits(shown: Tensors) -> tf.Tensor:
        return _logits(discriminator, shown, seed, training=True)

    real, fake = seen(discriminator, real), seen(discriminator, fake)
    total = tf.constant(0.0)
    if r1 > 0:
        total += r1 * losses.r1_penalty(logits, real)
    if gradient_penalty > 0:
        total += gradient_penalty * losses.gradient_penalty(logits, real, fake, seed)
    return total
