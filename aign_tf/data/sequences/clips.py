"""Clips of a few frames out of recordings, and the motions between frames."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence as Items

import numpy as np
from scipy.spatial.transform import Rotation

from aign_tf.data import pairs
from aign_tf.data.augment import normalized
from aign_tf.data.sequences.footage import Sequence

NO_READING = 5.0
"""Log depth that stands for an unknown one: that of 148 metres, beyond which none is read."""

MIRRORED = {"rotation": (1.0, -1.0, -1.0), "translation": (-1.0, 1.0, 1.0)}
"""Factors of the coordinates of motions, in a mirror that swaps left and right."""


@dataclasses.dataclass(frozen=True)
class Clips:
    """C clips of F frames each.

    Attributes:
      rows: int `[C, F]`, places in `frames`.
      frames: uint8 `[N, H, W, 3]` of all recordings.
      focal, principal_point: float32 `[C, 2]`.
      log_depth: float32 `[N, H, W]`, or None where a recording has no depths.
      rotation, translation: float32 `[C, F - 1, 3]`, x_next = R x + t, axis times angle and metres,
        or None where a recording has no poses.
    """

    rows: np.ndarray
    frames: np.ndarray
    focal: np.ndarray
    principal_point: np.ndarray
    log_depth: np.ndarray | None = None
    rotation: np.ndarray | None = None
    translation: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, rows: np.ndarray) -> Clips:
        """Some of the clips."""
        names = ("rows", "focal", "principal_point", "rotation", "translation")
        parts = {name: getattr(self, name) for name in names}
        kept = {name: part[rows] for name, part in parts.items() if part is not None}
        return dataclasses.replace(self, **kept)

    def inputs(self) -> dict[str, np.ndarray]:
        """What generators see of these clips."""
        return {
            "frames": normalized(self.frames[self.rows]).numpy(),
            "focal": self.focal,
            "principal_point": self.principal_point,
        }

    def with_readings(self) -> Clips:
        """The clips of whose frames each has a depth map with some reading."""
        read = (self.log_depth < NO_READING).any(axis=(1, 2))
        return self.take(np.flatnonzero(read[self.rows].all(axis=1)))

    @property
    def known(self) -> np.ndarray:
        """`[C]` bool: whose motion is known, or depth where a recording has no poses."""
        if self.rotation is None:
            return np.full(len(self), self.log_depth is not None)
        return np.isfinite(self.rotation).all(axis=(1, 2))

    def with_pairs(self, share: float, seed: int, alone: bool) -> Clips:
        """Keeps the truth of a share of the clips, and of their frames: see `pairs.keep`."""
        rows, paired = pairs.keep(self.known, share, seed, alone)
        kept = self.take(rows)
        truth = {
            name: np.where(paired[:, None, None], getattr(kept, name), np.float32(np.nan))
            for name in ("rotation", "translation")
            if getattr(kept, name) is not None
        }
        if self.log_depth is not None:
            forgotten = np.ones(len(self.frames), bool)
            forgotten[kept.rows[paired]] = False
            truth["log_depth"] = np.where(forgotten[:, None, None], NO_READING, self.log_depth)
        return dataclasses.replace(kept, **truth)


def cut(recordings: Items[Sequence], length: int, stride: int, reverse: bool) -> Clips:
    """All clips of `length` frames, each `stride` after the one before.

    Args:
      recordings: those that are shorter than a clip are left out; one is not.
      reverse: whether each clip comes backwards as well.
    """
    recordings = [each for each in recordings if len(each) > (length - 1) * stride]
    rows, focal, centre, motions, start = [], [], [], [], 0
    known = all(recording.poses is not None for recording in recordings)
    for recording in recordings:
        clips = windows(len(recording), length, stride)
        if reverse:
            clips = np.concatenate([clips, clips[:, ::-1]])
        rows.append(start + clips)
        focal.append(np.broadcast_to(recording.focal, (len(clips), 2)))
        centre.append(np.broadcast_to(recording.principal_point, (len(clips), 2)))
        if known:
            motions.append(relative_motions(recording.poses[clips]))
        start += len(recording)
    rotation, translation = (
        (np.concatenate(parts).astype(np.float32) for parts in zip(*motions))
        if known
        else (None, None)
    )
    return Clips(
        np.concatenate(rows),
        np.concatenate([recording.frames for recording in recordings]),
        np.concatenate(focal).astype(np.float32),
        np.concatenate(centre).astype(np.float32),
        _log_depth(recordings),
        rotation,
        translation,
    )


def windows(frames: int, length: int, stride: int) -> np.ndarray:
    """Rows `[C, length]` of all clips in a recording of so many frames."""
    first = np.arange(max(0, frames - (length - 1) * stride))
    return first[:, None] + stride * np.arange(length)


def _log_depth(recordings: Items[Sequence]) -> np.ndarray | None:
    if any(recording.depth is None for recording in recordings):
        return None
    return log_depths(np.concatenate([recording.depth for recording in recordings]))


def log_depths(depth: np.ndarray) -> np.ndarray:
    """float32 log depths, and `NO_READING` where a depth is 0 or farther than that."""
    with np.errstate(divide="ignore"):
        logs = np.log(depth, dtype=np.float32)
    return np.where(depth > 0, np.minimum(logs, NO_READING), NO_READING).astype(np.float32)


def relative_motions(poses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """From poses to how points move from each frame to the next.

    Args:
      poses: `[..., F, 4, 4]`, world from camera.

    Returns:
      Rotation, as axis times angle in radians, and translation, both float64 `[..., F - 1, 3]`.
    """
    here, following = poses[..., :-1, :, :], poses[..., 1:, :, :]
    next_from_here = np.linalg.inv(following) @ here
    turns = next_from_here[..., :3, :3]
    rotation = Rotation.from_matrix(turns.reshape(-1, 3, 3)).as_rotvec()
    return rotation.reshape(*turns.shape[:-1]), next_from_here[..., :3, 3]
