"""Rotations: points are rows `(x, y, z)` with x right, y down, z forward; matrices are `R p`.

The functions keep the floating type of their inputs, have finite gradients everywhere, and use
only operations that XLA and TFLite compile.
"""

from __future__ import annotations

import tensorflow as tf

from aign_tf.graphics import rotation_matrix_3d

_UNIT_VECTORS = {"x": (1.0, 0.0, 0.0), "y": (0.0, 1.0, 0.0), "z": (0.0, 0.0, 1.0)}

# Where sine and cosine are both this small they tell no angle, and the gradient would blow up.
_NO_ANGLE = 1e-6


def check_shape(name: str, tensor: tf.Tensor, shape: tuple[int | None, ...]) -> None:
    """Raises ValueError if the static shape of `tensor` cannot be `shape`; None is any size."""
    expected = tf.TensorShape(shape)
    if not tensor.shape.is_compatible_with(expected):
        raise ValueError(f"{name} has shape {tensor.shape}, expected {expected}")


def rotation_about(axis: str, angle: tf.Tensor) -> tf.Tensor:
    """Right-handed rotation about one axis: about "y", z turns towards x.

    Args:
      axis: "x", "y" or "z".
      angle: `[...]`, radians.

    Returns:
      `[..., 3, 3]`.
    """
    angle = tf.convert_to_tensor(angle)
    unit = tf.constant(_UNIT_VECTORS[axis], angle.dtype)
    return rotation_matrix_3d.from_euler(tf.expand_dims(angle, -1) * unit)


def rotation_from_sin_cos(sin_cos: tf.Tensor) -> tf.Tensor:
    """R = Rz Ry Rx of three angles that a network can predict without a jump at 360 degrees.

    Source: Tung et al. 2017, camera of the 3D human pose experiments.

    Args:
      sin_cos: `[..., 3, 2]`, one pair (sine, cosine) for each of the angles about x, y and z. A
        pair may have any length; one shorter than 1e-6 counts as the angle 0.

    Returns:
      `[..., 3, 3]`.

    Raises:
      ValueError: The last two dimensions are not 3 and 2.
    """
    sin_cos = tf.convert_to_tensor(sin_cos)
    check_shape("sin_cos", sin_cos, (*sin_cos.shape[:-2], 3, 2))
    sine, cosine = tf.unstack(sin_cos, axis=-1)
    # The inputs are replaced, not the angle: the gradient of the branch not taken must be finite.
    short = tf.maximum(tf.abs(sine), tf.abs(cosine)) < _NO_ANGLE
    angles = tf.atan2(sine, tf.where(short, tf.ones_like(cosine), cosine))
    return rotation_matrix_3d.from_euler(angles)


def looking_at(ray: tf.Tensor) -> tf.Tensor:
    """The smallest rotation that turns the viewing ray (x, y, 1) onto the optical axis (0, 0, 1).

    With (u, c) = (x, y, 1) / |(x, y, 1)|, u in the image plane, Rodrigues' formula becomes

        R = [[I - u u^T / (1 + c), -u],
             [u^T,                  c]]

    which is smooth, since c > 0, and the identity for the ray (0, 0).

    Args:
      ray: `[B, 2]`, normalised image coordinates (focal length 1).

    Returns:
      `[B, 3, 3]`: points seen around the ray, `R p`, are as if seen in the middle of the picture.

    Raises:
      ValueError: `ray` has another shape.
    """
    ray = tf.convert_to_tensor(ray)
    check_shape("ray", ray, (None, 2))
    unit = tf.math.l2_normalize(tf.concat([ray, tf.ones_like(ray[:, :1])], axis=1), axis=1)
    column = tf.expand_dims(unit[:, :2], 2)
    row = tf.expand_dims(unit, 1)
    bend = column * row[:, :, :2] / (1.0 + row[:, :, 2:])
    upper = tf.concat([tf.eye(2, dtype=ray.dtype) - bend, -column], axis=2)
    return tf.concat([upper, row], axis=1)


def rotate(points: tf.Tensor, rotation: tf.Tensor) -> tf.Tensor:
    """R p for every point of a sample.

    Products and a sum instead of a matrix product, which GPUs round to TensorFloat-32: 1 mm in 1 m.
    TFG's `rotate` takes no batch of unknown size.

    Args:
      points: `[B, N, 3]`.
      rotation: `[B, 3, 3]`.

    Returns:
      `[B, N, 3]`.

    Raises:
      ValueError: The shapes are others, or the batches differ.
    """
    points, rotation = tf.convert_to_tensor(points), tf.convert_to_tensor(rotation)
    check_shape("points", points, (None, None, 3))
    check_shape("rotation", rotation, (points.shape[0], 3, 3))
    return tf.reduce_sum(tf.expand_dims(points, 2) * tf.expand_dims(rotation, 1), axis=3)
