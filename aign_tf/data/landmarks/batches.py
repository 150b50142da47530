"""What varies at random in training batches of faces, as TensorFlow functions of a seed."""

from __future__ import annotations

import tensorflow as tf

from aign_tf import points as shapes
from aign_tf.data import views
from aign_tf.data.landmarks.views import DIAMETER


def seen_like(
    memory: tf.Tensor, points: tf.Tensor, angles: tuple[float, float, float], noise: float, seed
) -> tf.Tensor:
    """Remembered faces from random sides, as large and at the same places as observed ones.

    The noise of a detector moves their points in the picture and leaves their depths.

    Args:
      memory: `[B, K, 3]` upright, looking at the camera, in any unit.
      points: `[B, K, 2]` of observed faces.
      angles: degrees of yaw, pitch and roll to either side at most.
      noise: its deviation, in sizes of a face.
      seed: int `[2]`.

    Returns:
      `[B, K, 3]`, in the unit of `points`; depths have a mean of 0.
    """
    camera, error = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
    yaw, pitch, roll = angles
    memory -= tf.reduce_mean(memory, axis=1, keepdims=True)
    turned = views.from_anywhere(memory, (-yaw, yaw), (-pitch, pitch), roll, camera)
    middle = tf.reduce_mean(points, axis=1, keepdims=True)
    share = 1.0 / memory.shape[1]
    size = shapes.deviation(points - middle, share)[:, None]
    turned *= size / shapes.deviation(turned[..., :2], share)[:, None]
    seen = turned[..., :2] + middle
    seen += DIAMETER * noise * size * tf.random.stateless_normal(tf.shape(seen), error)
    return tf.concat([seen, turned[..., 2:]], axis=2)


def mirrored(faces: tf.Tensor, mirror, seed) -> tf.Tensor:
    """Left and right of pictures of side 1 swapped in half of the samples.

    Args:
      faces: `[B, K, D]`, x first.
      mirror: for each landmark the index of the one on the other side.
      seed: int `[2]`.
    """
    middle = tf.constant([0.5] + [0.0] * (faces.shape[2] - 1))
    (swapped,) = views.mirrored([faces - middle], mirror, seed)
    return swapped + middle
