"""What varies at random in training batches of poses, as TensorFlow functions of a seed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

from aign_tf import geometry
from aign_tf.skeletons import Skeleton

_DISTANCES = (1.0, 50.0)  # metres, where remembered people may stand


def mirrored(points: Sequence[tf.Tensor], skeleton: Skeleton, seed) -> list[tf.Tensor]:
    """Left and right swapped in half of the samples, in the same ones everywhere.

    Args:
      points: tensors `[B, J, D]`, of which x is the first coordinate, or `[B, J]` without one.
      skeleton: of the J joints.
      seed: int `[2]`.
    """
    on = tf.random.stateless_uniform([tf.shape(points[0])[0]], seed) < 0.5

    def swap(part: tf.Tensor) -> tf.Tensor:
        swapped = tf.gather(part, skeleton.mirror, axis=1)
        if part.shape.rank == 3:
            swapped *= tf.constant([-1.0] + [1.0] * (part.shape[2] - 1))
        return tf.where(tf.reshape(on, [-1] + [1] * (part.shape.rank - 1)), swapped, part)

    return [swap(part) for part in points]


def other_body(poses: tf.Tensor, skeleton: Skeleton, amount: float, seed) -> tf.Tensor:
    """The same pose with other bones: each longer or shorter by a share, left as right.

    Args:
      poses: `[B, J, 3]` relative to the root.
      skeleton: of the J joints.
      amount: the largest share.
      seed: int `[2]`.
    """
    count, joints = tf.shape(poses)[0], len(skeleton.joints)
    share = tf.random.stateless_uniform([count, joints], seed, -1.0, 1.0)
    share = 1.0 + amount * 0.5 * (share + tf.gather(share, skeleton.mirror, axis=1))
    placed = {skeleton.root: poses[:, skeleton.root]}
    for parent, child in sorted(skeleton.bones, key=lambda bone: _depth(skeleton, bone[1])):
        bone = poses[:, child] - poses[:, parent]
        placed[child] = placed[parent] + share[:, child, None] * bone
    return tf.stack([placed[joint] for joint in range(joints)], axis=1)


def _depth(skeleton: Skeleton, joint: int) -> int:
    parent = skeleton.parents[joint]
    return 0 if parent < 0 else 1 + _depth(skeleton, parent)


def from_anywhere(poses: tf.Tensor, elevation: tuple[float, float], roll: float, seed) -> tf.Tensor:
    """Upright poses as cameras of any heading see them.

    Args:
      poses: `[B, J, 3]` relative to the root, gravity along +y.
      elevation: degrees, the range in which cameras look down on people.
      roll: degrees, the largest roll to either side.
      seed: int `[2]`.
    """
    count = tf.shape(poses)[0]
    seeds = tf.unstack(tf.random.experimental.stateless_split(seed, 3))

    def turn(axis: str, low: float, high: float, seed) -> tf.Tensor:
        degrees = tf.random.stateless_uniform([count], seed, low, high)
        return geometry.rotation_about(axis, math.pi / 180.0 * degrees)

    heading = turn("y", -180.0, 180.0, seeds[0])
    camera = turn("z", -roll, roll, seeds[1]) @ turn("x", *elevation, seeds[2])
    return geometry.rotate(poses, camera @ heading)


class RandomViews(NamedTuple):
    """Remembered poses as other bodies, seen from anywhere, where observed people stand.

    Attributes:
      skeleton: of the J joints.
      variation: of `other_body`; 0 keeps the bones.
      elevation, roll: of `from_anywhere`.
    """

    skeleton: Skeleton
    variation: float
    elevation: tuple[float, float]
    roll: float

    def __call__(self, poses, joints, confidence, seed) -> tuple[tf.Tensor, tf.Tensor]:
        """Poses `[B, J, 3]` -> in the camera frame, and the places `[B, 3]` of their roots.

        Args:
          poses: relative to the root, upright: gravity along +y.
          joints, confidence: `[B, J, 2]` and `[B, J]` of the people observed.
          seed: int `[2]`.
        """
        body, camera = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
        if self.variation > 0:
            poses = other_body(poses, self.skeleton, self.variation, body)
        poses = from_anywhere(poses, self.elevation, self.roll, camera)
        return poses, placed_like(poses, joints, confidence)


def placed_like(poses: tf.Tensor, joints: tf.Tensor, confidence: tf.Tensor) -> tf.Tensor:
    """Where people have to stand to fill as much of the picture, at the same place, as others do.

    Args:
      poses: `[B, J, 3]` in the camera frame, relative to the root.
      joints: `[B, J, 2]` of other people, normalised image coordinates.
      confidence: `[B, J]` of those.

    Returns:
      `[B, 3]` metres, the place of the root.
    """
    centre, size = _extent(joints, confidence)
    middle, height = _extent(poses, confidence)
    distance = tf.clip_by_value(height / size, *_DISTANCES)
    ray = tf.concat([centre, tf.ones_like(centre[:, :1])], axis=1)
    return distance * ray - middle


def detected(joints: tf.Tensor, confidence: tf.Tensor, noise: float, seed) -> tf.Tensor:
    """Joints `[B, J, 2]` with normal errors, whose deviation is a share of the person's size."""
    _, size = _extent(joints, confidence)
    return joints + noise * size[:, None] * tf.random.stateless_normal(tf.shape(joints), seed)


def _extent(points: tf.Tensor, confidence: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean `[B, D]` of the joints seen and their deviation `[B, 1]` across the line of sight."""
    weight = confidence / tf.maximum(tf.reduce_sum(confidence, axis=1, keepdims=True), 1.0)
    mean = tf.reduce_sum(weight[..., None] * points, axis=1)
    spread = (points - mean[:, None])[..., :2]
    variance = tf.reduce_sum(weight[..., None] * spread**2, axis=[1, 2])
    return mean, tf.sqrt(variance + 1e-8)[:, None]


def hidden(confidence: tf.Tensor, probability: float, seed) -> tf.Tensor:
    """`[B, J]` with joints left out at random, but never all of them."""
    kept = tf.random.stateless_uniform(tf.shape(confidence), seed) >= probability
    left = confidence * tf.cast(kept, tf.float32)
    return tf.where(tf.reduce_sum(left, axis=1, keepdims=True) > 0, left, confidence)
