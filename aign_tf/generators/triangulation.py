"""Depths from where things have gone, in closed form and without weights."""

from __future__ import annotations

import keras
import tensorflow as tf

from aign_tf.generators.matching import motions_of_pairs
from aign_tf.generators.rays import gone_to
from aign_tf.layers import Float32Layer

# Metres of motion across a ray that tell as much about depth as they leave open.
_NO_PARALLAX = 0.02
# Bounds of triangulated nearness, by the usual one.
_FAR, _NEAR = 0.05, 5.0


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
        here, there = gone_to(self.pixels * shifts, rays, focal, 2 * rotation.shape[1])
        rotation, translation = motions_of_pairs(rotation, translation)
        rotation, translation = rotation[:, None, None], translation[:, None, None]
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
