"""Something near, held at random in front of remembered depths."""

from __future__ import annotations

import math

import tensorflow as tf

from aign_tf.renderers.painted import Card

# Of what is remembered in the middle of a map's depths, as far away as a card may be.
_NEAREST, _FARTHEST = 0.25, 0.75
# Of the picture, as much as an outline may take.
_LEAST, _MOST = 0.05, 0.6
# One over the depth differs by up to this share from the middle to each side of the picture.
_SLANT = 0.3
# Rows and columns of the blots of which outlines are made, large ones and small ones.
_LARGE, _SMALL = (3, 4), (12, 16)


def random_cards(log_depth: tf.Tensor, focal: tf.Tensor, share: float, seed: tf.Tensor) -> Card:
    """A card for each remembered clip; it has no outline but in a share of them.

    Outlines are blots of any shape, some smooth, some ragged, and planes any that are nearer than
    most of the clip.

    Args:
      log_depth: `[B,F,H,W,1]`, complete.
      focal: `[B,2]`, pixels.
      share: of the clips, in [0, 1].
      seed: `[2]`.
    """
    count, (height, width) = tf.shape(log_depth)[0], log_depth.shape[2:4]
    seeds = tf.unstack(tf.random.experimental.stateless_split(seed, 6))

    def blots(cells: tuple[int, int], seed: tf.Tensor) -> tf.Tensor:
        noise = tf.random.stateless_normal([count, *cells, 1], seed)
        return tf.image.resize(noise, [height, width], "bicubic")

    def uniform(shape: tuple[int, ...], seed: tf.Tensor, least: float, most: float) -> tf.Tensor:
        return tf.random.stateless_uniform([count, *shape], seed, least, most)

    ragged = uniform((1, 1, 1), seeds[5], 0.0, 1.0)
    noise = blots(_LARGE, seeds[0]) + ragged * blots(_SMALL, seeds[1])
    border = _quantile(noise, 1.0 - uniform((), seeds[2], _LEAST, _MOST))
    held = uniform((1, 1, 1), seeds[3], 0.0, 1.0) < share
    outline = (noise > border[:, None, None, None]) & held

    usual = _quantile(log_depth[:, log_depth.shape[1] // 2], tf.fill([count], 0.5))
    chance = uniform((3,), seeds[4], -1.0, 1.0)
    middle, reach = math.log(_FARTHEST * _NEAREST) / 2, math.log(_FARTHEST / _NEAREST) / 2
    nearness = tf.exp(-(usual + middle + reach * chance[:, 0]))[:, None]
    sides = tf.constant([width / 2, height / 2]) / focal
    slant = _SLANT * chance[:, 1:] / sides * nearness
    return Card(tf.cast(outline, tf.float32), tf.concat([slant, nearness], axis=-1))


def _quantile(values: tf.Tensor, share: tf.Tensor) -> tf.Tensor:
    """Of each of `[B, ...]`, that which a share `[B]` of its values is less than."""
    values = tf.sort(tf.reshape(values, (tf.shape(values)[0], -1)), axis=-1)
    last = tf.cast(tf.shape(values)[1] - 1, tf.float32)
    return tf.gather(values, tf.cast(share * last, tf.int32), batch_dims=1)
