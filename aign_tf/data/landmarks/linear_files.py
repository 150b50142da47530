"""Linear models of faces in files.

A .npz file holds `mean` (K, 3), `identity` (I, K, 3) and, if there are any, `expression` (E, K, 3):
the landmarks of ICT-FaceKit (Li et al. 2020), for one, or of any other morphable model.
"""

from __future__ import annotations

import os
import pathlib
import zipfile

import numpy as np

from aign_tf.data.arrays import load_arrays, numbers
from aign_tf.data.landmarks.linear_faces import LinearFaces
from aign_tf.errors import UserError
from aign_tf.landmarks import SCHEMES

# These come before the landmarks that 3DFAW leaves out: they have the same numbers with it.
_BROWS, _CHIN, _TIP, _EARS = slice(17, 27), 8, 30, [0, 16]
_ALONG = 0.8  # least cosine of an axis with the way along the face that names it


def is_linear_faces(path: str | os.PathLike) -> bool:
    """Whether a file is a .npz with a `mean` and an `identity`, by their names alone."""
    path = pathlib.Path(path)
    if path.suffix.lower() != ".npz":
        return False
    try:
        with zipfile.ZipFile(path) as file:
            return {"mean.npy", "identity.npy"} <= set(file.namelist())
    except Exception:  # Damaged archives raise whatever they like.
        return False


def read_linear_faces(path: str | os.PathLike) -> LinearFaces:
    """A linear model of faces from a .npz file, turned (never mirrored) into our axes.

    Args:
      path: holds `mean` (K, 3), `identity` (I, K, 3) and perhaps `expression` (E, K, 3), in any
        unit, x along the width of the face, y along its height and z along its depth.

    Raises:
      UserError: no such file or arrays, wrong shapes, not 68 or 66 landmarks, not finite, another
        axis than these, or a mirror image.
    """
    arrays = load_arrays(path)
    mean = _finite(path, arrays, "mean")
    if mean.ndim != 2 or len(mean) not in SCHEMES or mean.shape[1] != 3:
        raise UserError(f"{path}: mean has shape {mean.shape}, expected (68, 3) or (66, 3)")
    arrays.setdefault("expression", np.zeros((0, *mean.shape), np.float32))
    signs = _signs(path, mean)
    parts = [mean]
    for name, letter in (("identity", "I"), ("expression", "E")):
        part = _finite(path, arrays, name)
        if part.ndim != 3 or part.shape[1:] != mean.shape:
            expected = f"({letter}, {len(mean)}, 3) to go with the mean"
            raise UserError(f"{path}: {name} has shape {part.shape}, expected {expected}")
        parts.append(part)
    return LinearFaces(*((part * signs).astype(np.float32) for part in parts))


def _finite(path: str | os.PathLike, arrays: dict[str, np.ndarray], name: str) -> np.ndarray:
    if name not in arrays:
        raise UserError(f"{path}: no array {name!r}: it holds {', '.join(sorted(arrays))}")
    array = numbers(arrays[name], f"{path}: {name}")
    if not np.isfinite(array).all():
        raise UserError(f"{path}: {name} is not finite everywhere")
    return array


def _signs(path: str | os.PathLike, mean: np.ndarray) -> np.ndarray:
    """`[3]` of 1 and -1: what turns the axes of a mean face into ours."""
    right_to_left = mean[_EARS[1]] - mean[_EARS[0]]
    down = mean[_CHIN] - mean[_BROWS].mean(axis=0)
    back = mean[_EARS].mean(axis=0) - mean[_TIP]
    ways = np.stack([right_to_left, down, back])
    along = np.diagonal(ways)
    if (np.abs(along) <= _ALONG * np.linalg.norm(ways, axis=1)).any():
        raise UserError(
            f"{path}: the mean face is not upright and frontal: x must run along its width, y "
            "along its height and z along its depth"
        )
    signs = np.sign(along)
    if signs.prod() < 0:
        raise UserError(
            f"{path}: the mean face is a mirror image: landmark 0 must be at the person's right "
            "ear; if it is, negate one axis of all arrays"
        )
    return signs
