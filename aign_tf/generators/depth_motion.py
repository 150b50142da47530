"""Networks that find depths and the camera's motion in a clip of video.

Inputs: `frames` float `[B, F, H, W, 3]` in [-1, 1], in the order of time; `focal` and
`principal_point` `[B, 2]`, pixels of these frames. Outputs, float32:

- `log_depth` `[B, F, H, W, 1]`: natural logarithm of the depth of each frame in metres;
- `coarse_log_depth` `[B, F, H, W, S]`: the same from S coarser levels, for losses, if S > 0;
- `rotation` and `translation` `[B, F - 1, 3]`: how points move from each frame to the next,
  x_next = R x + t, as axis times angle in radians, and in metres;
- `guess` `[B, F - 1, H / 8, W / 8, K]`: log depth of `places` of each frame but the last, up to a
  constant, as it looks before each of the K times that the motion is sought;
- `flow` `[B, 2, F - 1, H / 8, W / 8, 2]`: pixels that `places` move right and down, those of each
  frame to the next, and those of each to the previous one;
- `too_far` `[B, F, H / 4, W / 4, 1]`: by how much the log depth of every fourth pixel exceeds a
  nearer one that explains it much better in the neighbouring frames; 0 where none does.
"""

from __future__ import annotations

import math

import keras
import tensorflow as tf
from keras import layers

from aign_tf.errors import UserError
from aign_tf.generators.matching import Best, Flow, Forwards, Matches, OfEachFrame, Pairs
from aign_tf.generators.motion import Farness, MotionOfPlaces
from aign_tf.generators.rays import Rays
from aign_tf.generators.size import size_seen
from aign_tf.generators.sweep import DEPTHS, Swept, TooFar
from aign_tf.generators.tracking import Agreed, Clear, Tracked
from aign_tf.generators.triangulation import Triangulated
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
# Height and width are divided by this at the bottom of the U.
_COARSEST = 16
# Places are matched with blocks of their size up to so many blocks away.
_REACH = 8
# What is so many places around one moves about as it does, and tells where it has gone together.
_AROUND = 5
# Times that depths are guessed, and the motion is sought that fits them.
_LOOKS = 2
# Residual blocks from which depths are guessed.
_GUESSING = 2


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
    2015, FlowNetC), and the matches made exact by what the pictures show there. The motion is what
    explains the matches best at guessed depths; both are found again when it has been seen what
    they triangulate to (in turns, as by Teed and Deng 2020, DeepV2D). Depths come, in a U, from the
    frame and from what its matches and these motions triangulate to; the size of both, from the
    shape that comes out. Source: Tung et al. 2017, structure from motion, whose networks see one
    and two frames; without batch normalisation.

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
    of_pixels = Rays(height, width)([focal, centre])
    x = layers.Concatenate()([FoldTime()(clip), FoldTime(repeats=frames)(of_pixels)])
    levels = []
    for multiple in (1, 2, 4):
        x = _halved(x, multiple * channels, kernel=3 if levels else 5)
        levels.append(x)

    rays = layers.AveragePooling2D(BLOCK, APART)(of_pixels)
    directions = FoldTime(repeats=2 * (frames - 1))(rays)
    pixels = _REACH * BLOCK
    tracked, clear, shifts, x = _followed(clip, levels, directions, pixels, channels)
    # Motions are sought from each frame to the next alone.
    forwards = Forwards(frames)
    tracked, clear, known, towards = map(forwards, (tracked, clear, x, directions))
    seen, guesses = known, []
    for look in range(_LOOKS):
        guess = _guessed(seen, channels)
        guesses.append(Farness()(guess))
        rotation, translation = MotionOfPlaces(frames, pixels, usual_depth)(
            [tracked, clear, guess, rays, focal]
        )
        nearness = Triangulated(pixels, usual_depth)([shifts, rays, focal, rotation, translation])
        if look + 1 < _LOOKS:
            # A turn taken for a sideways step bends floors and walls, which the next look sees.
            seen = _mixed([known, forwards(nearness), towards], channels)
    x = OfEachFrame(frames)(layers.Concatenate()([x, nearness]))
    x = layers.Conv2D(4 * channels, 1)(layers.Concatenate()([levels[2], x]))
    levels[2] = residual_block(x, 4 * channels)
    swept = Swept(frames, usual_depth)([clip, of_pixels, focal, centre, rotation, translation])
    # As large as features are.
    levels[1] = layers.Concatenate()([levels[1], layers.Rescaling(len(DEPTHS))(swept)])
    depths = _depths(levels, height, usual_depth, channels, blocks)
    too_far = TooFar(usual_depth)([depths[0], swept])
    told, mean = size_seen(depths[0], rays, rotation, translation, channels)
    log_size = layers.Subtract(dtype="float32")([Shifted(math.log(usual_depth))(told), mean])
    # One number for depths and motions: what draws a clip right draws it right whatever its size.
    of_frames = FoldTime(repeats=frames)(layers.Reshape((1, 1, 1))(log_size))
    depths = [layers.Add(dtype="float32")([depth, of_frames]) for depth in depths]
    size = layers.Activation("exponential", dtype="float32")(log_size)
    translation = layers.Multiply(dtype="float32")([size, translation])

    outputs = {"log_depth": UnfoldTime(frames)(depths[0])}
    if coarse:
        levels = depths[1] if coarse == 1 else layers.Concatenate(dtype="float32")(depths[1:])
        outputs["coarse_log_depth"] = UnfoldTime(frames)(levels)
    outputs |= {"rotation": rotation, "translation": translation}
    outputs["guess"] = UnfoldTime(frames - 1)(layers.Concatenate(dtype="float32")(guesses))
    outputs["flow"] = Flow(frames, pixels)(shifts)
    outputs["too_far"] = UnfoldTime(frames)(too_far)
    inputs = {"frames": clip, "focal": focal, "principal_point": centre}
    return keras.Model(inputs, outputs, name="depth_motion")


def _followed(clip, levels: list, directions, pixels: float, channels: int) -> tuple:
    """Where the places of each frame have gone in its neighbours, in the order of `Pairs`.

    Returns:
      what each place tells by itself `[B 2 (F - 1), h, w, 2]`, and how clearly `[..., 1]`; what all
      tell together `[..., 2]`, plain ones too; and features `[..., C]` that know it.
    """
    frames = clip.shape[1]
    features = UnfoldTime(frames)(layers.Conv2D(2 * channels, 1)(levels[1]))
    matches = Matches(_REACH)(Pairs()(features))
    around = layers.AveragePooling2D(_AROUND, 1, padding="same", dtype="float32")(matches)
    alone, cosine = Best(_REACH)(matches)
    together, likeness = Best(_REACH)(around)
    frame, _ = Pairs()(UnfoldTime(frames)(levels[2]))
    # What matches best with all around it is near enough to begin with. A start that is learned
    # would drift away, since whatever is near enough is made exact.
    tracked, evidence = Tracked(pixels)([*Pairs()(clip), together])
    clear = Clear()(evidence)
    agreed = Agreed()([tracked, clear])
    correction = layers.Subtract(dtype="float32")([tracked, together])
    difference = layers.Subtract(dtype="float32")([tracked, agreed])
    parts = [matches, around, alone, cosine, together, likeness, correction, evidence, difference]
    x = _mixed([*parts, frame, directions], channels)
    # What goes on around a place tells where it has gone if it does not tell itself.
    for dilation in (1, 2, 1):
        x = residual_block(x, 4 * channels, dilation)
    shifts = layers.Add(dtype="float32")([agreed, _partly(difference, x), _told(x)])
    return tracked, clear, shifts, x


def _partly(shift, x):
    """The share of a shift of each place that its features tell."""
    share = layers.Conv2D(1, 1, activation="sigmoid", dtype="float32")(x)
    return layers.Multiply(dtype="float32")([share, shift])


def _guessed(x, channels: int):
    """How near each place looks, as a logarithm, and how much it counts, for `MotionOfPlaces`."""
    return _told(merge_finer(_seen_whole(x, channels, _GUESSING), x, 4 * channels))


def _depths(levels: list, height: int, usual_depth: float, channels: int, blocks: int) -> list:
    """Log depths `[B F, H, W, 1]`, from the finest of three levels to the coarsest."""
    x = _seen_whole(levels[-1], channels, blocks)
    depths = []
    for multiple, finer in zip((4, 2, 1), reversed(levels)):
        x = merge_finer(x, finer, multiple * channels)
        depths.insert(0, _log_depth(x, height, usual_depth))
    return depths


def _seen_whole(x, channels: int, blocks: int):
    """Features at half the size, which know of each other."""
    x = _halved(x, 6 * channels, kernel=3)
    # What is far apart belongs together, such as the floor and the ceiling.
    for block in range(blocks):
        x = residual_block(x, 6 * channels, dilation=2 ** (block % 3))
    whole = layers.GlobalAveragePooling2D(keepdims=True)(x)
    return layers.Add()([x, layers.Conv2D(6 * channels, 1)(whole)])


def _mixed(parts: list, channels: int):
    """Features of each place from all that is known of it."""
    x = layers.Concatenate()(parts)
    return layers.Conv2D(4 * channels, 1, activation="relu", kernel_initializer="he_normal")(x)


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
