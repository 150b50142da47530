"""Recordings of bodies: what every reader of pose files returns."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from aign_tf.data.splits import SPLITS
from aign_tf.skeletons import Skeleton


class Camera(NamedTuple):
    """Intrinsics of a calibrated camera, in pixels; pixel (0, 0) has its centre at (0, 0)."""

    focal: tuple[float, float]
    principal_point: tuple[float, float]
    radial: tuple[float, float, float] = (0.0, 0.0, 0.0)
    tangential: tuple[float, float] = (0.0, 0.0)


class Clip2D(NamedTuple):
    """Joints seen in the frames of one video.

    Attributes:
      name: e.g. "S9/Walking 1/54138969"; the folder-like parts before the last are its group.
      joints: float32 `[T, J, 2]`, pixels, x right, y down.
      confidence: float32 `[T, J]` in [0, 1]; 0 is a missing joint, whose coordinates mean nothing.
      skeleton: of the J joints.
      image_size: (width, height) in pixels, or None where the file does not tell.
      camera: or None where the file does not tell.
    """

    name: str
    joints: np.ndarray
    confidence: np.ndarray
    skeleton: Skeleton
    image_size: tuple[int, int] | None = None
    camera: Camera | None = None


class Clip3D(NamedTuple):
    """A motion.

    Attributes:
      name: as in `Clip2D`.
      joints: float32 `[T, J, 3]`, metres, x right, y down along gravity, z forward.
      skeleton: of the J joints.
    """

    name: str
    joints: np.ndarray
    skeleton: Skeleton


def action_of(name: str) -> str:
    """What a clip's folder-like name says of its action: the part before the last.

    Recordings of Human3.6M are called by subject and action: "S1/Walking 1/54138969".
    """
    parts = [part for part in name.split("/") if part not in SPLITS]
    if len(parts) > 1 and re.fullmatch(r"S\d+", parts[0]):
        return re.sub(r" \d+$", "", parts[1])
    return parts[-2] if len(parts) > 1 else "all"
