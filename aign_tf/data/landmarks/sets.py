"""Faces as landmarks: what readers return and tasks learn from."""

from __future__ import annotations

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class LandmarkSet:
    """Landmarks of N faces, with their depths where these are known.

    The unit is that of the file: pixels, or shares of a picture.

    Attributes:
      points: float32 `[N, K, 2]`, x right, y down.
      depth: float32 `[N, K]`, of a camera that sees all rays parallel, growing away from it; a
        picture tells no distance, so they are relative to the mean of each face; NaN: unknown.
      names: `[N]` texts that tell the faces apart.
      groups: `[N]` texts: "frontal", "left" or "right" where the file tells, else "".
    """

    points: np.ndarray
    depth: np.ndarray
    names: np.ndarray
    groups: np.ndarray

    def __len__(self) -> int:
        return len(self.points)

    def take(self, rows: np.ndarray | slice) -> LandmarkSet:
        columns = (getattr(self, field.name)[rows] for field in dataclasses.fields(self))
        return LandmarkSet(*columns)

    @property
    def known(self) -> np.ndarray:
        """`[N]` bool: whose depths are known."""
        return np.isfinite(self.depth).all(axis=1)

    @property
    def faces(self) -> np.ndarray:
        """float32 `[N, K, 3]`: the points with their depths."""
        return np.concatenate([self.points, self.depth[..., None]], axis=2)
