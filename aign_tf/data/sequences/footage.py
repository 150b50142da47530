"""Recordings of a moving camera: as they lie in files, and as networks see them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np


@dataclasses.dataclass(frozen=True)
class Footage:
    """One recording of N frames, of which nothing has been decoded yet.

    Attributes:
      name: unique among the recordings of a folder, such as `drive_0001/02` or `fr1_desk`.
      count: N.
      read_image: frame number -> uint8 `[h, w, 3]`; raises `UnreadablePicture`.
      focal, principal_point: float64 `[2]`, x and y, pixels of the stored pictures.
      read_depth: frame number -> float32 `[h, w]`, metres along the optical axis, 0 where there is
        no reading; None for a recording without depths.
      poses: float64 `[N, 4, 4]`, world from camera (x right, y down, z forward), metres; None if
        they are not known.
    """

    name: str
    count: int
    read_image: Callable[[int], np.ndarray]
    focal: np.ndarray
    principal_point: np.ndarray
    read_depth: Callable[[int], np.ndarray] | None = None
    poses: np.ndarray | None = None

    def every(self, stride: int) -> Footage:
        """One frame in `stride`, from the first on."""

        def thinned(read: Callable[[int], np.ndarray] | None):
            return read and (lambda frame: read(frame * stride))

        return dataclasses.replace(
            self,
            count=-(-self.count // stride),
            read_image=thinned(self.read_image),
            read_depth=thinned(self.read_depth),
            poses=None if self.poses is None else self.poses[::stride],
        )


@dataclasses.dataclass(frozen=True)
class Sequence:
    """One recording of N frames in the size that networks see, held in memory.

    Attributes:
      name: as of the footage.
      frames: uint8 `[N, H, W, 3]`.
      focal, principal_point: float32 `[2]`, x and y, pixels of `frames`.
      depth: float32 `[N, H, W]`, metres, 0 where there is no reading; or None.
      poses: float64 `[N, 4, 4]`, world from camera, metres; or None.
    """

    name: str
    frames: np.ndarray
    focal: np.ndarray
    principal_point: np.ndarray
    depth: np.ndarray | None = None
    poses: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.frames)

    def take(self, rows: slice | np.ndarray) -> Sequence:
        """Some of the frames, in the order of `rows`."""
        parts = {name: getattr(self, name) for name in ("frames", "depth", "poses")}
        kept = {name: part[rows] for name, part in parts.items() if part is not None}
        return dataclasses.replace(self, **kept)
