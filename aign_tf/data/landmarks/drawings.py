"""Drawings of faces: landmarks as a picture shows them, and the surface through them from any side.

All pictures are uint8 RGB on white.
"""

from __future__ import annotations

import numpy as np

from aign_tf.canvas import Canvas
from aign_tf.data.landmarks.mesh import triangles
from aign_tf.landmarks import Scheme
from aign_tf.skeleton_pictures import fit, seen_from

_DOT, _LINE = (35, 95, 205), (58, 60, 70)
_OUTSIDE, _INSIDE = np.array([246.0, 216.0, 194.0]), np.array([128.0, 134.0, 150.0])
_TO_LAMP = np.array([-0.4, -0.45, -0.8])  # left, above and before the face
_AMBIENT = 0.4
_LINE_WIDTH, _DOT_RADIUS = 0.008, 0.011  # shares of the picture's side
_AZIMUTHS = (-80, -40, 0, 40, 80)  # degrees, from the left to the right


def draw_landmarks(points: np.ndarray, scheme: Scheme, side: int) -> np.ndarray:
    """Landmarks as a picture shows them, moved and scaled to fill a square.

    Args:
      points: `[K, 2]` in any unit, x right, y down. Landmarks that are not finite are left out with
        their lines.
      scheme: of the K landmarks.
      side: of the picture, in pixels.

    Returns:
      uint8 `[side, side, 3]`.
    """
    points = fit(points)
    canvas = Canvas(side)
    for ends in _segments(scheme):
        canvas.line(points[list(ends)], _LINE_WIDTH, _LINE)
    for point in points:
        canvas.dot(point, _DOT_RADIUS, _DOT)
    return canvas.picture()


def draw_face(
    face: np.ndarray, scheme: Scheme, side: int, azimuth: float = 0.0, elevation: float = 0.0
) -> np.ndarray:
    """The surface through the landmarks of a face, lit from the upper left, with its lines on it.

    The camera sees all rays parallel, and the scale is the same for all views of a face. Where the
    inside of this mask is seen, it is bluish.

    Args:
      face: `[K, 3]` in any unit, x right, y down, z forward. Landmarks that are not finite are left
        out with all triangles that they bound.
      scheme: of the K landmarks.
      side: of the picture, in pixels.
      azimuth, elevation: of the camera, radians, see `skeleton_pictures.seen_from`.

    Returns:
      uint8 `[side, side, 3]`.
    """
    view = seen_from(_in_unit_ball(face), azimuth, elevation)
    surface = triangles(scheme)
    surface = surface[np.isfinite(view[surface]).all(axis=(1, 2))]
    colours = _shaded(view[surface])
    segments = {frozenset(ends) for ends in _segments(scheme)}
    points = 0.5 + 0.48 * view[:, :2]
    canvas = Canvas(side)
    # From far to near. Each triangle brings its own lines, so what is nearer hides them with it.
    for row in np.argsort(-view[surface, 2].mean(axis=1), kind="stable"):
        corners = surface[row]
        canvas.polygon(points[corners], tuple(colours[row].tolist()))
        for ends in zip(corners, np.roll(corners, 1)):
            if frozenset(ends) in segments:
                canvas.line(points[list(ends)], _LINE_WIDTH, _LINE)
    return canvas.picture()


def turntable(
    face: np.ndarray,
    scheme: Scheme,
    points: np.ndarray | None = None,
    side: int = 256,
) -> np.ndarray:
    """A face from several sides, beside the landmarks that it was lifted from, if given.

    Args:
      face: `[K, 3]`, see `draw_face`.
      scheme: of the K landmarks.
      points: `[K, 2]`, see `draw_landmarks`, or None.
      side: of each panel, in pixels.

    Returns:
      uint8 `[side, W, 3]`; W is 5 times `side`, or 6 times with `points`.
    """
    panels = [] if points is None else [draw_landmarks(points, scheme, side)]
    panels += [draw_face(face, scheme, side, np.radians(azimuth)) for azimuth in _AZIMUTHS]
    return np.concatenate(panels, axis=1)


def _segments(scheme: Scheme) -> list[tuple[int, int]]:
    """Neighbours along the lines of a face, such as its brows and lips."""
    return [ends for line in scheme.lines for ends in zip(line, line[1:])]


def _in_unit_ball(face: np.ndarray) -> np.ndarray:
    """float64 `[K, 3]`: moved and scaled to touch the unit ball, so that every view fits."""
    finite = np.isfinite(face).all(axis=1)
    face = np.where(finite[:, None], face, np.nan).astype(np.float64)
    if not finite.any():
        return face
    middle = (face[finite].min(axis=0) + face[finite].max(axis=0)) / 2
    radius = np.linalg.norm(face[finite] - middle, axis=1).max()
    return (face - middle) / max(radius, np.finfo(np.float32).tiny)


def _shaded(corners: np.ndarray) -> np.ndarray:
    """Colours `[T, 3]` of triangles `[T, 3, 3]` before the camera: Lambert's cosine law."""
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    lambert = np.maximum(normals @ (_TO_LAMP / np.linalg.norm(_TO_LAMP)), 0)
    outside = (_AMBIENT + (1 - _AMBIENT) * lambert)[:, None] * _OUTSIDE
    return np.where(normals[:, 2:] < 0, outside, _INSIDE).astype(np.uint8)
