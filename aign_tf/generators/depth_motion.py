"""Networks that find depths and the camera's motion in a clip of video.

Inputs: `frames` float `[B, F, H, W, 3]` in [-1, 1], in the order of time; `focal` and
`principal_point` `[B, 2]`, pixels of these frames. Outputs, float32:

- `log_depth` `[B, F, H, W, 1]`: natural logarithm of the depth of each frame in metres;
- `coarse_log_depth` `[B, F, H, W, S]`: the same from S coarser levels, for losses, if S > 0;
- `rotation` and `translation` `[B, F - 1, 3]`: how points move from each frame to the next,
  x_next = R x + t, as axis times angle in radians, and in metres.
"""

from __future__ import annotations

import math

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from aign_tf.errors import UserError
from aign_tf.layers import Float32Layer, FoldTime, UnfoldTime, merge_finer, residual_block

# Log depths farther than this from the usual one grow like a logarithm.
_LINEAR = 3.0
# What a network's first outputs, of about 1, stand for.
_RADIANS, _METRES = 0.02, 0.1
# Height and width are divided by this at the bottom of the U.
_COARSEST = 16
# Places, of eight pixels each, that features are matched over.
_REACH = 4


def check_size(height: int, width: int) -> None:
    """Raises `UserError` for frames that the networks cannot halve four times."""
    for name, size in (("height", height), ("width", width)):
        if size % _COARSEST:
            near = max(1, round(size / _COARSEST)) * _COARSEST
            raise UserError(f"data.{name}={size}: use a multiple of {_COARSEST}, such as {near}")


def depth_motion(
    frames: int,
    height: int,
    width: int,
    usual_depth: float,
    channels: int = 16,
    blocks: int = 2,
    coarse: int = 0,
) -> keras.Model:
    """A depth network for each frame alone and a motion network for each pair of neighbours.

    Source: Tung et al. 2017, structure from motion; networks after Zhou et al. 2017 (SfMLearner)
    and Godard et al. 2019, without batch normalisation. Both see the direction of each pixel's
    ray, without which neither depth nor motion could be metric for another lens.

    Args:
      frames: F, at least 2.
      height, width: multiples of 16.
      usual_depth: metres, where predictions begin.
      channels: of the features at half the size; deeper ones have up to eight times as many.
      blocks: residual blocks at the bottom of the depth network.
      coarse: S, at most 2.
    """
    clip = keras.Input((frames, height, width, 3), name="frames")
    focal = keras.Input((2,), name="focal")
    centre = keras.Input((2,), name="principal_point")
    rays = Rays(height, width)([focal, centre])

    depths = _depth_network(height, width, usual_depth, channels, blocks, coarse)(
        [FoldTime()(clip), FoldTime(repeats=frames)(rays)]
    )
    outputs = {name: UnfoldTime(frames)(depth) for name, depth in depths.items()}
    motions = _motion_network(frames, height, width, channels)([clip, rays])
    outputs |= {name: UnfoldTime(frames - 1)(motion) for name, motion in motions.items()}
    inputs = {"frames": clip, "focal": focal, "principal_point": centre}
    return keras.Model(inputs, outputs, name="depth_motion")


def _depth_network(
    height: int, width: int, usual_depth: float, channels: int, blocks: int, coarse: int
) -> keras.Model:
    """`[picture, rays]` -> log depth and, if asked for, that of coarser levels side by side."""
    picture = keras.Input((height, width, 3))
    rays = keras.Input((height, width, 2))
    x = layers.Concatenate()([picture, rays])
    levels = []
    for multiple in (1, 2, 4, 6):
        x = _halved(x, multiple * channels, kernel=3 if levels else 5)
        levels.append(x)
    # What is far apart belongs together, such as the floor and the ceiling.
    for block in range(blocks):
        x = residual_block(x, 6 * channels, dilation=2 ** (block % 3))
    whole = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Add()([x, layers.Conv2D(6 * channels, 1)(whole)])
    depths = []
    for multiple, finer in zip((4, 2, 1), reversed(levels[:-1])):
        x = merge_finer(x, finer, multiple * channels)
        depths.append(_log_depth(x, height, usual_depth))
    finest, *coarser = reversed(depths)
    outputs = {"log_depth": finest}
    if coarse == 1:
        outputs["coarse_log_depth"] = coarser[0]
    elif coarse > 1:
        outputs["coarse_log_depth"] = layers.Concatenate(dtype="float32")(coarser[:coarse])
    return keras.Model([picture, rays], outputs, name="depth")


def _motion_network(frames: int, height: int, width: int, channels: int) -> keras.Model:
    """`[clip, rays]` -> rotation and translation `[B (F - 1), 3]`.

    Features at an eighth of the size are matched with those of the next frame up to 32 pixels away
    (Dosovitskiy et al. 2015, FlowNetC), and the motion is read from the matches.
    """
    clip = keras.Input((frames, height, width, 3))
    rays = keras.Input((height, width, 2))
    x = FoldTime()(clip)
    for level, multiple in enumerate((1, 2, 4)):
        x = _halved(x, multiple * channels, kernel=3 if level else 7)
    x = layers.Conv2D(2 * channels, 1)(x)
    this, following = Neighbours()(UnfoldTime(frames)(x))
    directions = FoldTime(repeats=frames - 1)(layers.AveragePooling2D(8)(rays))
    x = layers.Concatenate()([Matches(_REACH)([this, following]), this, directions])
    x = layers.Conv2D(8 * channels, 1, activation="relu", kernel_initializer="he_normal")(x)
    for _ in range(2):
        x = _halved(x, 8 * channels, kernel=3)
    x = layers.Conv2D(6, 1, dtype="float32")(x)
    x = layers.GlobalAveragePooling2D(dtype="float32")(x)
    outputs = dict(zip(("rotation", "translation"), Motion()(x)))
    return keras.Model([clip, rays], outputs, name="motion")


def _halved(x, width: int, kernel: int):
    x = layers.Conv2D(
        width, kernel, 2, padding="same", activation="relu", kernel_initializer="he_normal"
    )(x)
    return residual_block(x, width)


def _log_depth(x, height: int, usual_depth: float):
    """Log depth at full size from features of any size."""
    x = layers.Conv2D(1, 3, padding="same", dtype="float32")(x)
    size = height // x.shape[1]
    return Shifted(math.log(usual_depth))(
        layers.UpSampling2D(size, interpolation="bilinear", dtype="float32")(x)
    )


@keras.saving.register_keras_serializable("aign_tf")
class Rays(Float32Layer):
    """The ray (x, y, 1) that each pixel sees, without its 1."""

    def __init__(self, height: int, width: int, **kwargs):
        super().__init__(**kwargs)
        self.height, self.width = height, width

    def call(self, inputs):
        """`[focal [B, 2], principal point [B, 2]]` in pixels -> `[B, H, W, 2]`."""
        focal, centre = (tf.reshape(part, (-1, 1, 1, 2)) for part in inputs)
        columns, rows = tf.meshgrid(tf.range(self.width), tf.range(self.height))
        pixels = tf.cast(tf.stack([columns, rows], axis=-1), tf.float32)
        # No lens has a focal length below a pixel; a zero must not become infinite.
        return (pixels - centre) / tf.maximum(focal, 1.0)

    def get_config(self):
        return {**super().get_config(), "height": self.height, "width": self.width}


@keras.saving.register_keras_serializable("aign_tf")
class Neighbours(Float32Layer):
    """Each frame of a clip but the last, and the one after it."""

    def call(self, clip):
        """`[B, F, ...]` -> two of `[B (F - 1), ...]`."""
        shape = (-1, *clip.shape[2:])
        return tf.reshape(clip[:, :-1], shape), tf.reshape(clip[:, 1:], shape)


@keras.saving.register_keras_serializable("aign_tf")
class Matches(Float32Layer):
    """How well features agree with those of another picture up to `reach` places away.

    Source: Dosovitskiy et al. 2015, equation 1, with kernels of one place and of unit vectors.
    """

    def __init__(self, reach: int, **kwargs):
        super().__init__(**kwargs)
        self.reach = reach

    def call(self, inputs):
        """Two of `[N, h, w, C]` -> cosines in [-1, 1], `[N, h, w, (2 reach + 1)^2]`."""
        here, there = (self._directions(features) for features in inputs)
        _, height, width, _ = here.shape
        margin = [self.reach, self.reach]
        there = tf.pad(there, [[0, 0], margin, margin, [0, 0]])
        # A row meets the other picture's rows one by one, in matrix products of all places with all
        # places, of which those within reach are kept: five times as fast as shift by shift.
        across = np.arange(width)[:, None] + np.arange(2 * self.reach + 1)
        kept = across + np.arange(width)[:, None] * (width + 2 * self.reach)
        matches = []
        for down in range(2 * self.reach + 1):
            products = tf.matmul(here, there[:, down : down + height], transpose_b=True)
            products = tf.reshape(products, (-1, height, width * (width + 2 * self.reach)))
            matches.append(tf.gather(products, kept, axis=2))
        return tf.concat(matches, axis=-1)

    @staticmethod
    def _directions(features):
        """Unit vectors of what is unlike the rest of the picture; all else would match anything."""
        features -= tf.reduce_mean(features, axis=(1, 2), keepdims=True)
        return tf.math.l2_normalize(features, axis=-1, epsilon=1e-6)

    def get_config(self):
        return {**super().get_config(), "reach": self.reach}


@keras.saving.register_keras_serializable("aign_tf")
class Shifted(Float32Layer):
    """A network's numbers as log depths around a usual one: centre +- s log(1 + |x| / s).

    About as they are while they are small; large ones, which untrained networks give for some
    pictures, grow slowly, so that exp does not overflow. A bound would do so as well, but nothing
    would lead back from it: while motions are still wrong, photometric terms drive depths to
    infinity, lose hold of them there, and only the adversary's slope is left.
    """

    def __init__(self, centre: float, **kwargs):
        super().__init__(**kwargs)
        self.centre = centre

    def call(self, values):
        grown = _LINEAR * tf.math.log(1.0 + tf.abs(values) / _LINEAR)
        return self.centre + tf.sign(values) * grown

    def get_config(self):
        return {**super().get_config(), "centre": self.centre}


@keras.saving.register_keras_serializable("aign_tf")
class Motion(Float32Layer):
    """A network's six numbers as rotation in radians and translation in metres."""

    def call(self, values):
        """`[N, 6]` -> two of `[N, 3]`."""
        return _RADIANS * values[:, :3], _METRES * values[:, 3:]
