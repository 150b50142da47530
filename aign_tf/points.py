"""Points of a sample, some of them not seen: rays, the middle and size of a person, bones."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf


def homogeneous(points: tf.Tensor) -> tf.Tensor:
    """`[..., D]` -> `[..., D + 1]`, the last of them 1."""
    return tf.concat([points, tf.ones_like(points[..., :1])], axis=-1)


def shares(confidence: tf.Tensor) -> tf.Tensor:
    """What each point weighs in a mean over those seen.

    Args:
      confidence: `[B, J]`, 1 for a point that was seen, 0 for one that was not.

    Returns:
      `[B, J, 1]`: sums to 1 in each sample, or to 0 where nothing was seen.
    """
    seen = tf.reduce_sum(confidence, axis=1, keepdims=True)
    return (confidence / tf.maximum(seen, 1.0))[..., None]


def extent(points: tf.Tensor, confidence: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Middle and size of the points seen.

    Args:
      points: `[B, J, D]`, the third coordinate along the line of sight; finite also where not seen.
      confidence: `[B, J]`, as in `shares`.

    Returns:
      Mean `[B, D]` and the deviation `[B, 1]` across the line of sight, at least 1e-4.
    """
    weight = shares(confidence)
    mean = tf.reduce_sum(weight * points, axis=1)
    across = (points - mean[:, None])[..., :2]
    return mean, deviation(across, weight)


def deviation(points: tf.Tensor, weight: tf.Tensor) -> tf.Tensor:
    """Root mean square distance `[B, 1]` from the origin, at least 1e-4.

    Args:
      points: `[B, J, D]`.
      weight: `[B, J, 1]`, as `shares` returns it.
    """
    return tf.sqrt(tf.reduce_sum(weight * points**2, axis=[1, 2]) + 1e-8)[:, None]


def bone_vectors(points: tf.Tensor, bones: Sequence[tuple[int, int]]) -> tf.Tensor:
    """`[B, J, D]` -> `[B, K, D]`, from parent to child, for K pairs (parent, child)."""
    parents, children = zip(*bones)
    return tf.gather(points, children, axis=1) - tf.gather(points, parents, axis=1)
