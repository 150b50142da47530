"""Depth maps where sensors have no reading."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from aign_tf.data.sequences.clips import NO_READING

# Gaps as wide as this share of the picture are more than a sensor's noise.
_NARROW = 1 / 32


def without_gaps(log_depth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Completes depth maps, and tells where they can be believed.

    What is next to a reading is about as far. In the middle of a wide gap nothing is near enough to
    be read, so that the map's farthest reading stands there. It is believed above everything that
    the map shows, where the sky is: a map of a street without its sky is not like any street.

    Args:
      log_depth: `[N, H, W]`, `NO_READING` where there is none.

    Returns:
      `[N, H, W]`, complete but for maps without any reading; and bool of that shape, True for
      readings and skies.
    """
    read = log_depth < NO_READING
    complete, known = log_depth.copy(), read.copy()
    for row in np.flatnonzero(read.any(axis=(1, 2)) & ~read.all(axis=(1, 2))):
        gap, depth = ~read[row], log_depth[row]
        distance, nearest = ndimage.distance_transform_edt(gap, return_indices=True)
        wide = distance > _NARROW * depth.shape[1]
        complete[row] = np.where(wide, depth[read[row]].max(), depth[tuple(nearest)])
        known[row] |= wide & np.logical_and.accumulate(gap, axis=0)
    return complete, known
