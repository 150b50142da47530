"""Networks that find depths and the camera's motion in a clip of video.

Inputs: `frames` float `[B, F, H, W, 3]` in [-1, 1], in the order of time; `focal` and
`principal_point` `[B, 2]`, pixels of these frames. Outputs, float32:

- `log_depth` `[B, F, H, W, 1]`: natural logarithm of the depth of each frame in metres;
- `coarse_log_depth` `[B, F, H, W, S]`: the same from S coarser levels, for losses, if S > 0;
- `rotation` and `translation` `[B, F - 1, 3]`: how points move from each frame to the next,
  x_next = R x + t, as axis times angle in radians, and in metres;
- `flow` `[B, 2, F - 1, H / 8, W / 8, 2]`: pixels that `places` move right and down, those of each
  frame to the next, and those of each to the previous one.
"""

from __future__ import annotations

import math

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from aign_tf import rigid
from aign_tf.errors import UserError
from aign_tf.layers import (
    Float32Layer,
    FoldTime,
    UnfoldTime,
    merge_finer,
    normal_initializer,
    residual_block,
)
from aign_tf.places import APART, BLOCK

# Log depths farther than this from the usual one grow like a logarithm.
_LINEAR = 3.0
# Guessed log depths are within so much of the usual one.
_GUESSED = 3.0
# What squared radians and metres cost by squared directions that are missed: turns of 3 degrees and
# steps of 20 cm are usual, and places that miss by a pixel all alike are too.
_RIDGE = (1e-3, 1e-3, 1e-3, 1e-4, 1e-4, 1e-4)
# Height and width are divided by this at the bottom of the U.
_COARSEST = 16
# Places are matched with blocks of their size up to so many blocks away.
_REACH = 6
# Cosines are multiplied by this before they compete.
_SHARPNESS = 20.0
# Metres of motion across a ray that tell as much about depth as they leave open.
_NO_PARALLAX = 0.02
# Bounds of triangulated nearness, by the usual one.
_FAR, _NEAR = 0.05, 5.0


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
    """One network that matches neighbouring frames, and reads motions and depths from the matches.

    Features at a quarter of the size are matched with those of the neighbours (Dosovitskiy et al.
    2015, FlowNetC). Motions come from the matches; depths, in a U, from the frame and from what
    its matches and these motions triangulate to. Source: Tung et al. 2017, structure from motion,
    whose networks see one and two frames; without batch normalisation.

    Args:
      frames: F, at least 2.
      height, width: multiples of 16.
      usual_depth: metres, where predictions begin.
      channels: of the features at half the size; deeper ones have up to eight times as many.
      blocks: residual blocks at the bottom of the U.
      coarse: S, at most 2.
    """
    clip = keras.Input((frames, height, width, 3), name="frames")
    focal = keras.Input((2,), name="focal")
    centre = keras.Input((2,), name="principal_point")
    rays = Rays(height, width)([focal, centre])
    x = layers.Concatenate()([FoldTime()(clip), FoldTime(repeats=frames)(rays)])
    levels = []
    for multiple in (1, 2, 4):
        x = _halved(x, multiple * channels, kernel=3 if levels else 5)
        levels.append(x)

    features = UnfoldTime(frames)(layers.Conv2D(2 * channels, 1)(levels[1]))
    matches = Matches(_REACH)(Pairs()(features))
    best, cosine = Best(_REACH)(matches)
    rays = layers.AveragePooling2D(BLOCK, APART)(rays)
    frame, _ = Pairs()(UnfoldTime(frames)(levels[2]))
    x = [matches, best, cosine, frame, FoldTime(repeats=2 * (frames - 1))(rays)]
    x = layers.Conv2D(4 * channels, 1, activation="relu", kernel_initializer="he_normal")(
        layers.Concatenate()(x)
    )
    # What goes on around a place tells where it has gone if its own matches do not.
    for dilation in (1, 2):
        x = residual_block(x, 4 * channels, dilation)
    shifts = layers.Add(dtype="float32")([best, _told(x)])

    pixels = _REACH * BLOCK
    guess = Forwards(frames)(_told(x))
    rotation, translation = MotionOfPlaces(frames, pixels, usual_depth)(
        [Forwards(frames)(shifts), guess, rays, focal]
    )
    nearness = Triangulated(pixels, usual_depth)([shifts, rays, focal, rotation, translation])
    x = OfEachFrame(frames)(layers.Concatenate()([x, nearness]))
    x = layers.Conv2D(4 * channels, 1)(layers.Concatenate()([levels[2], x]))
    levels[2] = residual_block(x, 4 * channels)
    depths = _depths(levels, height, usual_depth, channels, blocks)

    outputs = {"log_depth": UnfoldTime(frames)(depths[0])}
    if coarse:
        levels = depths[1] if coarse == 1 else layers.Concatenate(dtype="float32")(depths[1:])
        outputs["coarse_log_depth"] = UnfoldTime(frames)(levels)
    outputs |= {"rotation": rotation, "translation": translation}
    outputs["flow"] = Flow(frames, pixels)(shifts)
    inputs = {"frames": clip, "focal": focal, "principal_point": centre}
    return keras.Model(inputs, outputs, name="depth_motion")


def _depths(levels: list, height: int, usual_depth: float, channels: int, blocks: int) -> list:
    """Log depths `[B F, H, W, 1]`, from the finest of three levels to the coarsest."""
    x = _halved(levels[-1], 6 * channels, kernel=3)
    # What is far apart belongs together, such as the floor and the ceiling.
    for block in range(blocks):
        x = residual_block(x, 6 * channels, dilation=2 ** (block % 3))
    whole = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Add()([x, layers.Conv2D(6 * channels, 1)(whole)])
    depths = []
    for multiple, finer in zip((4, 2, 1), reversed(levels)):
        x = merge_finer(x, finer, multiple * channels)
        depths.insert(0, _log_depth(x, height, usual_depth))
    return depths


def _told(x):
    """Two numbers of each place, which are small at first."""
    return layers.Conv2D(2, 1, dtype="float32", kernel_initializer=normal_initializer())(x)


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
class Best(Float32Layer):
    """The mean of the places within reach, of those that match best, and how well they do."""

    def __init__(self, reach: int, **kwargs):
        super().__init__(**kwargs)
        self.reach = reach

    def call(self, matches):
        """Of `Matches` -> right and down by the reach `[N, h, w, 2]`, cosine `[N, h, w, 1]`."""
        steps = tf.linspace(-1.0, 1.0, 2 * self.reach + 1)
        down, right = (tf.reshape(part, [-1]) for part in tf.meshgrid(steps, steps, indexing="ij"))
        weights = tf.nn.softmax(_SHARPNESS * matches)
        place = tf.linalg.matmul(weights, tf.stack([right, down], axis=-1))
        return place, tf.reduce_sum(weights * matches, axis=-1, keepdims=True)

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


@keras.saving.register_keras_serializable("aign_tf")
class MotionOfPlaces(Float32Layer):
    """The motion of the camera that explains best where places at guessed depths have gone.

    What is at a depth z on the ray p = (x, y, 1) is at p + w x p + t / z, up to a factor, for the
    next frame, which sees it in the direction p' = (x', y', 1): for small turns w, two equations
    that are linear in w and t (Longuet-Higgins and Prazdny 1980), solved by weighted least squares.

    Args:
      frames: F.
      pixels: that a shift of 1 stands for.
      usual_depth: metres, round which depths are guessed.
    """

    def __init__(self, frames: int, pixels: float, usual_depth: float, **kwargs):
        super().__init__(**kwargs)
        self.frames, self.pixels, self.usual_depth = frames, pixels, usual_depth

    def call(self, inputs):
        """Of each frame and the next.

        Args:
          inputs: shifts `[B (F - 1), h, w, 2]`, right and down; guesses `[B (F - 1), h, w, 2]`,
            of the logarithm of usual depth by depth, and of how much the place counts, any number;
            rays `[B, h, w, 2]`; focal lengths `[B, 2]` in pixels.

        Returns:
          rotation and translation `[B, F - 1, 3]`, axis times angle in radians and metres.
        """
        shifts, guess, rays, focal = inputs
        x, y = tf.unstack(tf.repeat(rays, self.frames - 1, axis=0), axis=-1)
        focal = tf.reshape(tf.repeat(focal, self.frames - 1, axis=0), (-1, 1, 1, 2))
        gone = self.pixels * shifts / tf.maximum(focal, 1.0)
        right, down = x + gone[..., 0], y + gone[..., 1]
        near = tf.exp(tf.clip_by_value(guess[..., 0], -_GUESSED, _GUESSED)) / self.usual_depth
        none, one = tf.zeros_like(x), tf.ones_like(x)
        rows = [
            [-right * y, one + right * x, -y, near, none, -right * near],
            [-one - down * y, down * x, x, none, near, -down * near],
        ]
        rows = tf.stack([tf.stack(row, axis=-1) for row in rows], axis=-2)
        weight = tf.nn.softplus(guess[..., 1])
        weight /= tf.reduce_mean(weight, axis=(1, 2), keepdims=True) + 1e-6
        weight /= float(weight.shape[1] * weight.shape[2])
        weighted = weight[..., None, None] * rows
        normal = tf.einsum("nhwei,nhwej->nij", weighted, rows) + tf.linalg.diag(_RIDGE)
        motion = solved(normal, tf.einsum("nhwei,nhwe->ni", weighted, gone))
        motion = tf.reshape(motion, (-1, self.frames - 1, 6))
        return motion[..., :3], motion[..., 3:]

    def get_config(self):
        own = {"frames": self.frames, "pixels": self.pixels, "usual_depth": self.usual_depth}
        return {**super().get_config(), **own}


def solved(matrix: tf.Tensor, vector: tf.Tensor) -> tf.Tensor:
    """x of A x = b, for positive definite A `[N, K, K]` and b `[N, K]`.

    By Gauss and Jordan, in operations that TFLite has: it has none of TensorFlow's solvers.
    """
    size = matrix.shape[-1]
    rows = tf.concat([matrix, vector[..., None]], axis=-1)
    for k in range(size):
        pivot = rows[:, k : k + 1] / rows[:, k : k + 1, k : k + 1]
        others = 1.0 - tf.one_hot(k, size, dtype=rows.dtype)[:, None]
        rows = others * (rows - rows[:, :, k : k + 1] * pivot) + (1.0 - others) * pivot
    return rows[..., -1]


@keras.saving.register_keras_serializable("aign_tf")
class Triangulated(Float32Layer):
    """How near things are that have shifted so, where the camera has moved so.

    A point z p on the ray p = (x, y, 1) is at R p + t / z, up to a factor, for the other frame,
    which sees it in the direction p' = (x', y', 1): two equations, linear in 1 / z.

    Args:
      pixels: that a shift of 1 stands for.
      usual_depth: metres, which count as a nearness of 1.
    """

    def __init__(self, pixels: float, usual_depth: float, **kwargs):
        super().__init__(**kwargs)
        self.pixels, self.usual_depth = pixels, usual_depth

    def call(self, inputs):
        """See `Pairs` for the order of the first dimension of what has been matched.

        Args:
          inputs: shifts `[B 2 (F - 1), h, w, 2]`, right and down; rays `[B, h, w, 2]`; focal
            lengths `[B, 2]` in pixels; rotation and translation `[B, F - 1, 3]`.

        Returns:
          `[B 2 (F - 1), h, w, 2]`: log depth by the usual one, within a factor of 5 nearer and
          20 farther; and how much the motion tells of it, 0 to 1.
        """
        shifts, rays, focal, rotation, translation = inputs
        pairs = 2 * rotation.shape[1]
        rotation = rigid.rotation_from_axis_angle(rotation)
        back = rigid.inverse(rotation, translation)
        rotation = tf.reshape(tf.concat([rotation, back[0]], axis=1), (-1, 1, 1, 3, 3))
        translation = tf.reshape(tf.concat([translation, back[1]], axis=1), (-1, 1, 1, 3))
        here = tf.repeat(rays, pairs, axis=0)
        focal = tf.reshape(tf.repeat(focal, pairs, axis=0), (-1, 1, 1, 2))
        there = here + self.pixels * shifts / tf.maximum(focal, 1.0)
        turned = tf.linalg.matvec(rotation, tf.concat([here, tf.ones_like(here[..., :1])], axis=-1))
        parallax = translation[..., :2] - there * translation[..., 2:]
        moved = there * turned[..., 2:] - turned[..., :2]
        strength = tf.reduce_sum(parallax**2, axis=-1, keepdims=True)
        known = strength + _NO_PARALLAX**2
        inverse = tf.reduce_sum(parallax * moved, axis=-1, keepdims=True) / known
        nearness = tf.clip_by_value(self.usual_depth * inverse, _FAR, _NEAR)
        return tf.concat([-tf.math.log(nearness), strength / known], axis=-1)

    def get_config(self):
        own = {"pixels": self.pixels, "usual_depth": self.usual_depth}
        return {**super().get_config(), **own}


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
