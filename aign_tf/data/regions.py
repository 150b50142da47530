"""Boxes around lips, nose and eyes from facial landmarks.

A box is `x0 y0 x1 y1` in the pixels of the landmarks: the smallest that holds a region's points.
"""

from __future__ import annotations

import numpy as np

from aign_tf.errors import UserError

# Number of points -> region -> the points of the region, first and one past the last.
_POINTS = {
    68: {"lips": (48, 68), "nose": (27, 36), "eyes": (36, 48)},  # iBUG 300-W
    189: {"lips": (87, 109), "nose": (50, 71), "eyes": (2, 34)},  # webmorph, 0 and 1 are pupils
}


def boxes_from_landmarks(points: np.ndarray) -> dict[str, np.ndarray]:
    """Region -> float32 `[..., 4]` for `points` `[..., P, 2]`, P of 68 (iBUG) or 189 (webmorph).

    A region with a NaN among its points has a NaN box.

    Raises:
      UserError: another shape or number of points.
    """
    shape = np.shape(points)
    if len(shape) < 2 or shape[-1] != 2 or shape[-2] not in _POINTS:
        counts = " or ".join(map(str, _POINTS))
        raise UserError(f"landmarks of shape {list(shape)}: a face needs [{counts}, 2]")
    points = np.asarray(points, np.float32)
    regions = _POINTS[shape[-2]].items()
    return {region: _bounds(points[..., first:end, :]) for region, (first, end) in regions}


def _bounds(points: np.ndarray) -> np.ndarray:
    return np.concatenate([points.min(axis=-2), points.max(axis=-2)], axis=-1)


def boxes_from_five_points(points: np.ndarray) -> dict[str, np.ndarray]:
    """Region -> float32 `[..., 4]` for upright faces `[..., 5, 2]`.

    The points are both eye centres, the tip of the nose and both mouth corners, as CelebA has
    them. With d the distance of the eyes and w that of the mouth corners, the boxes reach

      lips: from corner to corner, 0.2 w above and below the corners;
      nose: 0.29 d to both sides of the tip, from 0.08 d above the eyes to 0.14 d below the tip;
      eyes: 0.2 d beyond both centres to the sides, 0.1 d above and below them.

    These are medians over 142 faces of the London and Canada sets (webmorph landmarks).
    """
    points = np.asarray(points, np.float32)
    eyes, tip, mouth = points[..., :2, :], points[..., 2, :], points[..., 3:, :]
    d, w = (np.linalg.norm(pair[..., 1, :] - pair[..., 0, :], axis=-1) for pair in (eyes, mouth))
    return {
        "lips": _padded(_bounds(mouth), 0 * w, 0.2 * w),
        "nose": np.stack(
            [
                tip[..., 0] - 0.29 * d,
                eyes[..., 1].mean(axis=-1) - 0.08 * d,
                tip[..., 0] + 0.29 * d,
                tip[..., 1] + 0.14 * d,
            ],
            axis=-1,
        ),
        "eyes": _padded(_bounds(eyes), 0.2 * d, 0.1 * d),
    }


def _padded(box: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return box + np.stack([-x, -y, x, y], axis=-1)
