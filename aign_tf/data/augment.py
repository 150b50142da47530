"""Pictures between 8 bits and [-1, 1], and random changes that keep a face a face."""

from __future__ import annotations

import numpy as np
import tensorflow as tf


def normalized(images: tf.Tensor) -> tf.Tensor:
    """uint8 `[..., 3]` -> float32 in [-1, 1]. Inverse of `quantized`."""
    return tf.cast(images, tf.float32) / 127.5 - 1.0


def quantized(images: np.ndarray) -> np.ndarray:
    """Float in [-1, 1], clipped -> uint8. Inverse of `normalized`."""
    return np.clip(np.rint((np.asarray(images, np.float32) + 1.0) * 127.5), 0, 255).astype(np.uint8)


def random_flip(pictures: list[tf.Tensor], seed: tf.Tensor) -> list[tf.Tensor]:
    """Mirrors each row left to right with probability one half, alike in all `pictures`.

    Args:
      pictures: tensors `[B, H, W, any]` that belong together, e.g. faces and their masks.
      seed: int `[2]`.
    """
    coin = tf.random.stateless_uniform([tf.shape(pictures[0])[0], 1, 1, 1], seed) < 0.5
    return [tf.where(coin, tf.reverse(picture, axis=[2]), picture) for picture in pictures]
