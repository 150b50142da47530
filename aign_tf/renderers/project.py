"""What a camera sees of points in space: perspective, weak perspective, orthographic, affine.

Factors of the first three layers: `pose` float `[B, J, 3]`, metres relative to the root joint, and
`position` float `[B, 3]`, metres, the root; both in the camera frame, x right, y down, z forward.
They return `joints` float32 `[B, J, 2]`. `AffineProjection` says what it takes itself.

The two perspectives read these entries of the observation, each optional:

- `focal`, `principal_point` `[B, 2]`, pixels. Without them (1 and 0) `joints` are normalised image
  coordinates, in which a ray is (x, y, 1).
- `radial` `[B, 3]` k1 k2 k3 and `tangential` `[B, 2]` p1 p2, the lens distortion of Brown (1966)
  as OpenCV writes it. Without them there is none.

Shapes are checked where they are known; another one is a ValueError.
"""

from __future__ import annotations

import functools

import keras
import tensorflow as tf

from aign_tf.geometry import check_shape
from aign_tf.graphics import orthographic, perspective
from aign_tf.layers import Float32Layer

NEAR = 0.1
"""Metres: the near plane. What is nearer or behind the camera is drawn at NEAR / 2 to NEAR."""

LENS_RADIUS = 2.0
"""Radius (63 degrees off the axis) beyond which radial distortion grows no more."""

Tensors = dict[str, tf.Tensor]


@keras.saving.register_keras_serializable("aign_tf")
class PerspectiveProjection(Float32Layer):
    """A pinhole camera with a lens: each joint at its own depth."""

    def call(self, factors: Tensors, observation: Tensors) -> Tensors:
        """Entries and shapes: see the module."""
        pose, position = _pose_and_position(factors)
        return {"joints": _seen(pose + position, observation)}


@keras.saving.register_keras_serializable("aign_tf")
class WeakPerspectiveProjection(Float32Layer):
    """The perspective of the flattened pose: all joints at the depth of the root."""

    def call(self, factors: Tensors, observation: Tensors) -> Tensors:
        """Entries and shapes: see the module."""
        pose, position = _pose_and_position(factors)
        return {"joints": _seen(pose * (1.0, 1.0, 0.0) + position, observation)}


@keras.saving.register_keras_serializable("aign_tf")
class OrthographicProjection(Float32Layer):
    """x and y in metres, whatever the depth; no camera is read from the observation."""

    def call(self, factors: Tensors, observation: Tensors) -> Tensors:
        """Entries and shapes: see the module."""
        pose, position = _pose_and_position(factors)
        return {"joints": orthographic.project(pose + position)}


@keras.saving.register_keras_serializable("aign_tf")
class AffineProjection(Float32Layer):
    """Parallel rays into a picture that is stretched and moved."""

    def call(self, factors: Tensors, observation: Tensors) -> Tensors:
        """`face` `[B, K, 3]` -> `points` `[B, K, 2]`, in the unit of the face.

        The camera is a part of the factors, where these have one: `focal` `[B, 2]` stretches x and
        y, `principal_point` `[B, 2]` is where the origin is seen. Nothing is read from the
        observation.
        """
        face = _entry(factors, "face", (None, None, 3))
        focal = _camera(factors, "focal", (1.0, 1.0), face.shape[0])
        centre = _camera(factors, "principal_point", (0.0, 0.0), face.shape[0])
        return {"points": focal * orthographic.project(face) + centre}


def _pose_and_position(factors: Tensors) -> tuple[tf.Tensor, tf.Tensor]:
    """`[B, J, 3]` and `[B, 1, 3]`, checked."""
    pose = _entry(factors, "pose", (None, None, 3))
    position = _entry(factors, "position", (pose.shape[0], 3))
    return pose, tf.expand_dims(position, 1)


def _entry(entries: Tensors, name: str, shape: tuple[int | None, ...]) -> tf.Tensor:
    """An entry in float32: Keras 2 casts nothing but the first argument of a layer."""
    entry = tf.cast(entries[name], tf.float32)
    check_shape(name, entry, shape)
    return entry


def _camera(
    entries: Tensors, name: str, default: tuple[float, ...], count: int | None
) -> tf.Tensor:
    """An entry of a camera for each of `count` samples, `[count, 1, D]`, or its default `[D]`."""
    if name not in entries:
        return tf.constant(default)
    return tf.expand_dims(_entry(entries, name, (count, len(default))), 1)


def _seen(points: tf.Tensor, observation: Tensors) -> tf.Tensor:
    """Points `[B, J, 3]` -> image `[B, J, 2]`."""

    camera = functools.partial(_camera, observation, count=points.shape[0])
    across, depth = tf.split(points, [2, 1], axis=-1)
    points = tf.concat([across, _in_front(depth)], axis=-1)
    rays = perspective.project(points, focal=(1.0, 1.0), principal_point=(0.0, 0.0))
    bent = _distorted(rays, camera("radial", (0.0, 0.0, 0.0)), camera("tangential", (0.0, 0.0)))
    return camera("focal", (1.0, 1.0)) * bent + camera("principal_point", (0.0, 0.0))


def _in_front(depth: tf.Tensor) -> tf.Tensor:
    """Depths of at least NEAR as they are, all others squeezed smoothly into (NEAR / 2, NEAR).

    With t = 1 - z / NEAR > 0 the depth is NEAR / 2 (1 + 1 / (1 + 2 t)), of slope 1 / (1 + 2 t)^2.
    A hard clamp would give a joint behind the camera no gradient that brings it back; the slope
    here falls slowly from 1 at the near plane and never reaches zero.
    """
    behind = tf.nn.relu(1.0 - depth / NEAR)
    squeezed = NEAR / 2.0 * (1.0 + 1.0 / (1.0 + 2.0 * behind))
    return tf.where(depth < NEAR, squeezed, depth)


def _distorted(rays: tf.Tensor, radial: tf.Tensor, tangential: tf.Tensor) -> tf.Tensor:
    """Brown's lens for rays `[B, J, 2]`; coefficients `[B, 1, 3]` and `[B, 1, 2]`.

    With r2 = x x + y y, (x, y) goes to (x f + 2 p1 x y + p2 (r2 + 2 x x),
    y f + p1 (r2 + 2 y y) + 2 p2 x y), f = 1 + k1 r2 + k2 r2^2 + k3 r2^3. TFG's distortion has k1
    alone.
    """
    k1, k2, k3 = tf.split(radial, 3, axis=-1)
    squared = tf.reduce_sum(rays * rays, axis=-1, keepdims=True)
    # The polynomial is fitted inside the picture; far outside it, it would explode or turn back.
    within = tf.minimum(squared, LENS_RADIUS**2)
    factor = 1.0 + within * (k1 + within * (k2 + within * k3))
    # p1 belongs to y and p2 to x. 2 x (p . (x, y)) + p r2 holds both rows of the formula.
    shift = tf.reverse(tangential, axis=[-1])
    along = tf.reduce_sum(shift * rays, axis=-1, keepdims=True)
    return rays * (factor + 2.0 * along) + shift * squared
