"""Discriminators of faces `[B, K, 3]` in the camera frame."""

from __future__ import annotations

import keras
import tensorflow as tf
from keras import layers

from aign_tf import points
from aign_tf.discriminators.vector import residual_logit
from aign_tf.layers import Float32Layer, batch_normalization


@keras.saving.register_keras_serializable("aign_tf")
class NormalizeFace(Float32Layer):
    """The same face in the middle of the picture and of size 1."""

    def call(self, face: tf.Tensor) -> tf.Tensor:
        """`[B,K,3]` -> `[B,K,3]`."""
        centred = face - tf.reduce_mean(face, axis=1, keepdims=True)
        size = points.deviation(centred[..., :2], 1.0 / face.shape[1])
        return centred / size[:, None]


def face_discriminator(count: int, width: int) -> keras.Model:
    """A residual network that judges a face wherever it is in the picture.

    Args:
      count: K landmarks.
      width: of its layers.
    """
    face = keras.Input((count, 3), name="face")
    return keras.Model({"face": face}, residual_logit(NormalizeFace()(face), width))


def paper_face_discriminator(count: int) -> keras.Model:
    """Dense layers 512, 512, 256, 256 and 1, normalised over the batch (Moniz et al. 2018)."""
    face = keras.Input((count, 3), name="face")
    x = layers.Flatten()(face)
    for width in (512, 512, 256, 256):
        x = layers.ReLU()(batch_normalization()(layers.Dense(width)(x)))
    return keras.Model({"face": face}, layers.Dense(1, dtype="float32")(x))
