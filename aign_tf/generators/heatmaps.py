"""Points as pictures, for convolutions."""

from __future__ import annotations

import keras
import tensorflow as tf

from aign_tf.layers import Float32Layer

SIDE = 128  # pixels


@keras.saving.register_keras_serializable("aign_tf")
class Heatmaps(Float32Layer):
    """Gaussian bumps where points are, one channel for each.

    Args:
      low, high: coordinates of the first and the last pixel, in either direction.
      deviation: of the bumps, in pixels.
    """

    def __init__(self, low: float, high: float, deviation: float, **kwargs):
        super().__init__(**kwargs)
        self.low, self.high, self.deviation = low, high, deviation

    def call(self, points: tf.Tensor) -> tf.Tensor:
        """`[B,K,2]` -> `[B,128,128,K]`, 1 in the middle of a bump."""
        pixels = tf.linspace(self.low, self.high, SIDE)
        deviation = (self.high - self.low) / (SIDE - 1) * self.deviation
        near = tf.exp(-0.5 * ((pixels - points[..., None]) / deviation) ** 2)
        columns, rows = tf.unstack(near, axis=2)
        return tf.einsum("bkh,bkw->bhwk", rows, columns)

    def get_config(self):
        size = {"low": self.low, "high": self.high, "deviation": self.deviation}
        return {**super().get_config(), **size}
