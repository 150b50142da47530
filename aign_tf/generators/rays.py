"""The directions that pixels look in, without which no network could tell metres for any lens."""

from __future__ import annotations

import keras
import tensorflow as tf

from aign_tf.layers import Float32Layer


@keras.saving.register_keras_serializable("aign_tf")
class Rays(Float32Layer):
    """The ray (x, y, 1) that each pixel sees, without its 1."""

    def __init__(self, height: int, width: int, **kwargs):
        super().__init__(**kwargs)
        self.height, self.width = height, width

    def call(self, inputs):
        """`[focal [B, 2], principal point [B, 2]]` in pixels -> `[B, H, W, 2]`."""
        focal, centre = (tf.reshape(part, (-1, 1, 1, 2)) for part in inputs)
        columns, rows = tf.meshgrid(tf.range(self.width), tf.range(self.height))
        pixels = tf.cast(tf.stack([columns, rows], axis=-1), tf.float32)
        # No lens has a focal length below a pixel; a zero must not become infinite.
        return (pixels - centre) / tf.maximum(focal, 1.0)

    def get_config(self):
        return {**super().get_config(), "height": self.height, "width": self.width}


def gone_to(pixels: tf.Tensor, rays: tf.Tensor, focal: tf.Tensor, pairs: int) -> list[tf.Tensor]:
    """Rays of places, and of where the places have gone.

    Args:
      pixels: `[B pairs, h, w, 2]`, by which places have moved right and down.
      rays: `[B, h, w, 2]`.
      focal: `[B, 2]`, pixels.
      pairs: of each clip.

    Returns:
      Two of `[B pairs, h, w, 2]`.
    """
    here, focal = (tf.repeat(part, pairs, axis=0) for part in (rays, focal))
    return [here, here + pixels / tf.maximum(tf.reshape(focal, (-1, 1, 1, 2)), 1.0)]
