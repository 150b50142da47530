"""Motions and depths from where things have gone, in closed form and without weights."""

from __future__ import annotations

import keras
import tensorflow as tf

from aign_tf import rigid
from aign_tf.layers import Float32Layer

# Guessed log depths are within so much of the usual one.
_GUESSED = 3.0
# What squared radians and metres cost by squared directions that are missed: turns of 3 degrees and
# steps of 20 cm are usual, and places that miss by a pixel all alike are too.
_RIDGE = (1e-3, 1e-3, 1e-3, 1e-4, 1e-4, 1e-4)
# Metres of motion across a ray that tell as much about depth as they leave open.
_NO_PARALLAX = 0.02
# Bounds of triangulated nearness, by the usual one.
_FAR, _NEAR = 0.05, 5.0


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
