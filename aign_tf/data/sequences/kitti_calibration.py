"""Calibration files of KITTI: `KEY: numbers` in each line.

Source: Geiger, Lenz, Stiller and Urtasun, "Vision meets Robotics: The KITTI Dataset", IJRR 2013,
and the readme files of its development kits.
"""

from __future__ import annotations

import pathlib

import numpy as np

from aign_tf.data.sequences.cameras import as_intrinsics
from aign_tf.data.sequences.text_files import lines, numbers
from aign_tf.errors import UserError

# Colour before grey, left before right.
CAMERAS = (2, 3, 0, 1)


def calibrated(path: pathlib.Path, key: str, *shape: int) -> np.ndarray:
    """float64 `shape`: the numbers in the line that begins with `key`.

    Raises:
      UserError: no such file or line, or other numbers in it.
    """
    for number, words in lines(path):
        if words[0].rstrip(":") == key:
            return np.reshape(numbers(path, number, words[1:], int(np.prod(shape))), shape)
    raise UserError(f"{path}: no line begins with {key}:")


def projection(path: pathlib.Path, key: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Focal length, principal point, and `camera_from_first` `[4, 4]` of a rectified camera.

    Rectified cameras look the same way as the first one, from another place: P = K [I | t].
    """
    matrix = calibrated(path, key, 3, 4)
    intrinsics = as_intrinsics(path, matrix[:, :3])
    camera_from_first = np.eye(4)
    camera_from_first[:3, 3] = np.linalg.solve(matrix[:, :3], matrix[:, 3])
    return *intrinsics, camera_from_first
