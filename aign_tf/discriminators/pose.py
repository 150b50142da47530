"""Discriminators of 3D poses `[B, J, 3]`: metres, relative to the root, in the camera frame."""

from __future__ import annotations

import math

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from aign_tf import geometry, points
from aign_tf.discriminators.judging import CHANCE
from aign_tf.discriminators.vector import residual_logit
from aign_tf.layers import Float32Layer
from aign_tf.skeletons import Skeleton

VIEWS = ("joints", "bones", "reprojection")

_PITCH = math.radians(20)  # up to which a random view looks up or down


@keras.saving.register_keras_serializable("aign_tf")
class BoneProducts(Float32Layer):
    """Inner products of all pairs of bones: lengths and angles (Wandt et al. 2018).

    Args:
      bones: (parent, child) pairs.
    """

    def __init__(self, bones, **kwargs):
        super().__init__(**kwargs)
        self.bones = [tuple(bone) for bone in bones]

    def call(self, pose: tf.Tensor) -> tf.Tensor:
        """`[B,J,3]` -> the K (K + 1) / 2 products of K bones."""
        bones, count = points.bone_vectors(pose, self.bones), len(self.bones)
        products = tf.reshape(tf.matmul(bones, bones, transpose_b=True), [-1, count**2])
        rows, columns = np.triu_indices(count)
        return tf.gather(products, rows * count + columns, axis=1)

    def get_config(self):
        return {**super().get_config(), "bones": self.bones}


@keras.saving.register_keras_serializable("aign_tf")
class RandomView(Float32Layer):
    """The pose seen from anywhere around it, orthographically."""

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        """`[pose [B,J,3], chance [B,2]]` -> `[B,J,2]` metres."""
        pose, chance = inputs
        heading = geometry.rotation_about("y", 2 * math.pi * chance[:, 0])
        pitch = geometry.rotation_about("x", _PITCH * (2 * chance[:, 1] - 1))
        return geometry.rotate(pose, pitch @ heading)[..., :2]


def pose_discriminator(view: str, skeleton: Skeleton, width: int) -> keras.Model:
    """A residual network that judges one view of a pose.

    Args:
      view: "joints", coordinates; "bones", inner products of bones; "reprojection", what a
        camera at a random place round the person would see.
      skeleton: of the J joints.
      width: of its layers.
    """
    pose = keras.Input((len(skeleton.joints), 3), name="pose")
    inputs = {"pose": pose}
    if view == "bones":
        x = BoneProducts(skeleton.bones)(pose)
        x = layers.Rescaling(10.0)(x)
    elif view == "reprojection":
        inputs[CHANCE] = keras.Input((2,), name=CHANCE)
        x = RandomView()([pose, inputs[CHANCE]])
    else:
        x = pose
    return keras.Model(inputs, residual_logit(x, width))
