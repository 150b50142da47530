"""The AIGN of the DepthNets comparison: a face in its own frame, a rotation and a camera.

The observation is `points` `[B, K, 2]`, shares of the picture. Factors are `face` `[B, K, 3]` in
the same unit, and the camera: `focal` and `principal_point` `[B, 2]`, see `AffineProjection`.

Source: the reimplementation of AIGN in Moniz et al., "Unsupervised depth estimation, 3D face
rotation and replacement", 2018. Two things differ. There six numbers in (-1, 1) are taken for sines
and cosines as they are, here each pair is normalised, as in the paper of AIGN. And focal lengths
begin at 1: from around 0, a training that happens to make them negative shows faces upside down to
the discriminator, which wins for good.
"""

from __future__ import annotations

import keras
import tensorflow as tf
from keras import layers

from aign_tf import geometry
from aign_tf.generators.heatmaps import Heatmaps
from aign_tf.layers import Float32Layer, batch_normalization


@keras.saving.register_keras_serializable("aign_tf")
class TurnAndPlace(Float32Layer):
    """A face in its own frame to that of the camera."""

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        """`[shape [B,K,3], angles [B,3,2], translation [B,3]]` -> [B,K,3]."""
        shape, angles, translation = inputs
        rotation = geometry.rotation_from_sin_cos(angles)
        return geometry.rotate(shape, rotation) + translation[:, None]


def paper_face_lifter(count: int) -> keras.Model:
    """Heat-maps, convolutions and a head for each factor.

    Args:
      count: K landmarks.
    """
    points = keras.Input((count, 2), name="points")
    x = Heatmaps(0.0, 1.0, deviation=1.0)(points)
    for width, stride in ((count, 2), (64, 2), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1)):
        x = layers.Conv2D(width, 3, strides=stride, padding="same")(x)
        x = layers.ReLU()(batch_normalization()(x))
    x = layers.Dense(512, activation="relu")(layers.Flatten()(x))
    angles = layers.Dense(6, activation="tanh", dtype="float32")(x)
    shape = layers.Dense(3 * count, dtype="float32")(x)
    translation = layers.Dense(3, dtype="float32")(x)
    angles, shape = layers.Reshape((3, 2))(angles), layers.Reshape((count, 3))(shape)
    factors = {
        "face": TurnAndPlace()([shape, angles, translation]),
        "focal": layers.Dense(2, bias_initializer="ones", dtype="float32", name="focal")(x),
        "principal_point": layers.Dense(2, dtype="float32", name="principal_point")(x),
    }
    return keras.Model({"points": points}, factors)
