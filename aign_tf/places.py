"""Places of a picture: blocks of 4 x 4 pixels, one in each 8 x 8, that are matched with others.

Networks that match pictures, and renderers that know what has moved where, agree on them here.
"""

from __future__ import annotations

import tensorflow as tf

BLOCK, APART = 4, 8
"""Side of a place, and from one to the next, in pixels."""


def means(values: tf.Tensor) -> tf.Tensor:
    """Of each place: `[N, H, W, C]` -> `[N, H / 8, W / 8, C]`; H and W are multiples of 8."""
    return tf.nn.avg_pool2d(values, BLOCK, APART, "VALID")


def means_of_frames(clip: tf.Tensor) -> tf.Tensor:
    """`means` of all frames of clips: `[B, F, H, W, C]` -> `[B, F, H / 8, W / 8, C]`."""
    of_places = means(tf.reshape(clip, (-1, *clip.shape[2:])))
    return tf.reshape(of_places, (-1, clip.shape[1], *of_places.shape[1:]))
