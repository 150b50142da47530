"""The 7-Scenes layout: all files of a frame side by side.

seq-01/frame-000000.color.png    or .jpg
seq-01/frame-000000.depth.png    16 bits, millimetres, 0 or 65535 = no reading; optional
seq-01/frame-000000.pose.txt     4x4, camera to world, metres; optional

Frames whose pose is not finite, which is how a lost camera is written, are left out. Intrinsics
are the data set's default, unless there is an `intrinsics.txt` in the folder or beside it. Depth
maps of 7-Scenes are as the depth camera saw them, which stood beside the colour camera: edges of
near things lie some pixels off.

Source: https://www.microsoft.com/en-us/research/project/rgb-d-dataset-7-scenes/; Shotton et al.,
"Scene Coordinate Regression Forests for Camera Relocalization in RGB-D Images", CVPR 2013.
"""

from __future__ import annotations

import pathlib
import re

import numpy as np
from absl import logging

from aign_tf.data.sequences.cameras import as_poses, usual_intrinsics
from aign_tf.data.sequences.depth_files import depth_reader
from aign_tf.data.sequences.footage import Footage
from aign_tf.data.sequences.frame_files import footage_of, pictures_in
from aign_tf.data.sequences.text_files import lines, numbers
from aign_tf.errors import UserError

LAYOUT = "7-Scenes (frame-000000.color.png)"
_SIZE = (640, 480)
_CAMERA = (585.0, 585.0, 320.0, 240.0)
_MILLIMETRES = 1000
_NO_READING = 65535
_LOST = re.compile(r"[+-]?(nan|inf|1\.#)", re.IGNORECASE)  # 1.#IND: from Windows


def recognises(folder: pathlib.Path) -> bool:
    return next(folder.glob("frame-*.color.*"), None) is not None


def read(folder: pathlib.Path) -> list[Footage]:
    """The sequence in `folder`.

    Raises:
      UserError: no usable frame, or a file that cannot be used.
    """
    pictures = [path for path in pictures_in(folder) if path.stem.endswith(".color")]
    if not pictures:
        raise UserError(f"{folder}: no frame-NUMBER.color.png or .jpg in it")
    poses = None
    if any(_of_frame(picture, "pose.txt").exists() for picture in pictures):
        found = [_pose(_of_frame(picture, "pose.txt")) for picture in pictures]
        pictures = [picture for picture, pose in zip(pictures, found) if pose is not None]
        if not pictures:
            raise UserError(f"{folder}: no frame has a finite pose")
        if len(pictures) < len(found):
            lost = len(found) - len(pictures)
            logging.warning("%s: %d of %d frames lost their pose", folder, lost, len(found))
        poses = np.concatenate([pose for pose in found if pose is not None])
    camera = usual_intrinsics(folder, pictures[0], _SIZE, _CAMERA)
    depths = [_of_frame(picture, "depth.png") for picture in pictures]
    read_depth = depth_reader(depths, pictures, _MILLIMETRES, _NO_READING)
    return [footage_of(folder, pictures, camera, read_depth, poses)]


def _of_frame(picture: pathlib.Path, ending: str) -> pathlib.Path:
    """frame-000000.color.png -> frame-000000.ENDING."""
    return picture.with_name(f"{picture.stem[: -len('.color')]}.{ending}")


def _pose(path: pathlib.Path) -> np.ndarray | None:
    """float64 `[1, 4, 4]`; None where the camera was lost."""
    table = lines(path)
    if any(_LOST.match(word) for _, words in table for word in words):
        return None
    if len(table) != 4:
        raise UserError(f"{path}: {len(table)} lines, 4 of 4 numbers are needed")
    matrix = [number for line, words in table for number in numbers(path, line, words, 4)]
    return as_poses(path, np.array([matrix]))
