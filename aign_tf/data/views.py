"""Views of remembered things from random sides, as TensorFlow functions of a seed."""

from __future__ import annotations

import math
from collections.abc import Sequence

import tensorflow as tf

from aign_tf import geometry

Range = tuple[float, float]


def mirrored(points: Sequence[tf.Tensor], mirror: Sequence[int], seed) -> list[tf.Tensor]:
    """Left and right swapped in half of the samples, in the same ones everywhere.

    Args:
      points: tensors `[B, J, D]`, of which x is the first coordinate, or `[B, J]` without one.
      mirror: for each point the index of the one on the other side.
      seed: int `[2]`.
    """
    on = tf.random.stateless_uniform([tf.shape(points[0])[0]], seed) < 0.5

    def swap(part: tf.Tensor) -> tf.Tensor:
        swapped = tf.gather(part, mirror, axis=1)
        if part.shape.rank == 3:
            swapped *= tf.constant([-1.0] + [1.0] * (part.shape[2] - 1))
        return tf.where(tf.reshape(on, [-1] + [1] * (part.shape.rank - 1)), swapped, part)

    return [swap(part) for part in points]


def from_anywhere(
    points: tf.Tensor, heading: Range, elevation: Range, roll: float, seed
) -> tf.Tensor:
    """Upright things as cameras from random sides see them.

    Args:
      points: `[B, J, 3]` relative to what the camera looks at, gravity along +y.
      heading: degrees, the range of the turn about the vertical.
      elevation: degrees, the range in which cameras look down.
      roll: degrees, the largest roll to either side.
      seed: int `[2]`.
    """
    count = tf.shape(points)[0]
    seeds = tf.unstack(tf.random.experimental.stateless_split(seed, 3))

    def turn(axis: str, low: float, high: float, seed) -> tf.Tensor:
        degrees = tf.random.stateless_uniform([count], seed, low, high)
        return geometry.rotation_about(axis, math.pi / 180.0 * degrees)

    turned = turn("y", *heading, seeds[0])
    camera = turn("z", -roll, roll, seeds[1]) @ turn("x", *elevation, seeds[2])
    return geometry.rotate(points, camera @ turned)
