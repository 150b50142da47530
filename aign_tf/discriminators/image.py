"""Discriminators on pictures: on the whole, or on a hole that was filled."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import tensorflow as tf
from keras import layers

from aign_tf.discriminators.augment import CHANCES, Augment
from aign_tf.discriminators.judging import CHANCE
from aign_tf.errors import UserError
from aign_tf.layers import NORMALIZATIONS, Float32Layer, normal_initializer, normalization


def conv_discriminator(
    size: int,
    factor: str,
    widths: Sequence[int] = (64, 128, 256, 512),
    norm: str = "batch",
    dense: int = 0,
    augment: float = 0.0,
    details: int = 0,
) -> keras.Model:
    """Looks at the whole picture.

    Args:
      size: side S of the pictures.
      factor: name of the factor that it looks at, float `[B, S, S, 3]` in [-1, 1].
      widths: channels of the convolutions, each of stride 2.
      norm: of `NORMALIZATIONS`, from the second convolution on. Not "batch" together with a
        gradient penalty, which is defined picture by picture (Gulrajani et al. 2017, section 4).
      dense: width of a fully connected layer before the last; 0 leaves it out.
      augment: probability of each change of `Augment`, which lets a memory of few pictures last
        longer; 0 leaves them as they are.
      details: k, to see only what averages over k x k pixels leave open (`Details`); 0 shows all.

    Returns:
      A functional model `{factor: picture} -> logits [B, 1]`, float32; if `augment` is above 0, it
      has an input `chance` too.
    """
    picture = x = keras.Input((size, size, 3), name=factor)
    inputs = {factor: picture}
    if augment > 0:
        inputs[CHANCE] = keras.Input((CHANCES,), name=CHANCE)
        x = Augment(augment)([picture, inputs[CHANCE]])
    if details:
        x = Details(details)(x)
    return keras.Model(
        inputs, picture_logits(x, widths, norm, dense), name=f"{factor}_discriminator"
    )


def hole_discriminator(
    size: int,
    factor: str,
    widths: Sequence[int] = (64, 128, 256, 512),
    norm: str = "none",
    margin: int = 4,
) -> keras.Model:
    """Looks at the hole and a margin round it (the local one of Iizuka et al. 2017).

    What a generator cannot change may give away whether a picture is real: of all faces with a
    woman's hair, say, none was completed. A discriminator that sees only the hole has no such way
    out.

    Args:
      size, factor, widths, norm: as of `conv_discriminator`.
      margin: pixels round the hole that are seen too, so that the seam counts.

    Returns:
      A functional model `{factor: picture, "mask": [B, S, S, 1], 1 where visible} -> logits`.
    """
    picture = keras.Input((size, size, 3), name=factor)
    mask = keras.Input((size, size, 1), name="mask")
    logits = picture_logits(HoleView(margin)([picture, mask]), widths, norm)
    inputs = {factor: picture, "mask": mask}
    return keras.Model(inputs, logits, name=f"{factor}_hole_discriminator")


@keras.saving.register_keras_serializable("aign_tf")
class HoleView(Float32Layer):
    """A picture inside its hole and a margin of so many pixels; 0 elsewhere."""

    def __init__(self, margin: int, **kwargs):
        super().__init__(**kwargs)
        self.margin = margin

    def call(self, inputs):
        """`[picture [B, H, W, C], mask [B, H, W, 1]]` -> `[B, H, W, C]`."""
        picture, mask = inputs
        reach = 2 * self.margin + 1
        near = tf.nn.max_pool2d(1.0 - mask, reach, strides=1, padding="SAME")
        return picture * tf.stop_gradient(near)

    def get_config(self):
        return {**super().get_config(), "margin": self.margin}


@keras.saving.register_keras_serializable("aign_tf")
class Details(Float32Layer):
    """What averages over blocks of k x k pixels do not show: the picture minus these averages."""

    def __init__(self, factor: int, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, picture: tf.Tensor) -> tf.Tensor:
        """`[B, H, W, C]` -> `[B, H, W, C]`; k divides H and W."""
        _, height, width, channels = picture.shape
        k = self.factor
        blocks = tf.reshape(picture, (-1, height // k, k, width // k, k, channels))
        rest = blocks - tf.reduce_mean(blocks, axis=(2, 4), keepdims=True)
        return tf.reshape(rest, (-1, height, width, channels))

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


def picture_logits(x, widths: Sequence[int], norm: str, dense: int = 0, undecided: bool = False):
    """A logit `[B, 1]` of pictures `[B, H, W, C]`, after Radford et al. 2016.

    Strided 5x5 convolutions of these widths, a fully connected layer of width `dense` unless that
    is 0, and another one. An undecided network begins with logits of 0 and no slope at all.
    """
    if norm not in NORMALIZATIONS:
        raise UserError(f"no normalisation {norm!r}: use one of {', '.join(NORMALIZATIONS)}")

    def initializer():
        return normal_initializer() if norm == "batch" else keras.initializers.HeNormal()

    for depth, width in enumerate(widths):
        x = layers.Conv2D(width, 5, 2, padding="same", kernel_initializer=initializer())(x)
        if norm != "none" and depth > 0:
            x = normalization(norm)(x)
        x = layers.LeakyReLU(0.2)(x)
    x = layers.Flatten()(x)
    if dense:
        x = layers.LeakyReLU(0.2)(layers.Dense(dense, kernel_initializer=initializer())(x))
    last = "zeros" if undecided else initializer()
    return layers.Dense(1, dtype="float32", kernel_initializer=last)(x)
