"""Places followed from picture to picture by what they look like, without weights."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from aign_tf.layers import Float32Layer
from aign_tf.places import APART, BLOCK

# Pictures are halved first, so that noise and rasters count less: a cell is two pixels.
_CELL = 2
# Cells from side to side of what is looked at around the middle of a place.
_WINDOW = 8
_ITERATIONS = 4
# Cells, the farthest that one iteration goes.
_FARTHEST = 1.0
# Added to sums of squared slopes: what noise of three grey levels makes in three channels.
_NOISE = 0.05
# Places from side to side that agree on where they have gone.
_AGREEING = 3
# Windows that differ by less than this are alike.
_ALIKE = 0.02
# What has no texture at all counts so much, by 1 for what is halfway from noise and alike.
_UNCLEAR = 1e-3


@keras.saving.register_keras_serializable("aign_tf")
class Tracked(Float32Layer):
    """Shifts made exact, to parts of a pixel, by comparing what is around a place in both pictures.

    Source: Lucas and Kanade 1981, in the inverse compositional form of Baker and Matthews 2004, for
    windows whose brightness may change. Gradients pass as if nothing had been corrected.

    Args:
      pixels: that a shift of 1 stands for.
    """

    def __init__(self, pixels: float, **kwargs):
        super().__init__(**kwargs)
        self.pixels = pixels

    def call(self, inputs):
        """Of pairs of pictures.

        Args:
          inputs: two of `[N, H, W, C]` in [-1, 1], and shifts right and down `[N, H/8, W/8, 2]`
            by which `places` of the first are thought to have moved to the second, to a few pixels.

        Returns:
          Corrected shifts `[N, H/8, W/8, 2]`; and what speaks for them, `[N, H/8, W/8, 3]`: how far
          the texture of a place is above noise, 0 to 1, in the direction in which there is least
          of it, and how much the two windows differed, and still do.
        """
        here, there, shifts = inputs
        here, there = (
            tf.nn.avg_pool2d(picture, _CELL, _CELL, "VALID") for picture in (here, there)
        )
        first = _first_cells(*here.shape[1:3])
        pattern = _windows(here, first)
        right, down = (_windows(slope, first) for slope in _slopes(here))
        a, b, c = _products(right, right) + _NOISE, _products(right, down), _products(down, down)
        c += _NOISE
        guess = tf.stop_gradient(shifts) * (self.pixels / _CELL)
        moved = guess = tf.reshape(guess, (-1, first.shape[1], 2))
        differences = []
        for _ in range(_ITERATIONS):
            difference = _windows(there, first + moved) - pattern
            differences.append(difference)
            x, y = _products(right, difference), _products(down, difference)
            step = tf.stack([c * x - b * y, a * y - b * x], axis=-1) / (a * c - b * b)[..., None]
            moved -= tf.clip_by_value(step, -_FARTHEST, _FARTHEST)
        differences.append(_windows(there, first + moved) - pattern)
        least = 0.5 * (a + c - tf.sqrt((a - c) ** 2 + 4.0 * b * b))
        evidence = [1.0 - _NOISE / least, *map(_size, (differences[0], differences[-1]))]
        evidence = tf.reshape(tf.stack(evidence, axis=-1), (-1, *shifts.shape[1:3], 3))
        correction = tf.reshape((moved - guess) * (_CELL / self.pixels), tf.shape(shifts))
        return shifts + tf.stop_gradient(correction), tf.stop_gradient(evidence)

    def get_config(self):
        return {**super().get_config(), "pixels": self.pixels}


@keras.saving.register_keras_serializable("aign_tf")
class Clear(Float32Layer):
    """How clear it is where a place has gone: it has texture, and looks alike there."""

    def call(self, evidence):
        """What `Tracked` tells, `[N, h, w, 3]` -> positive, `[N, h, w, 1]`."""
        texture, _, difference = tf.split(evidence, 3, axis=-1)
        return (texture / (difference + _ALIKE)) ** 2 + _UNCLEAR


@keras.saving.register_keras_serializable("aign_tf")
class Agreed(Float32Layer):
    """What a place and those next to it tell together of their shifts, the clearest most of all."""

    def call(self, inputs):
        """Shifts `[N, h, w, 2]` and how clear they are `[N, h, w, 1]` -> shifts."""
        shifts, clear = inputs
        shifts, clear = (
            tf.nn.avg_pool2d(part, _AGREEING, 1, "SAME") for part in (clear * shifts, clear)
        )
        return shifts / clear


def _first_cells(height: int, width: int) -> np.ndarray:
    """Where the windows of all places begin, right and down, `[1, places, 2]`, in cells."""
    before = (BLOCK // _CELL - _WINDOW) // 2
    x, y = (np.arange(0, size, APART // _CELL) + before for size in (width, height))
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(1, -1, 2).astype(np.float32)


def _windows(picture: tf.Tensor, first: tf.Tensor) -> tf.Tensor:
    """What is seen in windows less the mean of each channel, `[N, P, cells, C]`.

    Args:
      picture: `[N, H, W, C]`, beyond which all is zero.
      first: `[N or 1, P, 2]`, where windows begin, right and down, maybe between cells.
    """
    height, width, channels = picture.shape[1:]
    margin, side = _WINDOW + 1, _WINDOW + 1
    wide = tf.pad(picture, [[0, 0], [margin] * 2, [margin] * 2, [0, 0]])
    # One cell more than a window has, between which and the last one it may lie.
    first = tf.clip_by_value(first, -float(_WINDOW), np.float32([width, height])) + margin
    whole = tf.floor(first)
    x, y = tf.unstack((first - whole)[..., None, None], axis=2)
    column, row = tf.unstack(tf.cast(whole, tf.int32)[..., None] + tf.range(side), axis=2)
    index = row[..., :, None] * wide.shape[2] + column[..., None, :]
    index = tf.reshape(index, (-1, first.shape[1] * side * side))
    pixels = tf.reshape(wide, (-1, wide.shape[1] * wide.shape[2], channels))
    if index.shape[0] == 1:
        seen = tf.gather(pixels, index[0], axis=1)
    else:
        seen = tf.gather(pixels, index, batch_dims=1)
    # Rows and columns are mixed one after the other, in tensors of four axes, as phones have them.
    seen = tf.reshape(seen, (-1, first.shape[1], side, side * channels))
    seen = seen[:, :, :-1] * (1.0 - y) + seen[:, :, 1:] * y
    seen = seen[..., :-channels] * (1.0 - x) + seen[..., channels:] * x
    seen = tf.reshape(seen, (-1, first.shape[1], _WINDOW**2, channels))
    return seen - tf.reduce_mean(seen, axis=2, keepdims=True)


def _slopes(picture: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Central differences to the right and down, of the size of the picture."""
    wide = tf.pad(picture, [[0, 0], [1, 1], [1, 1], [0, 0]], "SYMMETRIC")
    right = 0.5 * (wide[:, 1:-1, 2:] - wide[:, 1:-1, :-2])
    return right, 0.5 * (wide[:, 2:, 1:-1] - wide[:, :-2, 1:-1])


def _products(one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(one * other, axis=(2, 3))


def _size(difference: tf.Tensor) -> tf.Tensor:
    return tf.sqrt(tf.reduce_mean(difference**2, axis=(2, 3)) + 1e-6)
