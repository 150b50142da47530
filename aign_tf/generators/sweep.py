"""Depths tried one after the other at every place, without weights."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from aign_tf.generators.matching import OfEachFrame, Pairs, motions_of_pairs
from aign_tf.layers import Float32Layer

APART = 4
"""Pixels from one place at which depths are tried to the next."""

# Depths by the usual one, each farther than the one before by a third.
DEPTHS = np.exp(np.linspace(-1.6, 2.6, 15)).astype(np.float32)
# Pictures are halved first: a cell is two pixels.
_CELL = 2
# Cells, and then places, from side to side over which pictures and differences are averaged.
_BLUR, _AROUND = 3, 5
# How much the usual difference counts beside what is seen, where all is.
_DOUBT = 0.2
# Differences are multiplied by this before depths compete.
_SHARPNESS = 80.0
# A depth whose share is larger by this than that of another one explains a place much better.
_BETTER = 0.3


@keras.saving.register_keras_serializable("aign_tf")
class Swept(Float32Layer):
    """How well each of some depths explains what a place looks like in the neighbouring frames.

    Source: Collins 1996, plane sweep; as in networks since Yao et al. 2018, MVSNet. Gradients stop.

    Args:
      frames: F.
      usual_depth: metres, round which depths are tried.
    """

    def __init__(self, frames: int, usual_depth: float, **kwargs):
        super().__init__(**kwargs)
        self.frames, self.usual_depth = frames, usual_depth
        self.pairs, self.of_each_frame = Pairs(), OfEachFrame(frames)

    def call(self, inputs):
        """Of clips and how the camera moves.

        Args:
          inputs: frames `[B, F, H, W, 3]` in [-1, 1]; rays `[B, H, W, 2]`; focal lengths and
            principal point `[B, 2]` in pixels; rotation and translation `[B, F - 1, 3]`.

        Returns:
          `[B F, H/4, W/4, 15]`, shares of each of the depths, from near to far.
        """
        clip, rays, focal, centre, rotation, translation = map(tf.stop_gradient, inputs)
        halved = tf.nn.avg_pool2d(tf.reshape(clip, (-1, *clip.shape[2:])), _CELL, _CELL, "VALID")
        blurred = tf.nn.avg_pool2d(halved, _BLUR, 1, "SAME")
        here, there = self.pairs(tf.reshape(blurred, (-1, self.frames, *blurred.shape[1:])))
        here = tf.nn.avg_pool2d(here, APART // _CELL, APART // _CELL, "VALID")
        rotation, translation = motions_of_pairs(rotation, translation)
        rays, focal, centre = (
            tf.repeat(part, 2 * (self.frames - 1), axis=0) for part in (rays, focal, centre)
        )
        rays = tf.nn.avg_pool2d(rays, APART, APART, "VALID")
        turned = tf.linalg.matvec(
            rotation[:, None, None], tf.concat([rays, tf.ones_like(rays[..., :1])], -1)
        )
        # `[N, h, w, K, 3]`, by the depth that is tried.
        moved = turned[..., None, :] + translation[:, None, None, None] / (
            self.usual_depth * DEPTHS[:, None]
        )
        ahead = tf.maximum(moved[..., 2:], 1e-3)
        focal, centre = (tf.reshape(part, (-1, 1, 1, 1, 2)) for part in (focal, centre))
        cells = (moved[..., :2] / ahead * focal + centre + 0.5) / _CELL - 0.5
        seen, inside = _between(there, cells)
        difference = inside * tf.reduce_mean(tf.abs(seen - here[..., None, :]), axis=-1)
        difference, inside = (
            tf.nn.avg_pool2d(self.of_each_frame(part), _AROUND, 1, "SAME")
            for part in (difference, inside)
        )
        # What no neighbour shows is as likely as what they show is on average.
        usual = _mean(difference, inside)
        difference = (difference + _DOUBT * usual) / (inside + _DOUBT)
        return tf.nn.softmax(-_SHARPNESS * difference)

    def get_config(self):
        own = {"frames": self.frames, "usual_depth": self.usual_depth}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("aign_tf")
class TooFar(Float32Layer):
    """By how much depths are farther than nearer ones that explain a place much better.

    Where nothing near is remembered, depths stay far from what is near: photometric terms see only
    what is next to a depth, and the right one may be far off. So depths that were tried are hints
    (Watson et al. 2019). Those that are farther are not: on plain walls, and at what lies straight
    ahead, they match by chance.

    Args:
      usual_depth: metres, as of `Swept`.
    """

    def __init__(self, usual_depth: float, **kwargs):
        super().__init__(**kwargs)
        self.usual_depth = usual_depth

    def call(self, inputs):
        """Of frames.

        Args:
          inputs: log depth `[N, H, W, 1]`, in the unit of the motions that were given to `Swept`;
            and what that returned.

        Returns:
          `[N, H/4, W/4, 1]`, differences of log depths, 0 where none is much better. Gradients pass
          to the log depth.
        """
        log_depth, shares = inputs
        shares = tf.stop_gradient(shares)
        log_depth = tf.nn.avg_pool2d(log_depth, APART, APART, "VALID")
        tried = np.log(self.usual_depth * DEPTHS)
        place = (log_depth - tried[0]) / (tried[1] - tried[0])
        place = tf.clip_by_value(tf.stop_gradient(place), 0.0, len(DEPTHS) - 1.0)
        beside = tf.nn.relu(1.0 - tf.abs(place - np.arange(len(DEPTHS), dtype=np.float32)))
        share = tf.reduce_sum(beside * shares, axis=-1, keepdims=True)
        best = tf.gather(tf.constant(tried), tf.argmax(shares, axis=-1))[..., None]
        better = tf.reduce_max(shares, axis=-1, keepdims=True) > share + _BETTER
        return tf.where(better, tf.nn.relu(log_depth - best), 0.0)

    def get_config(self):
        return {**super().get_config(), "usual_depth": self.usual_depth}


def _mean(difference: tf.Tensor, inside: tf.Tensor) -> tf.Tensor:
    total, count = (tf.reduce_sum(part, axis=-1, keepdims=True) for part in (difference, inside))
    return total / (count + 1e-6)


def _between(picture: tf.Tensor, at: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """What is seen between cells, and 1 where that is inside of the picture, else 0.

    In operations that TFLite has, unlike `renderers.sampling`.

    Args:
      picture: `[N, H, W, C]`.
      at: `[N, h, w, K, 2]`, right and down, in cells.

    Returns:
      `[N, h, w, K, C]`, of the nearest cell for what is outside; and `[N, h, w, K]`.
    """
    height, width, channels = picture.shape[1:]
    last = np.float32([width - 1, height - 1])
    inside = tf.cast(tf.reduce_all((at >= 0) & (at <= last), axis=-1), tf.float32)
    shape = at.shape[1:4]
    at = tf.reshape(tf.clip_by_value(at, 0.0, last - 1e-3), (-1, np.prod(shape), 2))
    whole = tf.floor(at)
    right, down = tf.split(at - whole, 2, axis=-1)
    column, row = tf.unstack(tf.cast(whole, tf.int32), axis=-1)
    pixels = tf.reshape(picture, (-1, height * width, channels))
    corner = row * width + column
    a, b, c, d = (
        tf.gather(pixels, corner + step, batch_dims=1) for step in (0, 1, width, width + 1)
    )
    upper, lower = a + (b - a) * right, c + (d - c) * right
    return tf.reshape(upper + (lower - upper) * down, (-1, *shape, channels)), inside
