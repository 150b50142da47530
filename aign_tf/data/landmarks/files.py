"""Landmarks, whichever kind of file holds them."""

from __future__ import annotations

import collections
import os
import pathlib

import numpy as np
from absl import logging

from aign_tf.data.landmarks.arrays import Stored, read_arrays
from aign_tf.data.landmarks.axes import in_camera_axes
from aign_tf.data.landmarks.point_files import read_json_points, read_pts
from aign_tf.data.landmarks.sets import LandmarkSet
from aign_tf.errors import UserError
from aign_tf.files import visible_files
from aign_tf.landmarks import reduced

_READERS = {
    ".npy": read_arrays,
    ".npz": read_arrays,
    ".pts": read_pts,
    ".json": read_json_points,
}
_KINDS = ", ".join(_READERS)


def read_landmarks(path: str | os.PathLike) -> LandmarkSet:
    """Faces of one file, or of a folder and its sub-folders; finds out by itself what they hold.

    Args:
      path: plain arrays or 3DFAW's of DepthNets (see `arrays`), .pts or JSON (see `point_files`),
        or a folder of any of these; what is hidden or of another kind is left alone there. Axes are
        found out (see `axes`): for each array, and for all lone faces of a folder together.

    Returns:
      Faces in our axes, those of one a file last. A lone face is named after its file, others with
      their row or the id that the file tells too: "faces/00012". Names from a sub-folder begin with
      it. Where some have 66 landmarks, all get these. 2D points have unknown depths.

    Raises:
      UserError: nothing to read, a file or face that cannot be used, or two faces of one name.
    """
    root = pathlib.Path(path)
    if not root.exists():
        raise UserError(f"{root}: no such file or folder")
    if root.is_file() and root.suffix.lower() not in _READERS:
        raise UserError(f"{root}: not a file of landmarks: expected one of {_KINDS}")
    files = [root] if root.is_file() else visible_files(root, _READERS)
    if not files:
        raise UserError(f"{root}: holds no landmarks: expected files of {_KINDS}")
    faces = _together([(file, part) for file in files for part in _read(file, root)])
    for part in faces:
        _check(part)
    count = min(part.points.shape[1] for part in faces)
    if any(part.points.shape[1] != count for part in faces):
        logging.info("%s: some faces have %d landmarks: all get these", root, count)
    names = [name for part in faces for name in part.names]
    name, times = collections.Counter(names).most_common(1)[0]
    if times > 1:
        raise UserError(f"{root}: {times} faces are called {name!r}: rename files, or use folders")
    points, depth = zip(*(_in_our_axes(part, count) for part in faces))
    groups = [group for part in faces for group in part.groups]
    return LandmarkSet(
        np.concatenate(points), np.concatenate(depth), np.array(names), np.array(groups)
    )


def _read(file: pathlib.Path, root: pathlib.Path) -> list[Stored]:
    """The faces of a file; names begin with the sub-folder of `root` it is in."""
    parents = "" if file == root else "".join(f"{p}/" for p in file.relative_to(root).parts[:-1])
    return [
        part._replace(names=[parents + name for name in part.names])
        for part in _READERS[file.suffix.lower()](file)
    ]


def _together(parts: list[tuple[pathlib.Path, Stored]]) -> list[Stored]:
    """Joins lone faces of one kind of file: one that lies on its side says little of axes."""
    several = [part for _, part in parts if len(part.names) != 1]
    lone = {}
    for file, part in parts:
        if len(part.names) == 1:
            lone.setdefault((file.suffix.lower(), part.points.shape), []).append(part)
    return several + [_joined(same) for same in lone.values()]


def _joined(parts: list[Stored]) -> Stored:
    first = parts[0]
    if len(parts) == 1:
        return first
    return Stored(
        np.concatenate([part.points for part in parts]),
        [name for part in parts for name in part.names],
        [group for part in parts for group in part.groups],
        f"{first.where} and following",
    )


def _check(faces: Stored) -> None:
    if not len(faces.points):
        raise UserError(f"{faces.where}: holds no faces")
    # Comparisons with NaN are false.
    usable = (np.abs(faces.points) <= np.finfo(np.float32).max).all(axis=(1, 2))
    _refuse(~usable, faces, "has a coordinate that is NaN, infinite or too large")
    extent = np.ptp(faces.points[..., :2].astype(np.float32), axis=1).max(axis=1)
    _refuse(extent == 0, faces, "has all its landmarks in one place")


def _refuse(rows: np.ndarray, faces: Stored, why: str) -> None:
    if rows.any():
        more = f"; {rows.sum() - 1} more like it" if rows.sum() > 1 else ""
        raise UserError(f"{faces.where}: face {faces.names[rows.argmax()]} {why}{more}")


def _in_our_axes(faces: Stored, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Points and depths as in `LandmarkSet`, of `count` landmarks."""
    stored = reduced(faces.points, count, faces.where)
    turned = in_camera_axes(stored, faces.where)
    if turned.shape[2] == 2:
        depth = np.full(turned.shape[:2], np.nan)
    else:
        depth = turned[..., 2] - turned[..., 2].mean(axis=1, keepdims=True)
    return turned[..., :2].astype(np.float32), depth.astype(np.float32)
