"""The camera's motion from where things have gone, in closed form and without weights."""

from __future__ import annotations

from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from aign_tf import rigid
from aign_tf.fused import fused
from aign_tf.generators.rays import gone_to
from aign_tf.layers import Float32Layer

# Guessed log depths are within so much of the usual one.
_GUESSED = 3.0
# By how much directions are followed wrongly, about half a pixel, and by which factor, as a
# logarithm, guesses are wrong.
_UNSURE, _MISGUESSED = 0.004, 0.3
# Directions, of points in the camera, in which a search begins: many a flow fits a turn and a step
# to the one side nearly as well as another turn and a step to the other side.
_ALONG_AXES = [[0, 0, -1], [0, 0, 1], [1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]]
_ASIDE = [[0.6, 0, -0.8], [-0.6, 0, -0.8], [0, 0.6, -0.8], [0, -0.6, -0.8]]
_STARTS = np.float32(_ALONG_AXES + _ASIDE)
# The length with which it begins. Here and below, a usual depth is the unit of length.
_STEP = 1 / 30
# Rounds from each start, and more of them from so many of the best.
_TRIED, _KEPT, _FOLLOWED = 2, 2, 4
# Added to sums of squared slopes, so little that it only decides where nothing else does; and so
# much that guesses learn from motions, in the last round, what is told clearly alone.
_RIDGE = np.float32([1e-5] * 3 + [4e-5] * 3 + [1e-7] * 2)
_LEARNED = 100 * _RIDGE
# The first of them where translations differ in length alone, by a factor.
_RIDGE_OF_LENGTHS = np.float32([1e-5] * 4 + [1e-7] * 2)
# Nearness by this factor more or less than guessed is not taken for more than that.
_MISJUDGED = 30.0
# How far, and by how many radians, no camera goes and turns from frame to frame.
_FASTEST = 0.5
# Bounds of a change of the slopes of guesses in one round, and of them all.
_TILTED, _STEEPEST = 0.5, 2.0


class _Places(NamedTuple):
    """Rays here and there `[N, P, 2]`, nearness and weight, which sum to 1, `[N, P]`."""

    here: tf.Tensor
    there: tf.Tensor
    near: tf.Tensor
    weight: tf.Tensor

    def repeated(self, times: int) -> _Places:
        return _Places(*(tf.concat([part] * times, axis=0) for part in self))


class _State(NamedTuple):
    """Rotation, translation `[N, 3]`, and the slopes of log nearness that guesses lack `[N, 2]`."""

    rotation: tf.Tensor
    translation: tf.Tensor
    slopes: tf.Tensor


@keras.saving.register_keras_serializable("aign_tf")
class MotionOfPlaces(Float32Layer):
    """The motion of the camera that explains best where places at guessed depths have gone.

    What is at a depth z on the ray p is at R p + t / z, up to a factor, for the next frame, which
    sees it in the direction p': two equations, solved by Gauss and Newton for R and t, with weights
    that make little of what fits badly. Guesses count little where they decide how far along its
    parallax a place has gone, since they may be wrong, and all may be so by a factor that changes
    from side to side, since whoever takes a turn for a sideways step bends all depths. The search
    begins in several directions, and ends where places fit best with any depth at all. Gradients
    pass to guesses alone, through one more round.

    Args:
      frames: F.
      pixels: that a shift of 1 stands for.
      usual_depth: metres, round which depths are guessed.
    """

    def __init__(self, frames: int, pixels: float, usual_depth: float, **kwargs):
        super().__init__(**kwargs)
        self.frames, self.pixels, self.usual_depth = frames, pixels, usual_depth

    def call(self, inputs, training=None):
        """Of each frame and the next.

        Args:
          inputs: shifts `[B (F - 1), h, w, 2]`, right and down; how clear they are, positive,
            `[B (F - 1), h, w, 1]`; guesses `[B (F - 1), h, w, 2]`, of the logarithm of usual depth
            by depth, and of how much the place counts, any number; rays `[B, h, w, 2]`; focal
            lengths `[B, 2]` in pixels.

        Returns:
          rotation and translation `[B, F - 1, 3]`, axis times angle in radians and metres.
        """
        shifts, clear, guess, rays, focal = inputs
        here, there = gone_to(self.pixels * shifts, rays, focal, self.frames - 1)
        clear, here, there = map(tf.stop_gradient, (clear, here, there))
        guess, clear, here, there = map(_in_a_row, (guess, clear, here, there))
        near = tf.exp(tf.clip_by_value(guess[..., 0], -_GUESSED, _GUESSED))
        weight = _shares(clear[..., 0] * tf.nn.softplus(guess[..., 1]) + 1e-6)
        places = _Places(here, there, near, weight)
        # Compiled, the search takes a third of the time. Not everything that serves can compile.
        search = _searched_fused if training else _searched
        state = _improved(places, search(*map(tf.stop_gradient, places)), _LEARNED)
        rotation, translation = (
            tf.reshape(part, (-1, self.frames - 1, 3))
            for part in (state.rotation, state.translation)
        )
        return rotation, self.usual_depth * translation

    def get_config(self):
        own = {"frames": self.frames, "pixels": self.pixels, "usual_depth": self.usual_depth}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("aign_tf")
class Farness(Float32Layer):
    """Log depths by the usual one, of which `MotionOfPlaces` is told nearness and weights."""

    def call(self, guess):
        """`[N, h, w, 2]` -> `[N, h, w, 1]`."""
        return -guess[..., :1]


def _searched(*places: tf.Tensor) -> _State:
    """The best of what is found from all starts for `_Places`."""
    places, count = _Places(*places), len(_STARTS)
    starts = _STEP * tf.repeat(_STARTS, tf.shape(places.near)[0], axis=0)
    state = _begun(places.repeated(count), starts)
    for rounds, kept in ((_TRIED, _KEPT), (_FOLLOWED, 1)):
        repeated = places.repeated(count)
        for _ in range(rounds):
            state = _improved(repeated, state, _RIDGE)
        state = _best(state, tf.reshape(_cost(repeated, state), (count, -1)), kept)
        count = kept
    return state


_searched_fused = fused(_searched)


def _improved(places: _Places, state: _State, ridge: np.ndarray) -> _State:
    """One round of Gauss and Newton."""
    turned, near, moved, parallax = _seen(places, state)
    stretch = _stretch(moved, parallax, places.weight)
    translation = stretch[:, None] * state.translation
    parallax *= stretch[:, None, None]
    tilting = parallax[..., None] * places.here[..., None, :]
    missed = (moved - parallax)[..., None]
    parts = [_turning(places, turned), _stepping(places, near), tilting, missed]
    system = _whitened(tf.concat(parts, axis=-1), parallax)
    missed = tf.reduce_sum(system[..., -1] ** 2, axis=-1)
    trust = _shares(places.weight / (1.0 + missed / (2.0 * _UNSURE**2)))
    pulled = tf.pad(ridge[6:] * state.slopes, [[0, 0], [6, 0]])
    step = _least_squares(system, trust, ridge, pulled)
    slopes = state.slopes + tf.clip_by_value(step[:, 6:], -_TILTED, _TILTED)
    return _State(
        tf.clip_by_norm(state.rotation + step[:, :3], _FASTEST, axes=-1),
        tf.clip_by_norm(translation + step[:, 3:6], _FASTEST, axes=-1),
        tf.clip_by_value(slopes, -_STEEPEST, _STEEPEST),
    )


def _in_a_row(values: tf.Tensor) -> tf.Tensor:
    """`[N, h, w, C]` -> `[N, h w, C]`."""
    _, height, width, channels = values.shape
    return tf.reshape(values, (-1, height * width, channels))


def _shares(weights: tf.Tensor) -> tf.Tensor:
    """`[N, P]`, positive -> of the sum of each row."""
    return weights / tf.reduce_sum(weights, axis=-1, keepdims=True)


def _seen(places: _Places, state: _State) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
    """What a motion makes of places.

    Returns:
      turned rays `[N, P, 3]`; nearness as corrected `[N, P]`; by how much directions have moved but
      for the turn, and by how much the translation moves them, `[N, P, 2]`.
    """
    rotation = rigid.rotation_from_axis_angle(state.rotation)
    ones = tf.ones_like(places.here[..., :1])
    turned = tf.linalg.matvec(rotation[:, None], tf.concat([places.here, ones], axis=-1))
    tilt = tf.reduce_sum(state.slopes[:, None] * places.here, axis=-1)
    near = places.near * tf.exp(tf.clip_by_value(tilt, -_STEEPEST, _STEEPEST))
    moved = places.there * turned[..., 2:] - turned[..., :2]
    step = state.translation[:, None]
    return turned, near, moved, near[..., None] * (step[..., :2] - places.there * step[..., 2:])


def _turning(places: _Places, turned: tf.Tensor) -> tf.Tensor:
    """Changes of directions by a small turn, `[N, P, 2, 3]`."""
    x, y, z = tf.unstack(turned, axis=-1)
    right, down = tf.unstack(places.there, axis=-1)
    rows = [[-right * y, z + right * x, -y], [-z - down * y, down * x, x]]
    return tf.stack([tf.stack(row, axis=-1) for row in rows], axis=-2)


def _stepping(places: _Places, near: tf.Tensor) -> tf.Tensor:
    """Changes of directions by a translation, `[N, P, 2, 3]`."""
    right, down = tf.unstack(near[..., None] * places.there, axis=-1)
    none = tf.zeros_like(near)
    rows = [[near, none, -right], [none, near, -down]]
    return tf.stack([tf.stack(row, axis=-1) for row in rows], axis=-2)


def _begun(places: _Places, starts: tf.Tensor) -> _State:
    """Turns, and how long a step in the direction of each start is, that fit all places alike."""
    nothing = tf.zeros_like(starts)
    turned, _, moved, parallax = _seen(places, _State(nothing, starts, nothing[:, :2]))
    tilting = parallax[..., None] * places.here[..., None, :]
    parts = [_turning(places, turned), parallax[..., None], tilting, moved[..., None]]
    found = _least_squares(tf.concat(parts, axis=-1), places.weight, _RIDGE_OF_LENGTHS)
    length = tf.maximum(found[:, 3:4], 1.0 / 3.0)
    slopes = tf.clip_by_value(found[:, 4:] / length, -_STEEPEST, _STEEPEST)
    return _State(found[:, :3], length * starts, slopes)


def _cost(places: _Places, state: _State) -> tf.Tensor:
    """How badly places fit, whatever their depths, `[N]`."""
    _, _, moved, parallax = _seen(places, state)
    along = parallax / (tf.norm(parallax, axis=-1, keepdims=True) + 1e-9)
    across = moved[..., 0] * along[..., 1] - moved[..., 1] * along[..., 0]
    behind = tf.nn.relu(-tf.reduce_sum(moved * along, axis=-1))
    missed = tf.math.log1p((across**2 + behind**2) / (2.0 * (0.5 * _UNSURE) ** 2))
    return tf.reduce_sum(places.weight * missed, axis=-1)


def _best(state: _State, cost: tf.Tensor, kept: int) -> _State:
    """Those of `[S N, ...]` that cost least of each S, `[kept N, ...]`; `cost` is `[S, N]`."""
    chosen = []
    for _ in range(kept):
        chosen.append(tf.one_hot(tf.argmin(cost), cost.shape[0], axis=0))
        cost += 1e9 * chosen[-1]
    chosen = tf.stack(chosen)[..., None]
    of_starts = (tf.reshape(part, (1, cost.shape[0], -1, part.shape[-1])) for part in state)
    best = (tf.reduce_sum(chosen * part, axis=1) for part in of_starts)
    return _State(*(tf.reshape(part, (-1, part.shape[-1])) for part in best))


def _stretch(moved: tf.Tensor, parallax: tf.Tensor, weight: tf.Tensor) -> tf.Tensor:
    """By how much a translation is too short to explain how places have moved.

    Guesses that are wrong make least squares shrink what they are multiplied with. So the length is
    that with which things turn out as near as guessed, in the mean of logarithms.

    Args:
      moved: `[N, P, 2]`, by how much directions have moved, but for the turn of the camera.
      parallax: `[N, P, 2]`, the same as the translation explains it.
      weight: `[N, P]`, shares of all.

    Returns:
      `[N]`, positive; 1 if there is no parallax.
    """
    explained = tf.reduce_sum(parallax**2, axis=-1) + 1e-8
    along = tf.reduce_sum(parallax * moved, axis=-1)
    nearer = tf.clip_by_value(along / explained, 1.0 / _MISJUDGED, _MISJUDGED)
    squared = along**2 / explained
    weight *= squared / (squared + _UNSURE**2)
    total = tf.reduce_sum(weight * tf.math.log(nearer), axis=-1)
    return tf.exp(total / (tf.reduce_sum(weight, axis=-1) + _UNSURE))


def _whitened(values: tf.Tensor, parallax: tf.Tensor) -> tf.Tensor:
    """Directions by how unsure they are, more so along the parallax, where a guess may be wrong.

    Args:
      values: `[N, P, 2, K]`.
      parallax: `[N, P, 2]`.
    """
    spread = tf.sqrt(_UNSURE**2 + tf.reduce_sum((_MISGUESSED * parallax) ** 2, -1, keepdims=True))
    share = parallax * _MISGUESSED**2 / (spread * (spread + _UNSURE))
    along = tf.einsum("npe,npei->npi", parallax, values)
    return values - share[..., None] * along[..., None, :]


def _least_squares(
    system: tf.Tensor, weight: tf.Tensor, ridge: np.ndarray, pulled: tf.Tensor | float = 0.0
) -> tf.Tensor:
    """`[N, K]` that explains the last of `system` `[N, P, 2, K + 1]` by the others."""
    products = tf.einsum("npei,npej->nij", weight[..., None, None] * system, system)
    return solved(products[:, :-1, :-1] + np.diag(ridge), products[:, :-1, -1] - pulled)


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
