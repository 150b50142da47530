"""Axes of landmarks that come without, found out from the faces themselves.

Files agree on x, to the right of the picture. Whether y grows up or down, and z towards the viewer
or away, differs, and pictures with y down often come with z towards the viewer, which is a
left-handed frame. Of faces one knows: the chin is below the brows, the person's right ear is on the
left, and the nose points out of the face, on the side from which ears, brows and chin are seen in
that order. The last holds in every pose: a face in profile tells the sign of z as well as another.
"""

from __future__ import annotations

import numpy as np
from absl import logging

from aign_tf.errors import UserError

# Numbers of landmarks, the same among 66 and among 68.
_RIGHT_EAR, _LEFT_EAR, _CHIN, _NOSE, _BROWS = 0, 16, 8, 30, slice(17, 27)
# Share of the height of a face: profiles have less from ear to ear, whose sign tells nothing.
_CLEAR = 0.25


def in_camera_axes(points: np.ndarray, where: str) -> np.ndarray:
    """Faces of one origin with x right, y down and, in space, z away from the viewer.

    What most faces say goes for all. Where y grows up it is turned over within its range, y becomes
    lowest + highest - y of all points of all faces: nobody tells how high the pictures are, and so
    pixels and shares stay within them. Where y grows down it is left untouched, also of faces that
    lie on their side. z becomes -z where it grows towards the viewer. x never changes, and no face
    is mirrored.

    Args:
      points: `[N, K, 2]` or `[N, K, 3]`, K 66 or 68, finite.
      where: for messages.

    Returns:
      As `points`.

    Raises:
      UserError: most faces have landmark 0 on the right of landmark 16.
    """
    across, down = _in_heights(points[..., :2])
    turn = across[:, 0] * down[:, 1] - across[:, 1] * down[:, 0]  # positive where y is down
    clear, swapped = np.abs(turn) > _CLEAR, across[:, 0] < -_CLEAR
    if _most(clear & swapped):
        raise UserError(
            f"{where}: landmark 0, the right ear, is on the right of landmark 16 in most faces: "
            "they are mirrored, upside down, or not in the order of 300-W"
        )
    points, turned = points.copy(), []
    if _most(np.where(clear, (turn < 0) & ~swapped, down[:, 1] < 0)):
        y = points[..., 1]
        points[..., 1] = y.min() + y.max() - y
        turned.append("y up")
    if points.shape[2] == 3 and _most(_inward_noses(points)):
        points[..., 2] *= -1
        turned.append("z towards the viewer")
    if turned:
        logging.info("%s: has %s: turned over", where, " and ".join(turned))
    return points


def _ways(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """From ear to ear, from brows to chin and from between the ears to the nose `[N, D]`."""
    right, left = points[:, _RIGHT_EAR], points[:, _LEFT_EAR]
    down = points[:, _CHIN] - points[:, _BROWS].mean(axis=1)
    return left - right, down, points[:, _NOSE] - (left + right) / 2


def _in_heights(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ways from ear to ear and from the brows to the chin `[N, 2]`, in heights of the face."""
    across, down, _ = _ways(points)
    height = np.linalg.norm(down, axis=1, keepdims=True)
    height = np.maximum(height, np.finfo(np.float32).tiny)
    return across / height, down / height


def _inward_noses(points: np.ndarray) -> np.ndarray:
    """`[N]` bool: the nose is on the side of the face from which it would be seen mirrored."""
    across, down, out = _ways(points)
    return (np.cross(across, down) * out).sum(axis=1) > 0


def _most(faces: np.ndarray) -> bool:
    return bool(faces.mean() > 0.5)
