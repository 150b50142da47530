"""Discriminators on whole pictures."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from aign_tf.errors import UserError
from aign_tf.layers import NORMALIZATIONS, normal_initializer, normalization


def conv_discriminator(
    size: int,
    factor: str,
    widths: Sequence[int] = (64, 128, 256, 512),
    norm: str = "batch",
) -> keras.Model:
    """Strided 5x5 convolutions and one fully connected layer (Radford et al. 2016).

    Args:
      size: side S of the pictures.
      factor: name of the factor that it looks at, float `[B, S, S, 3]` in [-1, 1].
      widths: channels of the convolutions, each of stride 2.
      norm: of `NORMALIZATIONS`, from the second convolution on. Not "batch" together with a
        gradient penalty, which is defined picture by picture (Gulrajani et al. 2017, section 4).

    Returns:
      A functional model `{factor: picture} -> logits [B, 1]`, float32.
    """
    if norm not in NORMALIZATIONS:
        raise UserError(f"no normalisation {norm!r}: use one of {', '.join(NORMALIZATIONS)}")

    def initializer():
        return normal_initializer() if norm == "batch" else keras.initializers.HeNormal()

    picture = keras.Input((size, size, 3), name=factor)
    x = picture
    for depth, width in enumerate(widths):
        x = layers.Conv2D(width, 5, 2, padding="same", kernel_initializer=initializer())(x)
        if norm != "none" and depth > 0:
            x = normalization(norm)(x)
        x = layers.LeakyReLU(0.2)(x)
    logits = layers.Dense(1, dtype="float32", kernel_initializer=initializer())(layers.Flatten()(x))
    return keras.Model({factor: picture}, logits, name=f"{factor}_discriminator")
