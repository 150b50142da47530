"""The plain layout of a recording: a folder of pictures and text files that anybody can write.

images/            pictures in the order of their names; or directly in the folder
intrinsics.txt     3x3, or fx fy cx cy, pixels; also beside the folder, for all recordings there
depth/NAME.png     16 bits, millimetres, 0 = no reading; named as the picture; optional
poses.txt          12 or 16 numbers a line, row by row: camera to world, metres; optional
"""

from __future__ import annotations

import pathlib

from aign_tf.data.sequences.cameras import find_intrinsics, read_intrinsics, read_poses
from aign_tf.data.sequences.depth_files import depth_reader
from aign_tf.data.sequences.footage import Footage
from aign_tf.data.sequences.frame_files import footage_of, pictures_in, some_pictures_in
from aign_tf.errors import UserError

LAYOUT = "plain (images/, intrinsics.txt)"
_MILLIMETRES = 1000


def recognises(folder: pathlib.Path) -> bool:
    if (folder / "images").is_dir():
        return True
    return find_intrinsics(folder) is not None and bool(pictures_in(folder))


def read(folder: pathlib.Path) -> list[Footage]:
    """The recording in `folder`.

    Raises:
      UserError: no pictures, no intrinsics, or a file that cannot be used.
    """
    images = folder / "images"
    pictures = some_pictures_in(images if images.is_dir() else folder)
    camera = find_intrinsics(folder)
    if camera is None:
        raise UserError(
            f"{folder}: pictures without a camera: add intrinsics.txt (3x3, or fx fy cx cy, in "
            "pixels)"
        )
    intrinsics = read_intrinsics(camera)
    poses = read_poses(folder / "poses.txt", len(pictures), 12, 16)
    return [footage_of(folder, pictures, intrinsics, _depth(folder / "depth", pictures), poses)]


def _depth(folder: pathlib.Path, pictures: list[pathlib.Path]):
    if not folder.is_dir():
        return None
    expected = [folder / f"{picture.stem}.png" for picture in pictures]
    read = depth_reader(expected, pictures, _MILLIMETRES)
    if read is None:
        raise UserError(f"{folder}: no depth map is named as a picture, e.g. {expected[0].name}")
    return read
