"""What text files say of a camera: focal length, principal point, and where it stood.

A camera looks along z, with x to the right and y down; pixel (0, 0) has its centre at (0, 0).
"""

from __future__ import annotations

import pathlib

import numpy as np

from aign_tf.data.sequences.frame_files import picture_size
from aign_tf.data.sequences.text_files import lines, numbers, rows
from aign_tf.errors import UserError

_INTRINSICS = "intrinsics.txt"
_LAST_ROW = (0, 0, 0, 1)
_TOLERANCE = 1e-3  # what rounding may have made of a 0 or a 1


def read_intrinsics(path: pathlib.Path) -> tuple[np.ndarray, np.ndarray]:
    """Focal length and principal point, float64 `[2]`, x and y, pixels.

    Args:
      path: a file of `fx 0 cx 0 fy cy 0 0 1`, usually in three lines, or of `fx fy cx cy`; commas
        may stand between the numbers.

    Raises:
      UserError: no such file, or other numbers.
    """
    values = [value for line, words in lines(path) for value in _separated(path, line, words)]
    if len(values) == 4:
        fx, fy, cx, cy = values
        return as_intrinsics(path, np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]]))
    if len(values) != 9:
        raise UserError(f"{path}: {len(values)} numbers, 9 (3x3) or 4 (fx fy cx cy) are needed")
    return as_intrinsics(path, np.reshape(values, (3, 3)))


def _separated(path: pathlib.Path, line: int, words: list[str]) -> list[float]:
    parts = " ".join(words).replace(",", " ").split()
    return numbers(path, line, parts, len(parts))


def as_intrinsics(path: pathlib.Path, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Focal length and principal point of a 3x3 matrix that stands in the file `path`.

    Raises:
      UserError: it is not that of a camera with square corners.
    """
    (fx, _, cx), (_, fy, cy), _ = matrix
    apart = np.abs(matrix - [[fx, 0, cx], [0, fy, cy], [0, 0, 1]]).max()
    if min(fx, fy) <= 0 or apart > _TOLERANCE:
        shown = _shown(matrix.ravel())
        raise UserError(f"{path}: intrinsics must be fx 0 cx 0 fy cy 0 0 1, not {shown}")
    return np.array([fx, fy]), np.array([cx, cy])


def _shown(values: np.ndarray) -> str:
    return " ".join(f"{value:g}" for value in values)


def find_intrinsics(folder: pathlib.Path) -> pathlib.Path | None:
    """`intrinsics.txt` of a recording: in its folder, or beside it, for all recordings there."""
    places = (folder / _INTRINSICS, folder.parent / _INTRINSICS)
    return next((path for path in places if path.is_file()), None)


def usual_intrinsics(
    folder: pathlib.Path,
    picture: pathlib.Path,
    size: tuple[int, int],
    usual: tuple[float, float, float, float],
) -> tuple[np.ndarray, np.ndarray]:
    """Intrinsics of `find_intrinsics`, else those that the data set documents.

    Args:
      folder: of the recording.
      picture: one of its pictures.
      size: width and height that `usual` is for.
      usual: fx, fy, cx, cy.

    Raises:
      UserError: intrinsics that cannot be used, or pictures of another size without any.
    """
    path = find_intrinsics(folder)
    if path:
        return read_intrinsics(path)
    if picture_size(picture) != size:
        width, height = picture_size(picture)
        raise UserError(
            f"{folder}: pictures of {width}x{height}, not {size[0]}x{size[1]} as distributed: "
            f"add {_INTRINSICS} (fx fy cx cy)"
        )
    return np.array(usual[:2]), np.array(usual[2:])


def as_poses(path: pathlib.Path, values: np.ndarray) -> np.ndarray:
    """float64 `[N, 4, 4]` from rows of 12 or 16 numbers that stand in the file `path`.

    Raises:
      UserError: a fourth row that is not 0 0 0 1, as of a transposed matrix.
    """
    poses = np.tile(np.eye(4), (len(values), 1, 1))
    poses[:, :3] = values[:, :12].reshape(-1, 3, 4)
    if values.shape[1] == 16:
        wrong = np.flatnonzero(np.abs(values[:, 12:] - _LAST_ROW).max(axis=1) > _TOLERANCE)
        if len(wrong):
            shown = _shown(values[wrong[0], 12:])
            raise UserError(
                f"{path}: the fourth row of pose {wrong[0]} (from 0) is {shown}, not 0 0 0 1"
            )
    return poses


def inverse(poses: np.ndarray) -> np.ndarray:
    """Of rigid motions `[..., 4, 4]`: a from b becomes b from a."""
    inverted = np.zeros_like(poses)
    rotation = np.swapaxes(poses[..., :3, :3], -1, -2)
    inverted[..., :3, :3] = rotation
    inverted[..., :3, 3:] = -rotation @ poses[..., :3, 3:]
    inverted[..., 3, 3] = 1
    return inverted


def read_poses(path: pathlib.Path, pictures: int, *counts: int) -> np.ndarray | None:
    """float64 `[N, 4, 4]` from a file with a line for each of N pictures; None without a file.

    Args:
      counts: how many numbers a line may hold, 12 or 16.

    Raises:
      UserError: numbers that are no poses, or more or fewer lines than pictures.
    """
    if not path.exists():
        return None
    poses = as_poses(path, rows(path, *counts))
    if len(poses) != pictures:
        raise UserError(f"{path}: {len(poses)} poses for {pictures} pictures")
    return poses
