"""One frame of a video as it would be seen from the place of another.

Shapes: pictures `[B, H, W, C]`, depths `[B, H, W, 1]` in metres along the optical axis, 0 where
there is no reading. Frame a is the one that is rendered, frame b the one whose pixels are taken;
`b_from_a` is x_b = R x_a + t. The camera, `focal` and `principal_point` `[B, 2]` in pixels, is
the same for both. H and W must be known, B need not be.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from aign_tf.geometry import check_shape
from aign_tf.graphics import perspective
from aign_tf.renderers.sampling import sample

NEAR = 0.01
"""Metres: what is not beyond this counts as behind the camera, and as being at this depth."""

OCCLUSION_TOLERANCE = 0.1
"""A point is hidden if it lies farther than what is seen there by more than this share."""

# Pixels outside the frame that still count as inside: what the rounding of a pose may move.
_BORDER = 1e-3


class Warped(NamedTuple):
    """What `warp` returns.

    Attributes:
      image: `[B, H, W, C]`, frame b, read bilinearly where the points of frame a are seen in it;
        outside of it the nearest pixel.
      valid: `[B, H, W, 1]`, 1 where that is the same point, else 0: where a has no depth, where the
        point is behind the camera of b, out of its frame or, if `depth_there` is given, hidden or
        at a place without a reading. It has no gradient.
      flow: `[B, H, W, 2]`, pixels that a point moves right and down from a to b.
      depth: `[B, H, W, 1]`, of the points of a in frame b, at least `NEAR`.
      depth_there: `[B, H, W, 1]`, read where the points are seen, as `image`; or None.
    """

    image: tf.Tensor
    valid: tf.Tensor
    flow: tf.Tensor
    depth: tf.Tensor
    depth_there: tf.Tensor | None


def unproject(depth: tf.Tensor, focal: tf.Tensor, principal_point: tf.Tensor) -> tf.Tensor:
    """The points that a depth map shows.

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
    return depth * _rays(*depth.shape[1:3], focal, principal_point)


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

    Differentiable by every argument; values and gradients are finite also for points behind the
    camera, and no motion at all returns the image itself, bit for bit.

    Args:
      image: of frame b.
      depth_there: depth of frame b, or None.
      depth: of frame a.
      rotation: `[B, 3, 3]`, R.
      translation: `[B, 3]`, t, metres.
      focal, principal_point: see the module.

    Raises:
      ValueError: The shapes are others.
    """
    image = tf.convert_to_tensor(image)
    check_shape("image", image, (None, None, None, None))
    batch, height, width = image.shape[:3]
    given = {
        "depth": (depth, (batch, height, width, 1)),
        "rotation": (rotation, (batch, 3, 3)),
        "translation": (translation, (batch, 3)),
        "focal": (focal, (batch, 2)),
        "principal_point": (principal_point, (batch, 2)),
    }
    for name, (tensor, shape) in given.items():
        check_shape(name, tf.convert_to_tensor(tensor), shape)
    x, y, valid, flow, moved = _move(*(tensor for tensor, _ in given.values()))
    warped = sample(image, x, y)
    if depth_there is None:
        return Warped(warped, valid, flow, moved, None)
    check_shape("depth_there", tf.convert_to_tensor(depth_there), (batch, height, width, 1))
    seen = sample(depth_there, x, y)
    visible = tf.cast(moved <= seen * (1.0 + OCCLUSION_TOLERANCE), valid.dtype)
    return Warped(warped, valid * visible, flow, moved, seen)


@tf.custom_gradient
def _move(*inputs: tf.Tensor):
    """`_moved`, whose gradient computes again what it needs: faster than to keep it all."""
    return _moved(*inputs), lambda *upstream: _moved_gradients(inputs, upstream)


@tf.function(jit_compile=True, autograph=False)
def _moved_gradients(inputs, upstream):
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = _moved(*inputs)
    return tape.gradient(outputs, inputs, upstream)


@tf.function(jit_compile=True, autograph=False)
def _moved(depth, rotation, translation, focal, principal_point):
    """Where the points of a are seen in b: x and y `[B, H, W]`, valid, flow and depth.

    With the ray r = (x, y, 1) of a pixel, its point p = d r is displaced by m = (R - I) p + t and
    seen f (m_xy - r_xy m_z) / (d + m_z) pixels farther. That is the same as projecting R p + t,
    but exactly 0 where nothing moves, and to seven digits of the flow, not of the place.

    Rays are kept as a row and a column, which is twice as fast as TFG's, of three numbers a pixel.
    """
    height, width = depth.shape[1:3]
    columns = tf.range(width, dtype=depth.dtype)
    rows = tf.range(height, dtype=depth.dtype)[:, tf.newaxis]
    depth = depth[..., 0]
    (fx, fy), (cx, cy), (tx, ty, tz) = map(_numbers, (focal, principal_point, translation))
    ray_x, ray_y = (columns - cx) / fx, (rows - cy) / fy
    turn = tf.unstack(rotation - tf.eye(3, dtype=rotation.dtype), axis=1)
    right, down, forward = (
        depth * ((a * ray_x + c) + b * ray_y) + shift
        for (a, b, c), shift in zip(map(_numbers, turn), (tx, ty, tz))
    )
    moved = depth + forward
    in_front = tf.logical_and(depth > 0.0, moved > NEAR)
    moved = tf.maximum(moved, NEAR)
    flow_x = fx * (right - ray_x * forward) / moved
    flow_y = fy * (down - ray_y * forward) / moved
    x, y = columns + flow_x, rows + flow_y
    valid = tf.logical_and(in_front, tf.logical_and(_within(x, width), _within(y, height)))
    valid = tf.cast(valid, depth.dtype)[..., tf.newaxis]
    return x, y, valid, tf.stack([flow_x, flow_y], axis=-1), moved[..., tf.newaxis]


def _numbers(vectors: tf.Tensor) -> list[tf.Tensor]:
    """`[B, N]` -> N times `[B, 1, 1]`, which multiply pictures."""
    return tf.unstack(vectors[:, tf.newaxis, tf.newaxis], axis=-1)


def _within(x: tf.Tensor, size: int) -> tf.Tensor:
    return tf.logical_and(x >= -_BORDER, x <= size - 1.0 + _BORDER)


def _rays(height: int, width: int, focal: tf.Tensor, principal_point: tf.Tensor) -> tf.Tensor:
    """`[B, H, W, 3]`, the ray (x, y, 1) of every pixel. TFG's `unproject` knows no open batch."""
    across, down = (tf.range(size, dtype=focal.dtype) for size in (width, height))
    pixels = tf.stack(tf.meshgrid(across, down), axis=-1)[tf.newaxis]
    focal, principal_point = (x[:, tf.newaxis, tf.newaxis] for x in (focal, principal_point))
    return perspective.ray(pixels, focal, principal_point)
