"""Depth maps as colours: what is near is bright and warm, what is far is dark."""

from __future__ import annotations

import cv2
import numpy as np

# Equal steps of Magma look equally large, and none of its colours is a grey.
_LEVELS = np.arange(256, dtype=np.uint8)[:, None]
_COLOURS = cv2.applyColorMap(_LEVELS, cv2.COLORMAP_MAGMA)[:, 0, ::-1]
_NO_READING = (110, 110, 110)
_TAILS = (2, 98)  # per cent


def shared_range(*depths: np.ndarray) -> tuple[float, float]:
    """Nearest and farthest depth to show in a set of pictures, so that their colours compare.

    A few outliers do not count: 2 % of the readings may lie before, and 2 % behind.

    Args:
      *depths: arrays of any shape, metres, 0 where there is no reading.

    Returns:
      Metres; (1, 1) where nothing was read.
    """
    readings = [depth[_read(depth)] for depth in depths]
    if not any(map(len, readings)):
        return 1.0, 1.0
    nearest, farthest = np.percentile(np.concatenate(readings), _TAILS)
    return float(nearest), float(farthest)


def coloured(
    depth: np.ndarray, nearest: float | None = None, farthest: float | None = None
) -> np.ndarray:
    """A depth map in colours, equal steps of inverse depth being equal steps of colour.

    Args:
      depth: `[..., H, W]`, metres, 0 where there is no reading.
      nearest: metres; what is nearer has the same colour. By default as of `shared_range`.
      farthest: metres; what is farther has the same colour. By default as of `shared_range`.

    Returns:
      uint8 `[..., H, W, 3]`, grey where there is no reading.
    """
    near, far = nearest, farthest
    if not (near and far):
        found = shared_range(depth)
        near, far = near or found[0], far or found[1]
    read = _read(depth)
    inverse = 1 / np.where(read, depth, far)
    # A wall at one distance has no range.
    share = (inverse - 1 / far) / max(1 / near - 1 / far, 1e-6)
    picture = _COLOURS[np.rint(255 * np.clip(share, 0, 1)).astype(np.uint8)]
    picture[~read] = _NO_READING
    return picture


def _read(depth: np.ndarray) -> np.ndarray:
    return np.isfinite(depth) & (depth > 0)
