"""Pictures, depth maps and cameras in another size.

Whole pictures are stretched, which changes width and height by factors of their own.
"""

from __future__ import annotations

import functools

import numpy as np
from PIL import Image


def stretched(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """uint8 `[h, w, 3]` -> `[height, width, 3]`; averages over what new pixels cover (Lanczos)."""
    if image.shape[:2] == (height, width):
        return image
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.LANCZOS))


def moved_camera(
    focal: np.ndarray, principal_point: np.ndarray, old: tuple[int, int], new: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Intrinsics of a stretched picture.

    Args:
      focal, principal_point: `[2]`, x and y, pixels of the old picture.
      old, new: its height and width before and after.

    Returns:
      The same for the new picture. Stretching moves edges, new + 1/2 = scale * (old + 1/2), but
      coordinates name centres.
    """
    scale = np.array(new[::-1]) / old[::-1]
    return focal * scale, (principal_point + 0.5) * scale - 0.5


def nearest_readings(depth: np.ndarray, height: int, width: int) -> np.ndarray:
    """Depth in another size: of the readings within a new pixel, the one nearest to its middle.

    Nothing is averaged, so that there is no depth between that of a thing and of what is behind it,
    and few readings that lie far apart all survive unless they meet in one pixel.

    Args:
      depth: float32 `[h, w]`, 0 where there is no reading.
      height, width: the new size.

    Returns:
      float32 `[height, width]`, 0 where there is no reading in the whole pixel.
    """
    if depth.shape == (height, width):
        return depth
    rows, columns = _repeated(depth.shape[0], height), _repeated(depth.shape[1], width)
    fine = depth[rows][:, columns]
    order, pixel = _from_far_to_near(fine.shape, (height, width))
    readings = fine.ravel()[order]
    seen = readings > 0
    nearest = np.zeros(height * width, np.float32)
    nearest[pixel[seen]] = readings[seen]  # The last one written, the nearest, remains.
    return nearest.reshape(height, width)


def _repeated(old: int, new: int) -> np.ndarray:
    """Old index for each new one where there are more of them, else each old one."""
    return np.arange(old) if new <= old else (2 * np.arange(new) + 1) * old // (2 * new)


@functools.lru_cache(maxsize=4)
def _from_far_to_near(old: tuple[int, int], new: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Old pixels, from far from to near to the middle of their new pixel, and that new pixel."""
    row, across_rows = _cells(old[0], new[0])
    column, across_columns = _cells(old[1], new[1])
    distance = across_rows[:, None] ** 2 + across_columns**2
    order = np.argsort(-distance, axis=None, kind="stable").astype(np.int32)
    pixel = (row[:, None] * new[1] + column).ravel()[order].astype(np.int32)
    return order, pixel


def _cells(old: int, new: int) -> tuple[np.ndarray, np.ndarray]:
    """New index of each old one, and how far from its middle it is in old pixels; new <= old."""
    middle = 2 * np.arange(old) + 1  # in half pixels
    cell = middle * new // (2 * old)
    return cell, middle / 2 - (cell + 0.5) * old / new
