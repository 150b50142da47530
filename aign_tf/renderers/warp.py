"""One frame of a video as it would be seen from the place of another.

Shapes: pictures `[B, H, W, C]`; depths `[B, H, W, 1]`, metres along the optical axis, 0 where there
is no reading; `focal` and `principal_point` `[B, 2]`, pixels, the same camera for both frames. All
are of one floating type, and every size may be open in a graph. Frame a is the one that is
rendered, frame b the one whose pixels are taken; `b_from_a` is x_b = R x_a + t.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from aign_tf.fused import fused
from aign_tf.geometry import check_shape
from aign_tf.graphics import perspective
from aign_tf.renderers.sampling import sample

NEAR = 0.01
"""Metres: what is not farther counts as behind the camera, and is drawn at this depth."""

OCCLUSION_TOLERANCE = 0.1
"""A point is hidden if it lies farther than what is seen there by more than this share."""

# Pixels outside the frame that still count as inside: what the rounding of a pose may move.
_BORDER = 1e-3


class Warped(NamedTuple):
    """What `warp` returns.

    Attributes:
      image: `[B, H, W, C]`, frame b, read where the points of a are seen in it; outside of the
        frame its nearest pixel.
      inside: `[B, H, W, 1]`, 1 where the point is in the frame of b, else 0: where a has no depth,
        or where the point is behind the camera of b or outside its frame. Without gradient.
      valid: `[B, H, W, 1]`, the same, but 0 also where `depth_there`, if it is given, hides the
        point or has no reading.
      flow: `[B, H, W, 2]`, pixels that a point moves right and down from a to b.
      depth: `[B, H, W, 1]`, of the points of a in frame b, at least `NEAR`.
      depth_there: `[B, H, W, 1]`, read as `image` is; or None.
    """

    image: tf.Tensor
    inside: tf.Tensor
    valid: tf.Tensor
    flow: tf.Tensor
    depth: tf.Tensor
    depth_there: tf.Tensor | None


def flow_inside(warped: Warped) -> tf.Tensor:
    """The flow `[B, H, W, 2]`, NaN of what leaves the frame."""
    return tf.where(warped.inside > 0.0, warped.flow, float("nan"))


def unproject(depth: tf.Tensor, focal: tf.Tensor, principal_point: tf.Tensor) -> tf.Tensor:
    """The points that a depth map shows. TFG's own `unproject` takes no batch of unknown size.

    Args:
      depth, focal, principal_point: see the module.

    Returns:
      `[B, H, W, 3]`, metres, in the frame of the camera.

    Raises:
      ValueError: The shapes are others.
    """
    depth, focal, principal_point = map(tf.convert_to_tensor, (depth, focal, principal_point))
    check_shape("depth", depth, (None, None, None, 1))
    check_shape("focal", focal, (depth.shape[0], 2))
    check_shape("principal_point", principal_point, (depth.shape[0], 2))
    pixels = tf.stack(tf.meshgrid(*_places(depth)), axis=-1)[tf.newaxis]
    focal, principal_point = (each[:, tf.newaxis, tf.newaxis] for each in (focal, principal_point))
    return depth * perspective.ray(pixels, focal, principal_point)


def warp(
    image: tf.Tensor,
    depth_there: tf.Tensor | None,
    depth: tf.Tensor,
    rotation: tf.Tensor,
    translation: tf.Tensor,
    focal: tf.Tensor,
    principal_point: tf.Tensor,
) -> Warped:
    """Frame b as seen from frame a.

    Differentiable by every argument. Values and gradients are finite for points behind the camera
    too, and where nothing moves the image comes back bit for bit.

    Args:
      image, depth_there: of frame b; the depth may be None.
      depth: of frame a.
      rotation, translation: `[B, 3, 3]` and `[B, 3]`, metres, `b_from_a`.
      focal, principal_point: see the module.

    Raises:
      ValueError: The shapes are others.
    """
    image = tf.convert_to_tensor(image)
    check_shape("image", image, (None, None, None, None))
    batch, height, width = image.shape[:3]

    def checked(name, tensor, *shape):
        tensor = tf.convert_to_tensor(tensor)
        check_shape(name, tensor, (batch, *shape))
        return tensor

    moved = _move(
        checked("depth", depth, height, width, 1),
        checked("rotation", rotation, 3, 3),
        checked("translation", translation, 3),
        checked("focal", focal, 2),
        checked("principal_point", principal_point, 2),
    )
    # Traced for all sizes, it knows none.
    x, y, inside, flow, depth = (
        tf.ensure_shape(each, (batch, height, width, *each.shape[3:])) for each in moved
    )
    warped, seen, valid = sample(image, x, y), None, inside
    if depth_there is not None:
        seen = sample(checked("depth_there", depth_there, height, width, 1), x, y)
        valid = inside * tf.cast(depth <= seen * (1.0 + OCCLUSION_TOLERANCE), valid.dtype)
    return Warped(warped, inside, valid, flow, depth, seen)


@tf.custom_gradient
def _move(*inputs: tf.Tensor):
    """`_moved`, whose gradient computes again what it needs: faster than to keep it all."""
    return _moved(*inputs), lambda *upstream: _moved_gradients(inputs, upstream)


@fused
def _moved_gradients(inputs: tuple[tf.Tensor, ...], upstream: tuple[tf.Tensor, ...]) -> tuple:
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = _moved(*inputs)
    return tape.gradient(outputs, inputs, upstream)


@fused
def _moved(depth, rotation, translation, focal, principal_point) -> tuple[tf.Tensor, ...]:
    """Where the points of a are seen in b: x and y `[B, H, W]`, valid, flow and depth.

    With the ray r = (x, y, 1) of a pixel, its point p = d r is displaced by m = (R - I) p + t and
    seen f (m_xy - r_xy m_z) / (d + m_z) pixels farther. This is the projection of R p + t, but
    exactly 0 where nothing moves, and rounded in proportion to the flow, not to the place.

    Rays are one row and one column: a third of the time that TFG's take, three numbers a pixel.
    """
    columns, rows = _places(depth)
    rows, depth = rows[:, tf.newaxis], depth[..., 0]
    (fx, fy), (cx, cy), (tx, ty, tz) = map(_numbers, (focal, principal_point, translation))
    ray_x, ray_y = (columns - cx) / fx, (rows - cy) / fy
    turn = tf.unstack(rotation - tf.eye(3, dtype=rotation.dtype), axis=1)
    right, down, forward = (
        depth * ((a * ray_x + c) + b * ray_y) + shift
        for (a, b, c), shift in zip(map(_numbers, turn), (tx, ty, tz))
    )
    moved = depth + forward
    in_front = tf.logical_and(depth > 0.0, moved > NEAR)
    # Not `maximum`: on a CPU, XLA's makes a number of what is none, and hides a mistake.
    moved = tf.where(moved < NEAR, tf.constant(NEAR, moved.dtype), moved)
    flow_x = fx * (right - ray_x * forward) / moved
    flow_y = fy * (down - ray_y * forward) / moved
    x, y = columns + flow_x, rows + flow_y
    inside = tf.logical_and(_within(x, columns), _within(y, rows))
    valid = tf.cast(tf.logical_and(in_front, inside), depth.dtype)[..., tf.newaxis]
    return x, y, valid, tf.stack([flow_x, flow_y], axis=-1), moved[..., tf.newaxis]


def _numbers(vectors: tf.Tensor) -> list[tf.Tensor]:
    """`[B, N]` -> N times `[B, 1, 1]`, to multiply pictures with."""
    return tf.unstack(vectors[:, tf.newaxis, tf.newaxis], axis=-1)


def _places(picture: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The numbers of the columns, `[W]`, and of the rows, `[H]`, in the type of the picture."""
    height, width = tf.unstack(tf.shape(picture)[1:3])
    return tf.range(width, dtype=picture.dtype), tf.range(height, dtype=picture.dtype)


def _within(place: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
    return tf.logical_and(place >= -_BORDER, place <= tf.reduce_max(places) + _BORDER)
