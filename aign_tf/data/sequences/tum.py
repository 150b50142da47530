"""The TUM RGB-D layout: pictures, depth maps and poses, each with times of its own.

rgb.txt            time, path of a picture
depth.txt          time, path of a depth map (16 bits, 5000 a metre, 0 = no reading); optional
groundtruth.txt    time tx ty tz qx qy qz qw: colour camera to world, metres; optional

What lies closest in time, at most 0.02 s away, belongs to a picture. Pictures without ground truth
are left out, those without a depth map have no readings.

Intrinsics are those of the colour camera that the folder's name tells (freiburg1, 2 or 3), else
the data set's default, unless there is an `intrinsics.txt`. Pictures of freiburg1 and 2 are
distorted by the lens, by some pixels at the corners; this is left as it is.

Source: https://cvg.cit.tum.de/data/datasets/rgbd-dataset/file_formats; Sturm et al., "A Benchmark
for the Evaluation of RGB-D SLAM Systems", IROS 2012.
"""

from __future__ import annotations

import pathlib
import re
from collections.abc import Sequence

import numpy as np
from absl import logging
from scipy.spatial.transform import Rotation

from aign_tf.data.sequences.cameras import usual_intrinsics
from aign_tf.data.sequences.depth_files import depth_reader
from aign_tf.data.sequences.footage import Footage
from aign_tf.data.sequences.frame_files import footage_of
from aign_tf.data.sequences.text_files import lines, numbers, rows
from aign_tf.errors import UserError

LAYOUT = "TUM RGB-D (rgb.txt)"
_SIZE = (640, 480)
_CAMERAS = {
    "1": (517.3, 516.5, 318.6, 255.3),
    "2": (520.9, 521.0, 325.1, 249.7),
    "3": (535.4, 539.2, 320.1, 247.6),
}
_DEFAULT_CAMERA = (525.0, 525.0, 319.5, 239.5)
_UNITS = 5000  # of depth maps, in a metre
_SECONDS = 0.02


def recognises(folder: pathlib.Path) -> bool:
    return (folder / "rgb.txt").is_file()


def read(folder: pathlib.Path) -> list[Footage]:
    """The recording in `folder`.

    Raises:
      UserError: no pictures, none with ground truth, or a file that cannot be used.
    """
    times, pictures = _listed(folder / "rgb.txt")
    poses = None
    if (folder / "groundtruth.txt").exists():
        poses, known = _at(times, *_poses(folder / "groundtruth.txt"))
        if not known.any():
            raise UserError(f"{folder}/groundtruth.txt: no pose within {_SECONDS} s of a picture")
        if not known.all():
            lost = np.count_nonzero(~known)
            logging.warning("%s: %d of %d pictures have no ground truth", folder, lost, len(known))
        poses, times, pictures = poses[known], times[known], pictures[known]
    camera = usual_intrinsics(folder, pictures[0], _SIZE, _camera(folder))
    return [footage_of(folder, pictures, camera, _depth(folder, times, pictures), poses)]


def _camera(folder: pathlib.Path) -> tuple[float, float, float, float]:
    found = re.search("freiburg([123])|fr([123])", folder.name.lower())
    return _CAMERAS[found[1] or found[2]] if found else _DEFAULT_CAMERA


def _listed(path: pathlib.Path) -> tuple[np.ndarray, np.ndarray]:
    """Times `[N]`, increasing, and paths `[N]` of the files that a list names."""
    files = {}
    for line, words in lines(path):
        if len(words) != 2:
            raise UserError(f"{path}, line {line}: a time and the path of a file are needed")
        (time,) = numbers(path, line, words[:1], 1)
        file = path.parent / words[1]
        if not file.is_file():
            raise UserError(f"{path}, line {line}: there is no {file}")
        files[time] = file
    if not files:
        raise UserError(f"{path} names no files")
    times = sorted(files)
    return np.array(times), np.array([files[time] for time in times], object)


def _poses(path: pathlib.Path) -> tuple[np.ndarray, np.ndarray]:
    """Times `[N]`, increasing, and poses `[N, 4, 4]`."""
    table = rows(path, 8)
    wrong = np.flatnonzero(~table[:, 4:].any(axis=1))
    if len(wrong):
        raise UserError(f"{path}: the quaternion of pose {wrong[0]} (from 0) is 0 0 0 0")
    table = table[np.argsort(table[:, 0], kind="stable")]
    poses = np.tile(np.eye(4), (len(table), 1, 1))
    poses[:, :3, :3] = Rotation.from_quat(table[:, 4:]).as_matrix()
    poses[:, :3, 3] = table[:, 1:4]
    return table[:, 0], poses


def _depth(folder: pathlib.Path, times: np.ndarray, pictures: Sequence[pathlib.Path]):
    if not (folder / "depth.txt").exists():
        return None
    depths, near = _at(times, *_listed(folder / "depth.txt"))
    if not near.any():
        raise UserError(f"{folder}/depth.txt: no depth map within {_SECONDS} s of a picture")
    return depth_reader(np.where(near, depths, None), pictures, _UNITS)


def _at(wanted: np.ndarray, times: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The values whose increasing times are nearest to those wanted, and whether near enough."""
    after = np.searchsorted(times, wanted).clip(0, len(times) - 1)
    before = (after - 1).clip(0)
    nearest = np.where(wanted - times[before] < times[after] - wanted, before, after)
    return values[nearest], np.abs(times[nearest] - wanted) <= _SECONDS
