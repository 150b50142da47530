"""Keras layers that more than one network is built from."""

from __future__ import annotations

import keras
import tensorflow as tf
from keras import layers

from aign_tf import compat

NORMALIZATIONS = ("none", "batch", "instance")


class Float32Layer(layers.Layer):
    """Computes in float32 whatever the precision policy: geometry, and pixels that must stay."""

    def __init__(self, dtype="float32", **kwargs):
        super().__init__(dtype=dtype, **kwargs)


@keras.saving.register_keras_serializable("aign_tf")
class Composite(Float32Layer):
    """Known pixels where the mask is 1, predicted pixels where it is 0."""

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        """`[known [B,H,W,C], predicted [B,H,W,C], mask [B,H,W,1]]` -> `[B,H,W,C]`."""
        known, predicted, mask = inputs
        return mask * known + (1.0 - mask) * predicted


def normal_initializer() -> keras.initializers.Initializer:
    """Truncated normal of deviation 0.02 (Radford et al. 2016), a fresh one for every layer."""
    return keras.initializers.TruncatedNormal(stddev=0.02)


def batch_normalization() -> layers.Layer:
    """As in the paper's code."""
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)


def normalization(kind: str) -> layers.Layer:
    """A fresh normalisation layer of one of `NORMALIZATIONS` but "none"."""
    return batch_normalization() if kind == "batch" else compat.instance_normalization()


def residual_block(x, width: int, dilation: int = 1):
    """x + conv(relu(conv(x))), 3x3, without normalisation (Lim et al. 2017)."""
    y = layers.Conv2D(width, 3, padding="same", dilation_rate=dilation, activation="relu")(x)
    return layers.Add()([x, layers.Conv2D(width, 3, padding="same")(y)])


def merge_finer(x, finer, width: int):
    """Doubles height and width of `x` and joins it with the features `finer` of that size.

    Bilinear resize between two convolutions leaves no checkerboard (Odena et al. 2016), and the
    first of them is cheap, since it works at the smaller size.
    """
    x = layers.Conv2D(width, 3, padding="same", activation="relu")(x)
    x = layers.Concatenate()([layers.UpSampling2D(interpolation="bilinear")(x), finer])
    return layers.Conv2D(width, 3, padding="same", activation="relu")(x)


@keras.saving.register_keras_serializable("aign_tf")
class FoldTime(Float32Layer):
    """Clips as single frames: `[B, F, ...]` -> `[B F, ...]`.

    Args:
      repeats: F, for an input `[B, ...]` that is the same for all frames of a clip; None reads the
        frames from the input.
    """

    def __init__(self, repeats: int | None = None, **kwargs):
        super().__init__(**kwargs)
        self.repeats = repeats

    def call(self, clip):
        if self.repeats is not None:
            return tf.repeat(clip, self.repeats, axis=0)
        return tf.reshape(clip, (-1, *clip.shape[2:]))

    def get_config(self):
        return {**super().get_config(), "repeats": self.repeats}


@keras.saving.register_keras_serializable("aign_tf")
class UnfoldTime(Float32Layer):
    """Single frames as clips of F again: `[B F, ...]` -> `[B, F, ...]`."""

    def __init__(self, frames: int, **kwargs):
        super().__init__(**kwargs)
        self.frames = frames

    def call(self, frames):
        # Keras traces resized pictures with an open size when it saves.
        whole = tf.reshape(frames, tf.concat([[-1, self.frames], tf.shape(frames)[1:]], axis=0))
        return tf.ensure_shape(whole, (None, self.frames, *frames.shape[1:]))

    def get_config(self):
        return {**super().get_config(), "frames": self.frames}
