"""Motions and depths from where things have gone, in closed form and without weights."""

from __future__ import annotations

import keras
import tensorflow as tf

from aign_tf import rigid
from aign_tf.layers import Float32Layer

# Guessed log depths are within so much of the usual one.
_GUESSED = 3.0
# What squared radians and metres cost by squared directions that are missed: so little that it only
# decides where nothing else does.
_RIDGE = 1e-4
# By how much directions are followed wrongly, about a pixel, and by which factor, as a logarithm,
# guesses are wrong.
_UNSURE, _MISGUESSED = 0.01, 0.4
# Directions missed by more than this count less and less from round to round.
_MISSED = 0.015
_ROUNDS = 3
# Nearness by this factor more or less than guessed is not taken for more than that.
_MISJUDGED = 30.0
# Metres of motion across a ray that tell as much about depth as they leave open.
_NO_PARALLAX = 0.02
# Bounds of triangulated nearness, by the usual one.
_FAR, _NEAR = 0.05, 5.0


def _steps(pixels: tf.Tensor, rays: tf.Tensor, focal: tf.Tensor, pairs: int) -> list[tf.Tensor]:
    """Rays of places, and by how much they differ from those of where the places have gone.

    Args:
      pixels: `[B pairs, h, w, 2]`, by which places have moved right and down.
      rays: `[B, h, w, 2]`.
      focal: `[B, 2]`, pixels.
      pairs: of each clip.

    Returns:
      Two of `[B pairs, h, w, 2]`.
    """
    here, focal = (tf.repeat(part, pairs, axis=0) for part in (rays, focal))
    return [here, pixels / tf.maximum(tf.reshape(focal, (-1, 1, 1, 2)), 1.0)]


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
        here, gone = _steps(self.pixels * shifts, rays, focal, self.frames - 1)
        x, y = tf.unstack(here, axis=-1)
        right, down = tf.unstack(here + gone, axis=-1)
        near = tf.exp(tf.clip_by_value(guess[..., 0], -_GUESSED, _GUESSED)) / self.usual_depth
        none, one = tf.zeros_like(x), tf.ones_like(x)
        rows = [
            [-right * y, one + right * x, -y, near, none, -right * near],
            [-one - down * y, down * x, x, none, near, -down * near],
        ]
        rows = tf.stack([tf.stack(row, axis=-1) for row in rows], axis=-2)
        trust = weight = _shares(tf.nn.softplus(guess[..., 1]) + 1e-6)
        certain = system = tf.concat([rows, gone[..., None]], axis=-1)
        for _ in range(_ROUNDS):
            products = tf.einsum("nhwei,nhwej->nij", trust[..., None, None] * certain, certain)
            motion = solved(products[:, :6, :6] + _RIDGE * tf.eye(6), products[:, :6, 6])
            moved = gone - tf.einsum("nhwei,ni->nhwe", rows[..., :3], motion[:, :3])
            parallax = tf.einsum("nhwei,ni->nhwe", rows[..., 3:], motion[:, 3:])
            stretch = _stretch(moved, parallax, weight)
            motion = tf.concat([motion[:, :3], stretch[:, None] * motion[:, 3:]], axis=-1)
            certain = _whitened(system, stretch[:, None, None, None] * parallax)
            missed = certain[..., 6] - tf.einsum("nhwei,ni->nhwe", certain[..., :6], motion)
            missed = tf.reduce_sum(missed**2, axis=-1)
            trust = _shares(weight / (1.0 + missed / _MISSED**2))
        motion = tf.reshape(motion, (-1, self.frames - 1, 6))
        return motion[..., :3], motion[..., 3:]

    def get_config(self):
        own = {"frames": self.frames, "pixels": self.pixels, "usual_depth": self.usual_depth}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("aign_tf")
class Farness(Float32Layer):
    """Log depths by the usual one, of which `MotionOfPlaces` is told nearness and weights."""

    def call(self, guess):
        """`[N, h, w, 2]` -> `[N, h, w, 1]`."""
        return -guess[..., :1]


def _shares(weights: tf.Tensor) -> tf.Tensor:
    """`[N, h, w]`, positive -> of the sum of each row."""
    return weights / tf.reduce_sum(weights, axis=(1, 2), keepdims=True)


def _stretch(moved: tf.Tensor, parallax: tf.Tensor, weight: tf.Tensor) -> tf.Tensor:
    """By how much a translation is too short to explain how places have moved.

    Guesses that are wrong make least squares shrink what they are multiplied with. So the length is
    that with which things turn out as near as guessed, in the mean of logarithms.

    Args:
      moved: `[N, h, w, 2]`, by how much directions have moved, but for the turn of the camera.
      parallax: `[N, h, w, 2]`, the same as the translation explains it.
      weight: `[N, h, w]`, shares of all.

    Returns:
      `[N]`, positive; 1 if there is no parallax.
    """
    explained = tf.reduce_sum(parallax**2, axis=-1) + 1e-8
    along = tf.reduce_sum(parallax * moved, axis=-1)
    nearer = tf.clip_by_value(along / explained, 1.0 / _MISJUDGED, _MISJUDGED)
    squared = along**2 / explained
    weight *= squared / (squared + _UNSURE**2)
    total = tf.reduce_sum(weight * tf.math.log(nearer), axis=(1, 2))
    return tf.exp(total / (tf.reduce_sum(weight, axis=(1, 2)) + _UNSURE))


def _whitened(values: tf.Tensor, parallax: tf.Tensor) -> tf.Tensor:
    """Directions by how unsure they are, more so along the parallax, where a guess may be wrong.

    Args:
      values: `[N, h, w, 2, K]`.
      parallax: `[N, h, w, 2]`.
    """
    spread = tf.sqrt(_UNSURE**2 + tf.reduce_sum((_MISGUESSED * parallax) ** 2, -1, keepdims=True))
    share = parallax * _MISGUESSED**2 / (spread * (spread + _UNSURE))
    along = tf.einsum("nhwe,nhwei->nhwi", parallax, values)
    return values - share[..., None] * along[..., None, :]


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
        here, gone = _steps(self.pixels * shifts, rays, focal, 2 * rotation.shape[1])
        there = here + gone
        rotation = rigid.rotation_from_axis_angle(rotation)
        back = rigid.inverse(rotation, translation)
        rotation = tf.reshape(tf.concat([rotation, back[0]], axis=1), (-1, 1, 1, 3, 3))
        translation = tf.reshape(tf.concat([translation, back[1]], axis=1), (-1, 1, 1, 3))
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
