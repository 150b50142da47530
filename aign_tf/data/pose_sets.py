"""Observed poses, remembered poses, and which of them belongs to which role and split."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from absl import logging
from scipy.spatial import cKDTree

from aign_tf.data.poses.clips import Clip2D, Clip3D, action_of
from aign_tf.data.poses.observations import Observations
from aign_tf.data.splits import VALIDATED, held_out
from aign_tf.errors import UserError

_TESTED = 5  # one in so many, where none is called test/...
_SAME = 0.005  # metres, all joints taken together
_ODD = 2.0  # times as large as usual, or as small: no body, but an error of the recording
_MANY = 0.05  # of the frames
_PIECES = 40  # that a few long clips are cut into, so that every role gets some


def concatenated(parts: Sequence[Observations]) -> Observations:
    """All of at least one part, one after the other; the picture sizes are averaged."""
    columns = [field.name for field in dataclasses.fields(Observations)]
    columns.remove("image_size")
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in columns}
    return Observations(**joined, image_size=float(np.mean([part.image_size for part in parts])))


def joined_splits(parts: Mapping[str, Sequence[Observations]]) -> dict[str, Observations]:
    """Split -> its parts in one; a split without parts is empty, but not all may be."""
    nothing = next(part for some in parts.values() for part in some).take(slice(0))
    return {split: concatenated(some or [nothing]) for split, some in parts.items()}


def for_test(clips: Sequence[Clip2D | Clip3D]) -> tuple[list, list]:
    """What is left, and the clips for the test: those called test/..., or else one in five."""
    test = [clip for clip in clips if clip.name.split("/")[0] == "test"]
    if not test:
        return held_out(clips, _TESTED)
    return [clip for clip in clips if clip.name.split("/")[0] != "test"], test


def in_splits(seen: Sequence, test: Sequence) -> dict[str, list]:
    """Split -> items, where one in so many of those `seen` is kept from the training."""
    train, validation = held_out(seen, VALIDATED)
    return {"train": train, "validation": validation, "test": list(test)}


def halves(clips: Sequence[Clip3D]) -> tuple[list[Clip3D], list[Clip3D]]:
    """Every second clip of each action for either role, so that both know all actions."""
    ordered = sorted(clips, key=lambda clip: (action_of(clip.name), clip.name))
    return ordered[0::2], ordered[1::2]


def unless_observed(memory: Sequence[Clip3D], clips: Sequence[Clip3D]) -> list[Clip3D]:
    """What is left of the memory without poses of the clips, wherever people stand and face.

    Recordings may start from the same rest pose, and one folder may hold the other, in other units
    or with fewer decimals: joints nearer than a millimetre or two are the same.
    """
    observed = cKDTree(np.concatenate([_shapes(clip) for clip in clips]))
    near = [observed.query(_shapes(clip), distance_upper_bound=_SAME)[0] for clip in memory]
    rows = [np.isinf(distance) for distance in near]
    return [
        clip._replace(joints=clip.joints[kept]) for clip, kept in zip(memory, rows) if any(kept)
    ]


def _shapes(clip: Clip3D) -> np.ndarray:
    """`[T, 3 J]`: poses relative to the root that all face the same way."""
    poses = clip.joints - clip.joints[:, clip.skeleton.root, None]
    return clip.skeleton.facing_alike(poses).reshape(len(poses), -1)


def with_usual_bodies(clips: Sequence[Clip3D], where: str) -> list[Clip3D]:
    """Clips without the frames whose bones add up to far more or less than usual.

    Raises:
      UserError: these are many.
    """
    sizes = [clip.skeleton.bone_lengths(clip.joints).sum(axis=1) for clip in clips]
    usual = np.median(np.concatenate(sizes))
    kept = [(size < _ODD * usual) & (size > usual / _ODD) for size in sizes]
    odd = [
        f"frame {row} of {clip.name}"
        for clip, rows in zip(clips, kept)
        for row in np.flatnonzero(~rows)
    ]
    some = ", ".join(odd[:3]) + (", ..." if len(odd) > 3 else "")
    what = f"{where}: in {len(odd)} frames bones do not add up to about {usual:.2f} m: {some}"
    if len(odd) > _MANY * sum(map(len, sizes)):
        raise UserError(what)
    if odd:
        logging.warning("%s; left out", what)
    parts = (clip._replace(joints=clip.joints[rows]) for clip, rows in zip(clips, kept))
    return [part for part in parts if len(part.joints)]


def in_pieces(clips: Sequence[Clip2D | Clip3D]) -> list[Clip2D | Clip3D]:
    """Clips as they are, or cut in time if they are too few to divide among roles and splits.

    Raises:
      UserError: too few frames altogether.
    """
    frames = sum(len(clip.joints) for clip in clips)
    if frames < _PIECES:
        raise UserError(f"{frames} frames altogether: at least {_PIECES} are needed")
    if len(clips) >= _PIECES:
        return list(clips)
    return [piece for clip in clips for piece in _cut(clip)]


def _cut(clip: Clip2D | Clip3D) -> list[Clip2D | Clip3D]:
    """Consecutive pieces, called so that they are of the same action."""
    arrays = [name for name in ("joints", "confidence") if hasattr(clip, name)]
    columns = zip(*(np.array_split(getattr(clip, name), _PIECES) for name in arrays))
    return [
        clip._replace(name=f"{clip.name}-{part:02d}", **dict(zip(arrays, column)))
        for part, column in enumerate(columns)
        if len(column[0])
    ]
