"""The mean of the procedural 68-landmark faces, and the vocabulary that their variation is told in.

Centimetres, x to the right of the picture, y down, z away from the camera. The eyes look out at
height 0 and the ears are at depth 0. Measures are about those of adults in anthropometric surveys
(pupils 6.3 cm apart, cheeks 14, mouth 5, nose 2 ahead of the lip); landmarks lie on curves over a
head that is nearly an ellipsoid.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aign_tf.data.synthetic.face_geometry import LANDMARKS
from aign_tf.landmarks import SCHEMES

X, Y, Z = np.eye(3)
MIRROR = list(SCHEMES[68].mirror)
PUPIL, MOUTH, CHIN = (-3.15, 0.0), (0.0, 6.6), (0.0, 11.0)

UPPER_LIDS, LOWER_LIDS = [37, 38, 43, 44], [41, 40, 47, 46]
UPPER_LIP, LOWER_LIP = [*range(49, 54), 61, 62, 63], [*range(55, 60), 65, 66, 67]
MOUTH_CORNERS = [48, 60, 54, 64]


def _skin(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Depth of the front of a smooth head, without nose, lips and sockets of the eyes."""
    return -7.4 * (1 - np.abs(x / 7.8) ** 2.3 - np.abs((y - 2) / 13.5) ** 2.3) ** (1 / 2.3)


def _on_skin(x: np.ndarray, y: np.ndarray, ahead: np.ndarray) -> np.ndarray:
    """Points `[N, 3]` so far ahead of the skin."""
    x, y, ahead = np.broadcast_arrays(x, y, ahead)
    return np.stack([x, y, _skin(x, y) - ahead], axis=1)


def _jaw() -> np.ndarray:
    """17 points: half an oval that falls back from the chin to the ears."""
    angle = np.linspace(-np.pi / 2, np.pi / 2, 17)
    side, front = np.sin(angle), np.cos(angle)
    x = 7.1 * np.sign(side) * np.abs(side) ** 0.78
    return np.stack([x, 0.1 + 10.9 * front, -6.6 * front**2.3], axis=1)


def _brow() -> np.ndarray:
    """5 points of the right brow, from outside, highest above the outer part of the eye."""
    t = np.linspace(0, 1, 5)
    height = 1.75 + 2.4 * t * (1 - t) * (1.3 - t) + 0.5 * t
    return _on_skin(-5.3 + 4.1 * t, -height, -0.6 + 0.6 * t)


def _nose() -> np.ndarray:
    """9 points: down the bridge to the tip, and below from wing to wing."""
    t = np.linspace(0, 1, 4)
    bridge = _on_skin(np.zeros(4), -0.3 + 3.4 * t, -0.45 + 2.4 * t**1.1)
    side = np.linspace(-1, 1, 5)
    dome = 1 - np.abs(side) ** 1.5
    return np.concatenate([bridge, _on_skin(1.5 * side, 4.35 + 0.3 * dome, 0.7 * dome - 0.25)])


def _eye() -> np.ndarray:
    """6 points of the right eye: lids around a ball that lies back in its socket."""
    t = np.array([-1, -0.36, 0.36, 1, 0.36, -0.36])  # from the outer corner to the inner one
    lid = np.array([0, 0.5, 0.5, 0, -0.38, -0.38])
    return _on_skin(
        PUPIL[0] + 1.45 * t, PUPIL[1] - lid + 0.1 * t, -1.3 + 0.7 * (1 - t**2) - 0.3 * t
    )


def _lips() -> np.ndarray:
    """20 points: outer lips with a bow at the top, then inner lips, a little apart."""
    t = np.array([-1, -0.66, -0.25, 0, 0.25, 0.66, 1, 0.66, 0.33, 0, -0.33, -0.66])
    height = [0, 0.62, 0.92, 0.82, 0.92, 0.62, 0, -0.72, -1.02, -1.1, -1.02, -0.72]
    inner = np.array([-0.86, -0.36, 0, 0.36, 0.86, 0.36, 0, -0.36])
    gap = [0, 0.06, 0.06, 0.06, 0, -0.06, -0.06, -0.06]
    outline = _on_skin(2.5 * t, MOUTH[1] - np.array(height), 1.1 * (1 - t**2) - 0.35)
    seam = _on_skin(2.5 * inner, MOUTH[1] - np.array(gap), 0.75 * (1 - inner**2) - 0.35)
    return np.concatenate([outline, seam])


def _mean() -> np.ndarray:
    face = np.full((68, 3), np.nan)
    rows = {"jaw": _jaw(), "nose": _nose(), "lips": _lips()}
    for name, points in rows.items():
        face[LANDMARKS[name]] = points
    face[17:22], face[36:42] = _brow(), _eye()
    return np.where(np.isnan(face), face[MIRROR] * (-1, 1, 1), face)


MEAN = _mean()
SIDE = np.tanh(MEAN[:, 0])  # -1 on the right of the person, 1 on the left, 0 in the middle


def rows(*names: str) -> np.ndarray:
    """`[68]`: 1 at the landmarks of these parts (keys of `LANDMARKS`), else 0."""
    weight = np.zeros(68)
    for name in names:
        weight[LANDMARKS[name]] = 1
    return weight


def at(*landmarks: int) -> np.ndarray:
    """`[68]`: 1 at these landmarks, else 0."""
    return np.isin(np.arange(68), landmarks).astype(float)


def near(point: Sequence[float], radius: float) -> np.ndarray:
    """`[68]`: 1 at a point `(x, y)` and its mirror image, less around them like a Gaussian."""
    return np.exp(-0.5 * np.sum((_from(point) / radius) ** 2, axis=1))


def down(start: float, end: float) -> np.ndarray:
    """`[68]`: 0 above the height `start`, 1 below `end`, smooth between."""
    t = np.clip((MEAN[:, 1] - start) / (end - start), 0, 1)
    return t * t * (3 - 2 * t)


def move(way: Sequence[float], weight: np.ndarray) -> np.ndarray:
    """`[68, 3]`: along `(x, y, z)`, times the weight of each landmark."""
    return np.multiply.outer(weight, np.asarray(way, float))


def outward(amount: float, weight: np.ndarray) -> np.ndarray:
    """`[68, 3]`: away from the middle of the face, times the weight of each landmark."""
    return move(amount * X, weight * SIDE)


def scale(
    shares: Sequence[float], weight: np.ndarray, about: Sequence[float] = (0, 0)
) -> np.ndarray:
    """`[68, 3]`: larger along x, y and z, away from a point `(x, y)` and its mirror image."""
    return np.column_stack([_from(about), MEAN[:, 2]]) * shares * weight[:, None]


def _from(point: Sequence[float]) -> np.ndarray:
    """`[68, 2]`: the way from a point or its mirror image, whichever is on a landmark's side."""
    return MEAN[:, :2] - np.column_stack([np.copysign(point[0], MEAN[:, 0]), np.full(68, point[1])])
