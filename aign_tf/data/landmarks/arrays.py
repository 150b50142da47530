"""Faces from .npy and .npz files, 3DFAW as prepared for DepthNets among them."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from absl import logging

from aign_tf.data.arrays import load_arrays
from aign_tf.errors import UserError
from aign_tf.landmarks import SCHEMES

_DEPTHNETS = {"y_keypts", "z_keypts"}
_LINEAR_MODEL = {"mean", "identity"}
_GROUPS = {"left": "left", "center": "frontal", "right": "right"}
_SHOWN = 5  # arrays in an error


class Stored(NamedTuple):
    """N faces as a file holds them, in its axes.

    Attributes:
      points: float64 `[N, K, 2]` or `[N, K, 3]`.
      names: N texts.
      groups: N texts, see `LandmarkSet`.
      where: the file and, of several, the array, for messages.
    """

    points: np.ndarray
    names: list[str]
    groups: list[str]
    where: str


def read_arrays(path: pathlib.Path) -> list[Stored]:
    """Faces of each array of a .npy or .npz file, or of a .npz file of DepthNets.

    DepthNets (Moniz et al. 2018) prepares 3DFAW as `y_keypts` `[N, 66, 2]`, x and y as shares of
    the picture's width and height, `z_keypts` `[N, 66]` and, where known, `ids` `[N]` and
    `orientations` `[N]`: left, center or right.

    Raises:
      UserError: see `load_arrays`; no array of landmarks, or those of DepthNets do not agree.
    """
    arrays = load_arrays(path)
    if arrays.keys() >= _LINEAR_MODEL:
        raise UserError(
            f"{path}: a linear model of faces, not landmarks: give it alone, as --data_dir or "
            "--memory_dir"
        )
    if arrays.keys() >= _DEPTHNETS:
        return [_depthnets(path, arrays)]
    found = {name: layout(array) for name, array in arrays.items()}
    found = {name: points for name, points in found.items() if points is not None}
    # Depths of two or three faces, (3, 68), look like one face in space.
    if any(arrays[name].ndim == 3 for name in found):
        found = {name: points for name, points in found.items() if arrays[name].ndim == 3}
    if not found:
        raise UserError(
            f"{path}: no array of landmarks in {_shown(arrays)}; expected (faces, 68, 2) or "
            "(faces, 68, 3), the last two also exchanged, or 66 for 68"
        )
    ignored = sorted(arrays.keys() - found.keys())
    if ignored:
        logging.info("%s: no landmarks, left alone: %s", path, ", ".join(ignored))
    if len(found) == 1:
        return [plain(points, path.stem, str(path)) for points in found.values()]
    return [
        plain(points, f"{path.stem}/{name}", f"{path}, {name}") for name, points in found.items()
    ]


def layout(array: np.ndarray) -> np.ndarray | None:
    """float64 `[N, K, D]` of `(N, K, D)`, `(N, D, K)`, `(K, D)` or `(D, K)`; None of all others.

    K is 66 or 68, D 2 or 3: which is which is never in doubt.
    """
    if array.ndim not in (2, 3) or not _are_numbers(array):
        return None
    if array.shape[-2] in (2, 3):
        array = np.swapaxes(array, -1, -2)
    if array.shape[-2] not in SCHEMES or array.shape[-1] not in (2, 3):
        return None
    return array.reshape(-1, *array.shape[-2:]).astype(np.float64)


def plain(points: np.ndarray, name: str, where: str) -> Stored:
    """Faces of which nothing else is known; `name` tells them with their rows, if several."""
    count = len(points)
    names = [name] if count == 1 else [f"{name}/{row:05d}" for row in range(count)]
    return Stored(points, names, [""] * count, where)


def _are_numbers(array: np.ndarray) -> bool:
    return array.dtype.kind in "iuf"


def _shown(arrays: Mapping[str, np.ndarray]) -> str:
    """Names, shapes and types of the first few."""
    shown = [f"{name} {array.shape} {array.dtype}" for name, array in arrays.items()]
    return ", ".join(shown[:_SHOWN]) + (" ..." if len(shown) > _SHOWN else "")


def _depthnets(path: pathlib.Path, arrays: Mapping[str, np.ndarray]) -> Stored:
    points, depth = layout(arrays["y_keypts"]), arrays["z_keypts"]
    fitting = points is not None and points.shape[2] == 2 and depth.shape == points.shape[:2]
    if not fitting or not _are_numbers(depth):
        keypoints = {name: arrays[name] for name in sorted(_DEPTHNETS)}
        raise UserError(
            f"{path}: {_shown(keypoints)} do not agree: expected numbers, (faces, 66, 2) and "
            "(faces, 66)"
        )
    faces = plain(np.concatenate([points, depth[..., None]], axis=2), path.stem, str(path))
    ids = _texts(path, arrays, "ids", faces.names)
    if len(set(ids)) == len(ids):
        faces = faces._replace(names=ids)
    return faces._replace(groups=_groups(path, arrays, faces))


def _groups(path: pathlib.Path, arrays: Mapping[str, np.ndarray], faces: Stored) -> list[str]:
    if "orientations" not in arrays:
        return faces.groups
    orientations = _texts(path, arrays, "orientations", faces.groups)
    for name, orientation in zip(faces.names, orientations):
        if orientation not in _GROUPS:
            raise UserError(
                f"{path}: orientation {orientation!r} of face {name}: expected one of "
                f"{', '.join(_GROUPS)}"
            )
    return [_GROUPS[orientation] for orientation in orientations]


def _texts(
    path: pathlib.Path, arrays: Mapping[str, np.ndarray], key: str, otherwise: list[str]
) -> list[str]:
    """One a face; Python 2 has written bytes."""
    if key not in arrays:
        return otherwise
    if arrays[key].shape != (len(otherwise),):
        raise UserError(
            f"{path}: {key} has shape {arrays[key].shape}: expected one for each of "
            f"{len(otherwise)} faces"
        )
    values = arrays[key].tolist()
    return [
        value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
        for value in values
    ]
