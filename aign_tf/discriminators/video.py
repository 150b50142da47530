"""Discriminators on what a moving camera tells: depth maps, and its motions.

Each frame and each motion is judged alone, since the memory holds single ones: logits are
`[B, F, 1]` or `[B, F - 1, 1]`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import keras
import tensorflow as tf
from keras import layers

from aign_tf.discriminators.image import picture_logits
from aign_tf.discriminators.vector import residual_logit
from aign_tf.layers import Float32Layer, FoldTime, UnfoldTime


def depth_discriminator(
    frames: int, height: int, width: int, shrink: int, widths: Sequence[int]
) -> keras.Model:
    """Looks at log depth where there are readings, and at where there are any.

    Sensors leave gaps, and predictions have none: so predictions wear the gaps of some reading of
    the memory, which the observation holds as `valid`.

    Args:
      frames, height, width: F, H and W.
      shrink: blocks of so many pixels are averaged first; 1 leaves them. How sharp a depth map is
        gives away at once whether a network drew it, and says nothing about its scale.
      widths: channels of the convolutions, each of stride 2.

    Returns:
      A functional model `{log_depth [B,F,H,W,1], valid [B,F,H,W,1]} -> logits [B,F,1]`.
    """
    shape = (frames, height, width, 1)
    log_depth, valid = keras.Input(shape, name="log_depth"), keras.Input(shape, name="valid")
    # Penalties shall count a change of all pixels by 1 as 1, however many pixels there are.
    unit = math.sqrt(height * width)
    x = layers.Rescaling(unit, dtype="float32")(log_depth)
    x = Readings(shrink)([FoldTime()(x), FoldTime()(valid)])
    # Random weights have steep slopes until a penalty flattens them, and would drive depths away.
    logits = UnfoldTime(frames)(picture_logits(x, widths, "none", undecided=True))
    inputs = {"log_depth": log_depth, "valid": valid}
    discriminator = keras.Model(inputs, logits, name="depth_critic")
    discriminator.units = {"log_depth": unit}
    return discriminator


def motion_discriminator(
    motions: int, rotation: Sequence[float], translation: Sequence[float], width: int
) -> keras.Model:
    """Looks at rotations and translations.

    Args:
      motions: of a clip, F - 1.
      rotation, translation: the usual sizes of their three coordinates, which become its `units`.
      width: of its layers.

    Returns:
      A functional model `{rotation [B,F-1,3], translation [B,F-1,3]} -> logits [B,F-1,1]`.
    """
    units = {"rotation": tuple(rotation), "translation": tuple(translation)}
    inputs = {name: keras.Input((motions, 3), name=name) for name in units}
    x = FoldTime()(layers.Concatenate(dtype="float32")(list(inputs.values())))
    logits = UnfoldTime(motions)(residual_logit(x, width))
    discriminator = keras.Model(inputs, logits, name="motion_critic")
    discriminator.units = units
    return discriminator


@keras.saving.register_keras_serializable("aign_tf")
class Readings(Float32Layer):
    """Means of log depth over the readings in blocks of k x k pixels, and the share of readings."""

    def __init__(self, shrink: int, **kwargs):
        super().__init__(**kwargs)
        self.shrink = shrink

    def call(self, inputs):
        """`[log_depth [N,H,W,1], valid [N,H,W,1]]` -> `[N,H/k,W/k,2]`; no reading is 0."""
        log_depth, valid = inputs
        # Where a block has no reading at all, its slope would be without bounds.
        valid = tf.stop_gradient(valid)
        both = tf.concat([log_depth * valid, valid], axis=-1)
        both = tf.nn.avg_pool2d(both, self.shrink, self.shrink, "VALID")
        total, share = tf.split(both, 2, axis=-1)
        return tf.concat([total / tf.maximum(share, 1e-6), share], axis=-1)

    def get_config(self):
        return {**super().get_config(), "shrink": self.shrink}
