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


def random_tint(pictures: tf.Tensor, strength: float, seed: tf.Tensor) -> tf.Tensor:
    """Other light and another camera: each of `[B, H, W, C]` with its own gain in every channel.

    Args:
      pictures: float in [-1, 1]; the result is clipped to that.
      strength: gains of the light (alike in all channels) and of each channel lie within
        1 - strength and 1 + strength; black stays black.
      seed: int `[2]`.
    """
    batch, channels = tf.shape(pictures)[0], pictures.shape[-1]
    light, channel = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
    gain = tf.random.stateless_uniform([batch, 1, 1, 1], light, 1 - strength, 1 + strength)
    gain *= tf.random.stateless_uniform(
        [batch, 1, 1, channels], channel, 1 - strength, 1 + strength
    )
    return tf.clip_by_value((pictures + 1.0) * gain - 1.0, -1.0, 1.0)
