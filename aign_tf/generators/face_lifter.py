"""Networks that find the depths of face landmarks.

The observation is `points` `[B, K, 2]`, x right, y down, in any unit. The factor is `face`
`[B, K, 3]`: the same points with depths in the same unit, which grow away from the camera and have
a mean of 0 in each face.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import tensorflow as tf
from keras import layers

from aign_tf import points as shapes
from aign_tf.generators.lifter import trunk
from aign_tf.layers import Float32Layer

_NO_TURN = 1e-12


@keras.saving.register_keras_serializable("aign_tf")
class AlignFace(Float32Layer):
    """Moves, scales and turns landmarks in the picture until they lie best on a template.

    A similarity in the picture changes the depths of a face by its scale alone, so nobody has to
    learn it. The turn is that of Procrustes: with points p and template t, both about their mean,
    it takes the angle of (sum p . t, sum p x t) away.

    Args:
      template: `[K][2]`, the front view of a face.
    """

    def __init__(self, template: Sequence[Sequence[float]], **kwargs):
        super().__init__(**kwargs)
        self.template = [list(point) for point in template]

    def call(self, points: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """`[B,K,2]` -> aligned points [B,K,2] about 0 and of size 1, and the size [B,1] before."""
        centred = points - tf.reduce_mean(points, axis=1, keepdims=True)
        size = shapes.deviation(centred, 1.0 / len(self.template))
        x, y = tf.unstack(centred / size[:, None], axis=2)
        template = tf.constant(self.template)
        to_x, to_y = tf.unstack(template - tf.reduce_mean(template, axis=0), axis=1)
        cosine = tf.reduce_sum(x * to_x + y * to_y, axis=1, keepdims=True)
        sine = tf.reduce_sum(x * to_y - y * to_x, axis=1, keepdims=True)
        length = tf.sqrt(cosine**2 + sine**2 + _NO_TURN)
        cosine, sine = cosine / length, sine / length
        return tf.stack([cosine * x - sine * y, sine * x + cosine * y], axis=2), size

    def get_config(self):
        return {**super().get_config(), "template": self.template}


@keras.saving.register_keras_serializable("aign_tf")
class AddDepths(Float32Layer):
    """Landmarks stay where they are seen, so that re-projection is exact."""

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        """`[points [B,K,2], depth [B,K] in sizes of the face, size [B,1]]` -> [B,K,3]."""
        points, depth, size = inputs
        depth = size * (depth - tf.reduce_mean(depth, axis=1, keepdims=True))
        return tf.concat([points, depth[..., None]], axis=2)


def face_lifter(template: Sequence[Sequence[float]], width: int, blocks: int) -> keras.Model:
    """Depths from aligned coordinates, by a residual trunk (Martinez et al. 2017).

    Args:
      template: `[K][2]`, see `AlignFace`.
      width, blocks: of the trunk.
    """
    count = len(template)
    points = keras.Input((count, 2), name="points")
    aligned, size = AlignFace(template)(points)
    x = trunk(layers.Flatten()(aligned), width, blocks)
    depth = layers.Dense(count, kernel_initializer="zeros", dtype="float32")(x)
    return keras.Model({"points": points}, {"face": AddDepths()([points, depth, size])})
