"""Faces from files that other tools write as text: .pts of the iBUG group, and JSON."""

from __future__ import annotations

import pathlib

import numpy as np

from aign_tf.data.arrays import numbers
from aign_tf.data.landmarks.arrays import Stored, layout, plain
from aign_tf.errors import UserError
from aign_tf.files import load_json

_MAX_MEGABYTES = 64
_KEYS = ("faces", "landmarks", "points", "keypoints")


def read_pts(path: pathlib.Path) -> list[Stored]:
    """The one face of a .pts file: `version: 1`, `n_points: 68`, then x and y a line in braces.

    Raises:
      UserError: too large, or not such a file.
    """
    _check_size(path)
    text = path.read_text(encoding="utf-8", errors="replace")
    header, _, rest = text.partition("{")
    lines = rest.partition("}")[0].splitlines()
    rows = [line.split() for line in lines if line.strip()]
    if not rows:
        raise UserError(f"{path}: not a .pts file: it has no points in braces")
    said = header.partition("n_points:")[2].split()[:1]
    if said and said != [str(len(rows))]:
        raise UserError(f"{path}: has {len(rows)} points, where n_points says {said[0]}")
    try:
        values = [[float(text) for text in row] for row in rows]
    except ValueError as error:
        raise UserError(f"{path}: {error} between the braces") from error
    return [plain(_face(values, str(path))[None], path.stem, str(path))]


def read_json_points(path: pathlib.Path) -> list[Stored]:
    """Faces of a JSON file, as lists or within objects.

    A face is a list of K points `[x, y]`, `[x, y, z]` or `{"x": ..., "y": ...}`. The file is a face
    or a list of faces; each of these may be in an object, as one of `_KEYS`.

    Raises:
      UserError: too large, no JSON, or anything else than faces of one kind.
    """
    _check_size(path)
    content = _unwrapped(load_json(path), str(path))
    if _is_face(content):
        return [plain(_face(content, str(path))[None], path.stem, str(path))]
    if not isinstance(content, list) or not content:
        raise UserError(f"{path}: expected a face or a list of faces, each a list of 68 [x, y]")
    places = [f"{path}, face {row}" for row in range(len(content))]
    faces = [_face(_unwrapped(face, place), place) for face, place in zip(content, places)]
    for face, place in zip(faces, places):
        if face.shape != faces[0].shape:
            raise UserError(f"{place}: shape {face.shape}, where face 0 has {faces[0].shape}")
    return [plain(np.stack(faces), path.stem, str(path))]


def _check_size(path: pathlib.Path) -> None:
    if path.stat().st_size > _MAX_MEGABYTES * 2**20:
        raise UserError(f"{path}: larger than {_MAX_MEGABYTES} MB: store so many faces as .npz")


def _unwrapped(content, where: str):
    """What an object holds as one of `_KEYS`; anything else as it is."""
    if not isinstance(content, dict):
        return content
    for key in _KEYS:
        if key in content:
            return content[key]
    raise UserError(f"{where}: an object without one of {', '.join(_KEYS)}")


def _is_face(content) -> bool:
    """Whether it is a list whose first entry is a point."""
    if not isinstance(content, list) or not content:
        return False
    point = content[0]
    if isinstance(point, dict):
        return "x" in point
    return isinstance(point, list) and bool(point) and not isinstance(point[0], (list, dict))


def _face(points, where: str) -> np.ndarray:
    """float64 `[K, 2]` or `[K, 3]`."""
    if isinstance(points, list):
        points = [_coordinates(point) for point in points]
    array = numbers(points, where)
    faces = layout(array)
    if faces is None or array.ndim != 2:
        raise UserError(
            f"{where}: shape {array.shape}: expected 68 landmarks, or the 66 of 3DFAW, of x and y "
            "or x, y and z"
        )
    return faces[0]


def _coordinates(point):
    """x, y and, if there, z of an object; anything else as it is."""
    return [point[axis] for axis in "xyz" if axis in point] if isinstance(point, dict) else point
