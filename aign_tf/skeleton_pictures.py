"""Drawings of skeletons: joints seen in a picture, and poses in space above a floor.

Left limbs are blue, right limbs red, the trunk and the head dark grey. All pictures are uint8 RGB
on white; `aign_tf.data.augment.normalized` turns them into what `captioned_grid` takes.
"""

from __future__ import annotations

import numpy as np

from aign_tf.canvas import WHITE, Canvas, Colour
from aign_tf.skeletons import Skeleton

_LEFT, _RIGHT, _MIDDLE = (35, 95, 205), (212, 48, 40), (70, 70, 78)
_FLOOR, _SHADOW = (212, 215, 222), (196, 199, 208)
_BONE_WIDTH, _JOINT_RADIUS = 0.022, 0.017  # shares of the picture's side
_DISTANCE = 5.0  # metres from the camera to the person: a mild perspective
_RAISED = 0.25  # elevation of turning cameras, radians


def fit(joints: np.ndarray, confidence: np.ndarray | None = None) -> np.ndarray:
    """Moves and scales 2D joints into the unit square, aspect kept, for `draw_joints`.

    All frames move alike, so a person who walks through a video walks through the square.

    Args:
      joints: `[..., J, 2]` in any unit, x right, y down.
      confidence: `[..., J]`; joints at 0 are missing and do not count. None: all are seen.

    Returns:
      float64 `[..., J, 2]`, shares of the square; seen joints lie between 0.1 and 0.9,
      missing ones are NaN, which `draw_joints` leaves out.
    """
    seen = _seen(joints, confidence)
    joints = np.where(seen[..., None], joints, np.nan).astype(np.float64)
    if not seen.any():
        return joints
    low, high = joints[seen].min(axis=0), joints[seen].max(axis=0)
    size = max(np.max(high - low), np.finfo(np.float32).tiny)
    return (joints - (low + high) / 2) * (0.8 / size) + 0.5


def draw_joints(
    points: np.ndarray, skeleton: Skeleton, side: int, confidence: np.ndarray | None = None
) -> np.ndarray:
    """A skeleton as a camera sees it.

    Args:
      points: `[J, 2]`, shares of the picture from its upper left corner, see `fit`.
      skeleton: of the J joints.
      side: of the picture, in pixels.
      confidence: `[J]`; joints at 0, and those that are not finite, are left out with their bones.

    Returns:
      uint8 `[side, side, 3]`.
    """
    points = np.asarray(points, np.float64)
    canvas = Canvas(side)
    depth = np.full(len(points), -1.0)
    _draw_skeleton(canvas, points, depth, skeleton, _seen(points, confidence))
    return canvas.picture()


def seen_from(points: np.ndarray, azimuth: float, elevation: float) -> np.ndarray:
    """Points `[..., 3]` as a camera sees them that has walked around the origin, looking at it.

    Axes are x right, y down, z forward, before and after. A quarter turn of `azimuth` takes the
    camera to the side where x is positive; a positive `elevation` raises it. Both in radians.
    """
    x, y, z = np.moveaxis(np.asarray(points, np.float64), -1, 0)
    z, x = _turned(z, x, azimuth)
    y, z = _turned(y, z, elevation)
    return np.stack([x, y, z], axis=-1)


def draw_pose(
    pose: np.ndarray,
    skeleton: Skeleton,
    side: int,
    azimuth: float = 0.0,
    elevation: float = 0.0,
    extent: float = 2.4,
) -> np.ndarray:
    """A pose on a floor, in mild perspective; what is far is paler and behind what is near.

    The lowest joint touches the floor, whose height in the picture is fixed.

    Args:
      pose: `[J, 3]`, metres relative to the root; x right, y down, z forward. Joints that are not
        finite are left out.
      skeleton: of the J joints.
      side: of the picture, in pixels.
      azimuth, elevation: radians, see `seen_from`.
      extent: metres from edge to edge; 2.4 holds most people with their arms raised.

    Returns:
      uint8 `[side, side, 3]`.
    """
    seen = _seen(pose)
    pose = np.where(seen[:, None], pose, 0.0)
    ground = pose[seen, 1].max() if seen.any() else 0.0
    centre = np.array([0.0, ground - 0.38 * extent, 0.0])

    def shown(points):
        """Shares of the picture and depths relative to the root of points in the pose's frame."""
        x, y, depth = np.moveaxis(seen_from(points - centre, azimuth, elevation), -1, 0)
        scale = _DISTANCE / (extent * np.maximum(_DISTANCE + depth, 0.1 * _DISTANCE))
        return np.stack([x * scale, y * scale], axis=-1) + 0.5, depth

    canvas = Canvas(side)
    for line in _floor(ground):
        canvas.line(shown(line)[0], 0.2 * _BONE_WIDTH, _FLOOR)
    for ends in shown(pose * [1, 0, 1] + [0, ground, 0])[0][_seen_bones(skeleton, seen)]:
        canvas.line(ends, 0.7 * _BONE_WIDTH, _SHADOW)
        canvas.dot(ends[1], 0.35 * _BONE_WIDTH, _SHADOW)
    _draw_skeleton(canvas, *shown(pose), skeleton, seen)
    return canvas.picture()


def turntable(
    pose: np.ndarray,
    skeleton: Skeleton,
    joints: np.ndarray | None = None,
    confidence: np.ndarray | None = None,
    frames: int = 36,
    side: int = 256,
) -> np.ndarray:
    """A full turn around a pose, beside the joints that it was lifted from, if given.

    Args:
      pose: `[J, 3]`, see `draw_pose`.
      skeleton: of the J joints.
      joints: `[J, 2]` in any unit, x right, y down, or None.
      confidence: `[J]` of `joints`, 0 is missing; None: all are seen.
      frames: of the full turn.
      side: of each panel, in pixels.

    Returns:
      uint8 `[frames, side, W, 3]`; W is `side`, or twice that with `joints`.
    """
    azimuths = np.linspace(0.0, 2 * np.pi, frames, endpoint=False)
    turn = np.stack([draw_pose(pose, skeleton, side, azimuth, _RAISED) for azimuth in azimuths])
    if joints is None:
        return turn
    still = draw_joints(fit(joints, confidence), skeleton, side)
    return np.concatenate([np.broadcast_to(still, turn.shape), turn], axis=2)


def motion(
    poses: np.ndarray,
    joints: np.ndarray,
    skeleton: Skeleton,
    confidence: np.ndarray | None = None,
    side: int = 256,
) -> np.ndarray:
    """Frame by frame: the joints seen, the pose from the front and from a camera walking around.

    Args:
      poses: `[T, J, 3]`, see `draw_pose`.
      joints: `[T, J, 2]` in any unit, x right, y down.
      skeleton: of the J joints.
      confidence: `[T, J]` of `joints`, 0 is missing; None: all are seen.
      side: of each panel, in pixels.

    Returns:
      uint8 `[T, side, 3 * side, 3]`.
    """
    azimuths = np.pi / 4 + np.radians(2) * np.arange(len(poses))
    panels = (
        [draw_joints(points, skeleton, side) for points in fit(joints, confidence)],
        [draw_pose(pose, skeleton, side) for pose in poses],
        [draw_pose(pose, skeleton, side, turn, _RAISED) for pose, turn in zip(poses, azimuths)],
    )
    return np.concatenate(panels, axis=2)


def _turned(a: np.ndarray, b: np.ndarray, angle: float) -> tuple[np.ndarray, np.ndarray]:
    cos, sin = np.cos(angle), np.sin(angle)
    return cos * a - sin * b, sin * a + cos * b


def _seen(points: np.ndarray, confidence: np.ndarray | None = None) -> np.ndarray:
    finite = np.isfinite(points).all(axis=-1)
    return finite if confidence is None else finite & (np.asarray(confidence) > 0)


def _seen_bones(skeleton: Skeleton, seen: np.ndarray) -> np.ndarray:
    """`(parent, child)` of the bones with two seen ends: int `[bones, 2]`."""
    bones = np.array(skeleton.bones)
    return bones[seen[bones].all(axis=1)]


def _floor(ground: float) -> np.ndarray:
    """End points `[lines, 2, 3]` of a grid under the root, one metre wide, in tiles of 25 cm."""
    along = np.array([[(x, ground, -0.5), (x, ground, 0.5)] for x in np.linspace(-0.5, 0.5, 5)])
    return np.concatenate([along, along[..., ::-1]])


def _colour(parent: str, child: str) -> Colour:
    """Of a bone. One that joins both sides, such as shoulder to shoulder, belongs to neither."""
    left, right = (side in f"{parent} {child}" for side in ("left_", "right_"))
    if left == right:
        return _MIDDLE
    return _LEFT if left else _RIGHT


def _paler(colour: Colour, depth: float) -> Colour:
    """Mixed with white: not at all well before the root, most a metre behind it."""
    share = 0.6 * float(np.clip((depth + 0.25) / 1.25, 0.0, 1.0))
    return tuple(round(channel + share * (255 - channel)) for channel in colour)


def _draw_skeleton(
    canvas: Canvas, points: np.ndarray, depth: np.ndarray, skeleton: Skeleton, seen: np.ndarray
) -> None:
    """Bones and joints from far to near; a white rim tells which of two crossing is nearer."""
    dots = np.repeat(np.flatnonzero(seen)[:, None], 2, axis=1)
    parts = np.concatenate([_seen_bones(skeleton, seen), dots])
    distances = depth[parts].mean(axis=1)
    for part in np.argsort(-distances, kind="stable"):
        start, end = points[parts[part]]
        parent, child = (skeleton.joints[joint] for joint in parts[part])
        colour = _paler(_colour(parent, child), distances[part])
        if parent == child:
            canvas.dot(start, _JOINT_RADIUS, colour)
        else:
            inset = 0.2 * (end - start)
            canvas.line(np.stack([start + inset, end - inset]), 1.8 * _BONE_WIDTH, WHITE)
            canvas.line(np.stack([start, end]), _BONE_WIDTH, colour)
