"""Frames of a clip matched with their neighbours."""

from __future__ import annotations

import math

import keras
import numpy as np
import tensorflow as tf

from aign_tf import rigid
from aign_tf.layers import Float32Layer

# Cosines are multiplied by this before they compete.
_SHARPNESS = 20.0
# Taken from cosines that shall not compete.
_NOWHERE = 10.0


@keras.saving.register_keras_serializable("aign_tf")
class Pairs(Float32Layer):
    """Each frame of a clip with the next one, then each with the previous one."""

    def call(self, clip):
        """`[B, F, ...]` -> two of `[B 2 (F - 1), ...]`, this frame and the other."""
        shape = (-1, *clip.shape[2:])
        first, last = clip[:, :-1], clip[:, 1:]
        return (
            tf.reshape(tf.concat([first, last], axis=1), shape),
            tf.reshape(tf.concat([last, first], axis=1), shape),
        )


def motions_of_pairs(rotation: tf.Tensor, translation: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """How the camera moves from each frame of `Pairs` to the other.

    Args:
      rotation, translation: `[B, F - 1, 3]`, from each frame to the next.

    Returns:
      rotation matrices `[B 2 (F - 1), 3, 3]` and translations `[B 2 (F - 1), 3]`.
    """
    forth = rigid.rotation_from_axis_angle(rotation), translation
    both = zip(forth, rigid.inverse(*forth))
    rotation, translation = (tf.concat(ways, axis=1) for ways in both)
    return tf.reshape(rotation, (-1, 3, 3)), tf.reshape(translation, (-1, 3))


def _both_ways(values: tf.Tensor, frames: int) -> list[tf.Tensor]:
    """`[B 2 (F - 1), ...]` -> two of `[B, F - 1, N]`. TFLite cannot split tensors of six axes."""
    return tf.unstack(tf.reshape(values, (-1, 2, frames - 1, math.prod(values.shape[1:]))), axis=1)


@keras.saving.register_keras_serializable("aign_tf")
class Forwards(Float32Layer):
    """Of what `Pairs` led to, that of each frame with the next one."""

    def __init__(self, frames: int, **kwargs):
        super().__init__(**kwargs)
        self.frames = frames

    def call(self, values):
        """`[B 2 (F - 1), ...]` -> `[B (F - 1), ...]`."""
        shape = values.shape[1:]
        forwards, _ = _both_ways(values, self.frames)
        return tf.reshape(forwards, (-1, *shape))

    def get_config(self):
        return {**super().get_config(), "frames": self.frames}


@keras.saving.register_keras_serializable("aign_tf")
class OfEachFrame(Float32Layer):
    """Means over the neighbours of each frame of what `Pairs` led to."""

    def __init__(self, frames: int, **kwargs):
        super().__init__(**kwargs)
        self.frames = frames

    def call(self, values):
        """`[B 2 (F - 1), h, w, C]` -> `[B F, h, w, C]`."""
        shape = values.shape[1:]
        to_next, to_previous = _both_ways(values, self.frames)
        inner = 0.5 * (to_next[:, 1:] + to_previous[:, :-1])
        clip = tf.concat([to_next[:, :1], inner, to_previous[:, -1:]], axis=1)
        return tf.reshape(clip, (-1, *shape))

    def get_config(self):
        return {**super().get_config(), "frames": self.frames}


@keras.saving.register_keras_serializable("aign_tf")
class Matches(Float32Layer):
    """How well features agree with those of another picture up to `reach` places away.

    Source: Dosovitskiy et al. 2015, equation 1, with kernels of one place and of unit vectors.
    """

    def __init__(self, reach: int, **kwargs):
        super().__init__(**kwargs)
        self.reach = reach

    def call(self, inputs):
        """Two of `[N, h, w, C]` -> cosines in [-1, 1], `[N, h / 2, w / 2, (2 reach + 1)^2]`."""
        here, there = (self._directions(features) for features in inputs)
        margin = [self.reach, self.reach]
        here, there = here[:, ::2, ::2], tf.pad(there, [[0, 0], margin, margin, [0, 0]])
        # All places meet all places in one matrix product, of which those within reach are kept:
        # on a CPU, four times as fast as row by row.
        products = tf.matmul(_flat(here), _flat(there), transpose_b=True)
        _, height, width, _ = here.shape
        _, rows, columns, _ = there.shape
        reach = np.arange(2 * self.reach + 1)
        row = 2 * np.arange(height)[:, None, None, None] + reach[:, None]
        column = 2 * np.arange(width)[:, None, None] + reach
        place = np.arange(height * width).reshape(height, width, 1, 1)
        kept = (place * rows + row) * columns + column
        matches = tf.reshape(products, (-1, height * width * rows * columns))
        return tf.gather(matches, kept.reshape(height, width, -1), axis=1)

    @staticmethod
    def _directions(features):
        """Unit vectors of what is unlike the rest of the picture; all else would match anything."""
        features -= tf.reduce_mean(features, axis=(1, 2), keepdims=True)
        return tf.math.l2_normalize(features, axis=-1, epsilon=1e-6)

    def get_config(self):
        return {**super().get_config(), "reach": self.reach}


def _flat(features):
    """`[N, h, w, C]` -> `[N, h w, C]`."""
    _, height, width, channels = features.shape
    return tf.reshape(features, (-1, height * width, channels))


@keras.saving.register_keras_serializable("aign_tf")
class Best(Float32Layer):
    """The mean of the place within reach that matches best and those beside it, and how well.

    Others do not count: there are many, and each would pull the mean its way a little.
    """

    def __init__(self, reach: int, **kwargs):
        super().__init__(**kwargs)
        self.reach = reach

    def call(self, matches):
        """Of `Matches` -> right and down by the reach `[N, h, w, 2]`, cosine `[N, h, w, 1]`."""
        steps = np.linspace(-1, 1, 2 * self.reach + 1, dtype=np.float32)
        places = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
        apart = np.abs(places[:, None] - places).max(axis=-1) * self.reach
        far = np.where(apart < 1.5, 0, -_NOWHERE).astype(np.float32)
        near = matches + tf.gather(far, tf.argmax(matches, axis=-1))
        weights = tf.nn.softmax(_SHARPNESS * near)
        return tf.matmul(weights, places), tf.reduce_sum(weights * matches, axis=-1, keepdims=True)

    def get_config(self):
        return {**super().get_config(), "reach": self.reach}


@keras.saving.register_keras_serializable("aign_tf")
class Flow(Float32Layer):
    """Shifts of pairs as pixels of clips.

    Args:
      frames: F.
      pixels: that a shift of 1 stands for.
    """

    def __init__(self, frames: int, pixels: float, **kwargs):
        super().__init__(**kwargs)
        self.frames, self.pixels = frames, pixels

    def call(self, shifts):
        """As of `Pairs` -> `[B, 2, F - 1, h, w, 2]`: to the next, and to the previous frame."""
        return self.pixels * tf.reshape(shifts, (-1, 2, self.frames - 1, *shifts.shape[1:]))

    def get_config(self):
        return {**super().get_config(), "frames": self.frames, "pixels": self.pixels}
