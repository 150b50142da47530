"""What varies at random in training batches of poses, as TensorFlow functions of a seed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from aign_tf import geometry
from aign_tf.data import views
from aign_tf.points import extent, homogeneous
from aign_tf.skeletons import SKELETONS, Skeleton, known_joints

_MISSED = 0.1  # of the joints that a detector knows
_ALL_ROUND = (-180.0, 180.0)  # degrees
_DISTANCES = (1.0, 50.0)  # metres, where remembered people may stand


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


def with_limbs_of_others(poses: tf.Tensor, skeleton: Skeleton, share: float, seed) -> tf.Tensor:
    """Some poses get the legs, and some the arms, of another that is turned to face the same way.

    Limbs move nearly independently, so more poses are remembered than were ever recorded.

    Args:
      poses: `[B, J, 3]` relative to the root, upright.
      skeleton: of the J joints.
      share: of the poses that get new legs, and that get new arms.
      seed: int `[2]`.
    """
    legs, arms = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
    poses = _exchanged(poses, skeleton, "hip", 1, share, legs)
    return _exchanged(poses, skeleton, "shoulder", 2, share, arms)


def _exchanged(poses, skeleton: Skeleton, joint: str, shift: int, share: float, seed) -> tf.Tensor:
    """What hangs on the left and the right joint of that name, from `shift` rows before."""
    pair = [skeleton.joints.index(f"{side}_{joint}") for side in ("left", "right")]

    def heading(poses: tf.Tensor) -> tf.Tensor:
        across = poses[:, pair[0]] - poses[:, pair[1]]
        return tf.atan2(across[:, 2], across[:, 0])

    others = tf.roll(poses, shift, axis=0)
    turn = geometry.rotation_about("y", heading(others) - heading(poses))
    others = geometry.rotate(others, turn)
    on = tf.random.stateless_uniform([tf.shape(poses)[0], 1], seed) < share
    joints = tf.unstack(poses, axis=1)
    for origin in pair:
        for child in range(len(joints)):
            if _hangs_on(skeleton, child, origin):
                moved = poses[:, origin] + others[:, child] - others[:, origin]
                joints[child] = tf.where(on, moved, poses[:, child])
    return tf.stack(joints, axis=1)


def _hangs_on(skeleton: Skeleton, joint: int, origin: int) -> bool:
    parent = skeleton.parents[joint]
    return parent >= 0 and (parent == origin or _hangs_on(skeleton, parent, origin))


class RandomViews(NamedTuple):
    """Remembered poses as other bodies, seen from anywhere, where observed people stand.

    Attributes:
      skeleton: of the J joints.
      variation: of `other_body`; 0 keeps the bones.
      elevation, roll: of `views.from_anywhere`.
      exchange: share of `with_limbs_of_others`.
    """

    skeleton: Skeleton
    variation: float
    elevation: tuple[float, float]
    roll: float
    exchange: float

    def __call__(self, poses, joints, confidence, seed) -> tuple[tf.Tensor, tf.Tensor]:
        """Poses `[B, J, 3]` -> in the camera frame, and the places `[B, 3]` of their roots.

        Args:
          poses: relative to the root, upright: gravity along +y.
          joints, confidence: `[B, J, 2]` and `[B, J]` of the people observed.
          seed: int `[2]`.
        """
        limbs, body, camera = tf.unstack(tf.random.experimental.stateless_split(seed, 3))
        if self.exchange > 0:
            poses = with_limbs_of_others(poses, self.skeleton, self.exchange, limbs)
        if self.variation > 0:
            poses = other_body(poses, self.skeleton, self.variation, body)
        poses = views.from_anywhere(poses, _ALL_ROUND, self.elevation, self.roll, camera)
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
    centre, size = extent(joints, confidence)
    middle, height = extent(poses, confidence)
    distance = tf.clip_by_value(height / size, *_DISTANCES)
    return distance * homogeneous(centre) - middle


def detected(joints: tf.Tensor, confidence: tf.Tensor, noise: float, seed) -> tf.Tensor:
    """Joints `[B, J, 2]` as a detector finds them: most of them well, a few far off.

    Errors are normal, with a deviation that is log-normal itself, joint by joint; its median is the
    share `noise` of the person's size.
    """
    _, size = extent(joints, confidence)
    failure, error = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
    spread = tf.exp(tf.random.stateless_normal([*tf.unstack(tf.shape(joints))[:2], 1], failure))
    return joints + noise * size[:, None] * spread * tf.random.stateless_normal(
        tf.shape(joints), error
    )


def hidden(confidence: tf.Tensor, skeleton: Skeleton, share: float, seed) -> tf.Tensor:
    """`[B, J]` where some people are seen by other detectors, which miss joints now and then.

    Args:
      confidence: `[B, J]`, 1 for a joint that was seen, 0 for one that was not.
      skeleton: of the J joints.
      share: of the people of whom only what another skeleton knows is kept, and of that nine joints
        in ten.
      seed: int `[2]`.
    """
    person, detector, joint = tf.unstack(tf.random.experimental.stateless_split(seed, 3))
    known = np.stack([known_joints(other, skeleton) for other in SKELETONS.values()])
    rows = tf.shape(confidence)[0]
    chosen = tf.random.stateless_uniform([rows], detector, 0, len(known), tf.int32)
    kept = tf.gather(tf.constant(known), chosen)
    kept &= tf.random.stateless_uniform(tf.shape(confidence), joint) >= _MISSED
    affected = tf.random.stateless_uniform([rows, 1], person) < share
    left = tf.where(affected & ~kept, 0.0, confidence)
    return tf.where(tf.reduce_sum(left, axis=1, keepdims=True) > 0, left, confidence)
