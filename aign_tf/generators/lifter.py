"""Networks that lift 2D joints to a 3D pose.

Observations are `joints` `[B, J, 2]`, normalised image coordinates (focal length 1), and
`confidence` `[B, J]`, 1 for a joint that was seen and 0 for a missing one, whose coordinates are
not looked at. Factors are `pose` `[B, J, 3]`, metres, relative to the root and in the camera frame,
and `position` `[B, 3]` of the root.
"""

from __future__ import annotations

import keras
import tensorflow as tf
from keras import layers

from aign_tf import geometry, points
from aign_tf.layers import Float32Layer
from aign_tf.skeletons import Skeleton

_NEAREST = 0.1  # share of the distance of the person to which a joint may come near


@keras.saving.register_keras_serializable("aign_tf")
class TurnToPerson(Float32Layer):
    """Turns the camera so that it looks at the middle of the person, and scales it to unit size.

    What remains does not depend on where in the picture and how far away the person stands, but
    for the perspective, of which `size` tells.
    """

    def call(self, inputs: list[tf.Tensor]) -> tuple[tf.Tensor, ...]:
        """`[joints [B,J,2], confidence [B,J]]` -> turned joints and what was done to them.

        Returns:
          joints [B,J,2], 0 where missing; size [B,1]; the turn of the camera [B,3,3]; the ray [B,2]
          through the middle of the person before it.
        """
        joints, confidence = inputs
        weight = points.shares(confidence)
        # Not even times 0: what stands at a missing joint may be no number.
        joints = tf.where(confidence[..., None] > 0, joints, 0.0)
        centre = tf.reduce_sum(weight * joints, axis=1)
        turn = geometry.looking_at(centre)
        rays = geometry.rotate(points.homogeneous(joints), turn)
        turned = rays[..., :2] / tf.maximum(rays[..., 2:], _NEAREST)
        size = points.deviation(turned, weight)
        turned *= confidence[..., None] / size[:, None]
        return turned, size, turn, centre


@keras.saving.register_keras_serializable("aign_tf")
class PlaceOnRays(Float32Layer):
    """Places each joint on its viewing ray, and sizes the body.

    A picture tells nothing of the absolute size, so every body is as large as the memory's average.

    Args:
      bones: (parent, child) pairs.
      root: index of the root joint.
      body_length: metres, the sum of the lengths of all bones.
      exact: the rays of seen joints stay what they are, so that re-projection is exact; else
        they can be corrected, which noisy detections need.
    """

    def __init__(self, bones, root: int, body_length: float, exact: bool = True, **kwargs):
        super().__init__(**kwargs)
        self.bones = [tuple(bone) for bone in bones]
        self.root, self.body_length, self.exact = root, body_length, exact

    def call(self, inputs: list[tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        """`[joints, confidence, size, turn, lift [B,J,3]]` -> pose [B,J,3], position [B,3].

        `lift` is a correction of the turned joints and a depth, both in units of the size.
        """
        joints, confidence, size, turn, lift = inputs
        size = size[:, None]
        correction = lift[..., :2]
        if self.exact:
            correction *= 1.0 - confidence[..., None]
        depth = tf.maximum(1.0 + size * lift[..., 2:], _NEAREST)
        placed = depth * points.homogeneous((joints + correction) * size)
        bones = points.bone_vectors(placed, self.bones)
        length = tf.reduce_sum(tf.sqrt(tf.reduce_sum(bones**2, axis=-1) + 1e-12), axis=1)
        placed *= self.body_length / length[:, None, None]
        placed = geometry.rotate(placed, tf.transpose(turn, [0, 2, 1]))
        position = placed[:, self.root]
        return placed - position[:, None], position

    def get_config(self):
        body = {"bones": self.bones, "root": self.root, "body_length": self.body_length}
        return {**super().get_config(), **body, "exact": self.exact}


def ray_lifter(
    skeleton: Skeleton, body_length: float, width: int, blocks: int, exact: bool = True
) -> keras.Model:
    """Depths along viewing rays from a residual trunk (Martinez et al. 2017).

    Args:
      skeleton: of the J joints.
      body_length: metres, sum of the bone lengths of every predicted body.
      width, blocks: of the trunk.
      exact: see `PlaceOnRays`.
    """
    count = len(skeleton.joints)
    joints = keras.Input((count, 2), name="joints")
    confidence = keras.Input((count,), name="confidence")
    turned, size, turn, centre = TurnToPerson()([joints, confidence])
    features = [layers.Flatten()(turned), confidence, centre, size]
    x = trunk(layers.Concatenate()(features), width, blocks)
    lift = layers.Dense(3 * count, kernel_initializer="zeros", dtype="float32")(x)
    lift = layers.Reshape((count, 3))(lift)
    place = PlaceOnRays(skeleton.bones, skeleton.root, body_length, exact)
    pose, position = place([turned, confidence, size, turn, lift])
    return keras.Model(
        {"joints": joints, "confidence": confidence}, {"pose": pose, "position": position}
    )


def trunk(x, width: int, blocks: int, activation="relu"):
    """Dense layers with skips over pairs; normalised in float32, as CPUs know no float16."""
    x = layers.Dense(width, kernel_initializer="he_normal")(x)
    for _ in range(blocks):
        y = layers.LayerNormalization(dtype="float32")(x)
        y = layers.Dense(width, activation=activation, kernel_initializer="he_normal")(y)
        y = layers.Dense(width, kernel_initializer="he_normal")(y)
        x = layers.Add()([x, y])
    return layers.LayerNormalization(dtype="float32")(x)
