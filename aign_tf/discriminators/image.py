"""Discriminators on whole pictures."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from aign_tf.layers import batch_normalization, normal_initializer


def conv_discriminator(
    size: int,
    factor: str,
    widths: Sequence[int] = (64, 128, 256, 512),
    batch_norm: bool = True,
) -> keras.Model:
    """Strided 5x5 convolutions and one fully connected layer (Radford et al. 2016).

    Args:
      size: side S of the pictures.
      factor: name of the factor that it looks at, float `[B, S, S, 3]` in [-1, 1].
      widths: channels of the convolutions, each of stride 2.
      batch_norm: normalise from the second convolution on. Leave it out together with a gradient
        penalty, which is defined picture by picture (Gulrajani et al. 2017, section 4).

    Returns:
      A functional model `{factor: picture} -> logits [B, 1]`, float32.
    """

    def initializer():
        return normal_initializer() if batch_norm else keras.initializers.HeNormal()

    picture = keras.Input((size, size, 3), name=factor)
    x = picture
    for depth, width in enumerate(widths):
        x = layers.Conv2D(width, 5, 2, padding="same", kernel_initializer=initializer())(x)
        if batch_norm and depth > 0:
            x = batch_normalization()(x)
        x = layers.LeakyReLU(0.2)(x)
    logits = layers.Dense(1, dtype="float32", kernel_initializer=initializer())(layers.Flatten()(x))
    return keras.Model({factor: picture}, logits, name=f"{factor}_discriminator")
