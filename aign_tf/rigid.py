"""Rigid motions `b_from_a`: x_b = R x_a + t, with rotations that a network can predict.

The functions keep the floating type of their inputs and have finite gradients, those of no motion
at all included. Points and matrices are as in `aign_tf.geometry`.
"""

from __future__ import annotations

import tensorflow as tf

from aign_tf.geometry import check_shape
from aign_tf.graphics import rotation_matrix_3d

# Squared radians, below which the series are exact to the last digit of float64.
_SMALL = 1e-4

# The slope of the arc sine is infinite at 1; here it is 707, five minutes of arc off 90 degrees.
_LARGEST_SINE = 1.0 - 1e-6


def rotation_from_axis_angle(vector: tf.Tensor) -> tf.Tensor:
    """The turn about the direction of a vector by its length.

    Through the quaternion (v sin(|v| / 2) / |v|, cos(|v| / 2)), of which both parts are smooth
    functions of |v|^2. TFG's `from_axis_angle` takes a unit axis, and no rotation has none.

    Args:
      vector: `[..., 3]`, radians, of a length below 1e15.

    Returns:
      `[..., 3, 3]`; exactly the identity for 0.

    Raises:
      ValueError: The last dimension is not 3.
    """
    vector = tf.convert_to_tensor(vector)
    check_shape("vector", vector, (*vector.shape[:-1], 3))
    squared = tf.reduce_sum(vector * vector, axis=-1, keepdims=True)
    small = squared < _SMALL
    # The inputs are replaced, not the results: the gradient of the branch not taken must be finite.
    angle = tf.sqrt(tf.where(small, tf.ones_like(squared), squared))
    x = tf.where(small, squared, tf.zeros_like(squared))
    scale = tf.where(small, 1 / 2 - x / 48 + x * x / 3840, tf.sin(angle / 2) / angle)
    cosine = tf.where(small, 1 - x / 8 + x * x / 384, tf.cos(angle / 2))
    return rotation_matrix_3d.from_quaternion(tf.concat([scale * vector, cosine], axis=-1))


def rotation_from_sines(sines: tf.Tensor) -> tf.Tensor:
    """R = Rz Ry Rx of three angles within 90 degrees, given by their sines.

    Source: Tung et al. 2017, egomotion.

    Args:
      sines: `[..., 3]`, of the angles about x, y and z. What is beyond 1 - 1e-6 counts as that and
        has no gradient.

    Returns:
      `[..., 3, 3]`; exactly the identity for 0.

    Raises:
      ValueError: The last dimension is not 3.
    """
    sines = tf.convert_to_tensor(sines)
    check_shape("sines", sines, (*sines.shape[:-1], 3))
    angles = tf.asin(tf.clip_by_value(sines, -_LARGEST_SINE, _LARGEST_SINE))
    return rotation_matrix_3d.from_euler(angles)


def inverse(rotation: tf.Tensor, translation: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """`a_from_b` of `b_from_a`: (R^T, -R^T t).

    Products and a sum instead of a matrix product, which GPUs round to TensorFloat-32.

    Args:
      rotation: `[..., 3, 3]`.
      translation: `[..., 3]`, metres.

    Returns:
      Rotation and translation of the same shapes.

    Raises:
      ValueError: The shapes are others.
    """
    rotation, translation = tf.convert_to_tensor(rotation), tf.convert_to_tensor(translation)
    check_shape("translation", translation, (*rotation.shape[:-2], 3))
    check_shape("rotation", rotation, (*translation.shape[:-1], 3, 3))
    back = -tf.reduce_sum(rotation * tf.expand_dims(translation, -1), axis=-2)
    return rotation_matrix_3d.inverse(rotation), back
