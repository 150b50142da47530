"""2D poses that a network is shown."""

from __future__ import annotations

import dataclasses

import numpy as np

from aign_tf.data import pairs

_FEWEST = 4  # joints that tell a pose


@dataclasses.dataclass(frozen=True)
class Observations:
    """2D poses of N frames, with the truth where it is known.

    Attributes:
      joints: float32 `[N, J, 2]`, normalised image coordinates: undistorted, focal length 1.
      confidence: float32 `[N, J]`, 1 for a joint that was seen, 0 for one that was not.
      pose: float32 `[N, J, 3]`, metres, relative to the root, in the camera frame; NaN: unknown.
      position: float32 `[N, 3]`, metres, of the root in the camera frame; NaN: unknown.
      actions: `[N]` texts.
      image_size: the longer side of the pictures at focal length 1, to express errors in.
    """

    joints: np.ndarray
    confidence: np.ndarray
    pose: np.ndarray
    position: np.ndarray
    actions: np.ndarray
    image_size: float

    def __len__(self) -> int:
        return len(self.joints)

    def take(self, rows: np.ndarray | slice) -> Observations:
        columns = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        size = columns.pop("image_size")
        return Observations(**{name: part[rows] for name, part in columns.items()}, image_size=size)

    def with_pairs(self, share: float, seed: int, alone: bool) -> Observations:
        """Keeps the truth of a share of the frames: see `pairs.keep`."""
        rows, paired = pairs.keep(self.known, share, seed, alone)
        kept = self.take(rows)
        return dataclasses.replace(
            kept,
            pose=np.where(paired[:, None, None], kept.pose, np.float32(np.nan)),
            position=np.where(paired[:, None], kept.position, np.float32(np.nan)),
        )

    @property
    def told(self) -> np.ndarray:
        """`[N]` bool: who shows enough joints to tell a pose."""
        return self.confidence.sum(axis=1) >= _FEWEST

    @property
    def known(self) -> np.ndarray:
        """`[N]` bool: whose truth is known."""
        return np.isfinite(self.pose).all(axis=(1, 2))
