"""From the unit of a file to shares of a picture, in which faces are learned.

Two normalisations. `picture`, of the DepthNets comparison: x / width, y / height, depth / their
mean. `similarity`: all three by the mean, so that a face keeps its shape in a picture that is not
square; what remains, its place, size and turn in the picture, the network takes away itself.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from aign_tf.data.landmarks.config import PictureConfig
from aign_tf.data.landmarks.sets import LandmarkSet
from aign_tf.errors import UserError

_LARGEST_SHARE = 4.0  # a face in shares of its picture never lies farther out
_MOST = 1e6


def unit(seen: LandmarkSet, config: PictureConfig, where: str) -> np.ndarray:
    """What x, y and depth are divided by: float32 `[3]`; ones where files hold shares already.

    With `similarity` any unit will do, as depths follow it. So pixels whose picture is not told are
    taken for those of a square that reaches to the farthest points of usual faces.

    Raises:
      UserError: `picture` is not what it should be, or missing where `normalize` needs it.
    """
    if np.median(np.abs(seen.points).max(axis=(1, 2))) <= _LARGEST_SHARE:
        return np.ones(3, np.float32)
    if config.picture:
        width, height = parse_picture(config.picture)
    elif config.normalize == "picture":
        raise UserError(
            f"{where}: landmarks in pixels: give the width and height of the pictures, as in "
            'picture="450 450"'
        )
    else:
        width = height = float(np.percentile(np.abs(seen.points).max(axis=(1, 2)), 99))
    mean = (width + height) / 2
    sides = (width, height, mean) if config.normalize == "picture" else (mean,) * 3
    return np.array(sides, np.float32)


def divided(seen: LandmarkSet, sides: np.ndarray) -> LandmarkSet:
    """The same faces in the unit of `sides`, `[3]`."""
    return dataclasses.replace(seen, points=seen.points / sides[:2], depth=seen.depth / sides[2])


def parse_picture(text: str) -> tuple[float, float]:
    """ "450 450" -> (450.0, 450.0); raises `UserError` for anything else."""
    try:
        width, height = (float(word) for word in text.split())
    except ValueError:
        width = height = 0.0
    if not (1 <= width <= _MOST and 1 <= height <= _MOST):
        raise UserError(f"picture={text}: expected width and height, as in 450 450")
    return width, height
