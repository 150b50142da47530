"""The paper's pose generator: a linear shape model, a rotation and a place in front of the camera.

Inputs and outputs as in `lifter`. Source: Tung et al. 2017, 3D human pose estimation.
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from aign_tf import geometry, points
from aign_tf.generators.heatmaps import Heatmaps
from aign_tf.generators.lifter import TurnToPerson, trunk
from aign_tf.layers import Float32Layer
from aign_tf.skeletons import Skeleton

INPUTS = ("coordinates", "heatmaps")

_PERSON = 0.45  # metres, the deviation of a person's joints across the line of sight
_MAP_REACH = 3.0  # sizes of the person from the middle of a map to its border
_MAP_DEVIATION = 2.0  # pixels


def fit_basis(poses: np.ndarray, skeleton: Skeleton, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and principal components of poses that all face the same way.

    The paper's 96 shapes for 17 joints are more than a linear model has dimensions, 3 (J - 1): more
    components than these would add nothing, and are left out.

    Args:
      poses: `[M, J, 3]` metres, relative to the root, upright.
      skeleton: of the J joints, among them both hips.
      count: the most components.

    Returns:
      `[J, 3]` and `[K, J, 3]`, each component with the deviation that it has in the memory.
    """
    facing = skeleton.facing_alike(poses).reshape(len(poses), -1)
    mean = facing.mean(axis=0)
    _, strength, components = np.linalg.svd(facing - mean, full_matrices=False)
    kept = min(count, 3 * (len(skeleton.joints) - 1), len(components))
    scale = strength[:kept, None] / np.sqrt(len(poses))
    shape = (-1, len(skeleton.joints), 3)
    return mean.reshape(shape[1:]), (scale * components[:kept]).reshape(shape)


@keras.saving.register_keras_serializable("aign_tf")
class LinearShape(Float32Layer):
    """Mean + weights times basis, turned, placed, and turned back to the camera.

    Args:
      joints: J.
      components: K.
      root: index of the joint that poses are relative to.
    """

    def __init__(self, joints: int, components: int, root: int, **kwargs):
        super().__init__(**kwargs)
        self.joints, self.components, self.root = joints, components, root
        self.mean = self.add_weight(name="mean", shape=(joints, 3), trainable=False)
        self.basis = self.add_weight(name="basis", shape=(components, joints, 3), trainable=False)

    def call(self, inputs: list[tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        """`[weights [B,K], angles [B,3,2], place [B,3], size [B,1], turn [B,3,3]]` -> factors.

        `place` is where the root is seen, in sizes of the person from its middle, and the logarithm
        of how much farther away it is than a person of usual size would be.
        """
        weights, angles, place, size, turn = inputs
        shape = tf.tensordot(weights, self.basis, axes=1) + self.mean
        pose = geometry.rotate(shape, geometry.rotation_from_sin_cos(angles))
        distance = _PERSON * tf.exp(tf.clip_by_value(place[:, 2:], -3.0, 3.0)) / size
        root = distance * points.homogeneous(place[:, :2] * size)
        back = tf.transpose(turn, [0, 2, 1])
        placed = geometry.rotate(pose + root[:, None], back)
        position = placed[:, self.root]
        return placed - position[:, None], position

    def get_config(self):
        sizes = {"joints": self.joints, "components": self.components, "root": self.root}
        return {**super().get_config(), **sizes}


def basis_lifter(
    skeleton: Skeleton,
    mean: np.ndarray,
    basis: np.ndarray,
    inputs: str,
    width: int,
    blocks: int,
) -> keras.Model:
    """Weights of a shape basis, a rotation and a place.

    Args:
      skeleton: of the J joints.
      mean, basis: of `fit_basis`.
      inputs: of `INPUTS`; coordinates go through a residual trunk, heat-maps through convolutions.
      width, blocks: of the trunk; convolutions begin with an eighth of the width.
    """
    count = len(skeleton.joints)
    joints = keras.Input((count, 2), name="joints")
    confidence = keras.Input((count,), name="confidence")
    turned, size, turn, centre = TurnToPerson()([joints, confidence])
    if inputs == "heatmaps":
        maps = Heatmaps(-_MAP_REACH, _MAP_REACH, _MAP_DEVIATION)(turned)
        # A missing joint has an empty map.
        maps = layers.Multiply()([maps, layers.Reshape((1, 1, count))(confidence)])
        x = _convolutions(maps, width)
        x = layers.Concatenate()([x, centre, size])
    else:
        features = [layers.Flatten()(turned), confidence, centre, size]
        x = trunk(layers.Concatenate()(features), width, blocks)
    # Begins with the mean pose where the person is seen: far from it, gradients of re-projection
    # are so steep that training never finds back.
    weights = layers.Dense(len(basis), kernel_initializer="zeros", dtype="float32")(x)
    angles = layers.Reshape((3, 2))(layers.Dense(6, dtype="float32")(x))
    place = layers.Dense(3, kernel_initializer="zeros", dtype="float32")(x)
    shape = LinearShape(count, len(basis), skeleton.root)
    pose, position = shape([weights, angles, place, size, turn])
    shape.set_weights([mean, basis])
    return keras.Model(
        {"joints": joints, "confidence": confidence}, {"pose": pose, "position": position}
    )


def _convolutions(x, width: int):
    for factor in (8, 4, 2, 1, 1):
        x = layers.Conv2D(width // factor, 5, strides=2, padding="same")(x)
        x = layers.LeakyReLU(0.2)(x)
    return layers.Dense(width, activation="relu")(layers.Flatten()(x))
