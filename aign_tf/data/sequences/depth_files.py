"""Depth maps in PNG files of 16 bits a pixel, as every layout here keeps them."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Callable, Sequence

import numpy as np
from absl import logging
from PIL import Image

from aign_tf.data.pictures import UnreadablePicture, opened, read_picture
from aign_tf.files import replacing

MOST_MILLIMETRES = 65535
"""The largest number of 16 bits: 65.535 m."""

# How Pillow calls one channel of 16 bits; versions before 10 widen it.
_MODES = ("I;16", "I")


def read_depth16(path: str | os.PathLike) -> np.ndarray:
    """The numbers of a depth map, uint16 `[h, w]`, whatever their unit.

    Raises:
      UnreadablePicture: missing, broken, truncated, not a PNG of one channel of 16 bits, or above
        `MAX_PIXELS`.
    """
    with opened(path, path, ("PNG",), "a PNG, which depth needs") as picture:
        if picture.mode not in _MODES:
            kind = f"a PNG of kind {picture.mode}"
            raise UnreadablePicture(path, f"{kind}: depth needs one channel of 16 bits")
        return np.array(picture).astype(np.uint16)


def write_depth16(path: pathlib.Path, depth: np.ndarray, beyond: int) -> None:
    """Writes metres `[h, w]` as a PNG of 16-bit millimetres, whole or not at all.

    Args:
      beyond: the number for what is farther than 65.535 m, such as `MOST_MILLIMETRES`, or 0 for no
        reading.
    """
    millimetres = np.rint(1000 * depth.astype(np.float64))
    millimetres = np.where(millimetres > MOST_MILLIMETRES, beyond, millimetres).astype(np.uint16)
    with replacing(path) as temporary:
        Image.fromarray(millimetres).save(temporary)


def depth_reader(
    expected: Sequence[pathlib.Path | None],
    pictures: Sequence[pathlib.Path],
    units: float,
    nothing: int = 0,
) -> Callable[[int], np.ndarray] | None:
    """Frame number -> float32 `[h, w]`, metres, 0 where there is no reading.

    Args:
      expected: where the depth map of each frame lies, or would lie. A frame without one has no
        readings.
      pictures: of the frames.
      units: how many make a metre.
      nothing: the number that says, as 0 does, that there is no reading.

    Returns:
      None where none of the files exists. What the function returns raises `UnreadablePicture`.
    """
    exists = [path is not None and path.is_file() for path in expected]
    if not any(exists):
        return None
    if not all(exists):
        logging.info(
            "%s: %d of %d pictures have no depth map",
            pictures[0].parent,
            exists.count(False),
            len(exists),
        )

    def read(frame: int) -> np.ndarray:
        if not exists[frame]:
            return np.zeros(read_picture(pictures[frame]).shape[:2], np.float32)
        stored = read_depth16(expected[frame])
        return np.where(stored == nothing, 0, stored).astype(np.float32) / np.float32(units)

    return read
