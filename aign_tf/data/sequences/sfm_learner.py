"""The layout that SfMLearner prepares: pictures of a few frames side by side.

train.txt                lines "FOLDER FRAME"
FOLDER/FRAME.jpg         the frames before, at and after FRAME, from left to right
FOLDER/FRAME_cam.txt     3x3 intrinsics of one of them in one line, with commas

Each picture is a recording of its own. How many frames there are, 3 or 5, follows from the
principal point, which is close to the middle of a frame.

Source: Zhou et al., "Unsupervised Learning of Depth and Ego-Motion from Video", CVPR 2017,
https://github.com/tinghuiz/SfMLearner, data/prepare_train_data.py.
"""

from __future__ import annotations

import pathlib

import numpy as np

from aign_tf.data.pictures import UnreadablePicture, read_picture
from aign_tf.data.sequences.cameras import read_intrinsics
from aign_tf.data.sequences.footage import Footage
from aign_tf.data.sequences.frame_files import picture_size
from aign_tf.data.sequences.text_files import lines
from aign_tf.errors import UserError

LAYOUT = "SfMLearner's prepared folders (train.txt)"


def recognises(folder: pathlib.Path) -> bool:
    return (folder / "train.txt").is_file()


def read(folder: pathlib.Path) -> list[Footage]:
    """The recordings that `folder/train.txt` lists, named by the folder, FOLDER and FRAME.

    Raises:
      UserError: an empty list, a line that is not as it should be, or a missing file.
    """
    pictures = _listed(folder / "train.txt")
    cameras = [
        read_intrinsics(picture.with_name(f"{picture.stem}_cam.txt")) for picture in pictures
    ]
    count = _frames(picture_size(pictures[0])[0], cameras[0][1][0])
    return [
        Footage(
            name=picture.relative_to(folder.parent).with_suffix("").as_posix(),
            count=count,
            read_image=_Strip(picture, count),
            focal=focal,
            principal_point=principal_point,
        )
        for picture, (focal, principal_point) in zip(pictures, cameras)
    ]


def _listed(path: pathlib.Path) -> list[pathlib.Path]:
    pictures = {}
    for line, words in lines(path):
        if len(words) != 2:
            raise UserError(f"{path}, line {line}: a folder and a frame are needed")
        picture = path.parent / words[0] / f"{words[1]}.jpg"
        if picture in pictures:
            raise UserError(f"{path}, line {line}: repeats line {pictures[picture]}")
        if not picture.is_file():
            raise UserError(f"{path}, line {line}: there is no {picture}")
        pictures[picture] = line
    if not pictures:
        raise UserError(f"{path} names no pictures")
    return sorted(pictures)


def _frames(width: int, principal_x: float) -> int:
    """Number of frames side by side, which is odd: as many come before the middle as after."""
    ratio = width / max(1, 2 * principal_x)
    return max(3, 2 * round((ratio - 1) / 2) + 1)


class _Strip:
    """Frame number -> uint8 `[h, w, 3]`, of `count` frames side by side in one picture."""

    def __init__(self, path: pathlib.Path, count: int):
        self._path, self._count = path, count

    def __call__(self, frame: int) -> np.ndarray:
        strip = read_picture(self._path)
        width, rest = divmod(strip.shape[1], self._count)
        if rest:
            reason = f"{strip.shape[1]} pixels wide, not {self._count} frames side by side"
            raise UnreadablePicture(self._path, reason)
        return strip[:, frame * width : (frame + 1) * width]
