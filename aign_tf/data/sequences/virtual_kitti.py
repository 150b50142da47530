"""The layouts of Virtual KITTI 1.3.1 and 2.0: painted streets, with depth and poses of each frame.

vkitti_1.3.1_rgb/0001/clone/00000.png
vkitti_1.3.1_depthgt/0001/clone/00000.png         16 bits, centimetres
vkitti_1.3.1_extrinsicsgt/0001_clone.txt          header; frame, 4x4 world to camera

Scene01/clone/frames/rgb/Camera_0/rgb_00000.jpg
Scene01/clone/frames/depth/Camera_0/depth_00000.png
Scene01/clone/intrinsic.txt                       header; frame, camera, fx, fy, cx, cy
Scene01/clone/extrinsic.txt                       header; frame, camera, 4x4 world to camera

The depth maps and text files of 2.0 may also lie in folders of their own, `vkitti_2.0.3_depth` and
`vkitti_2.0.3_textgt`, in the folder of the scenes or beside it. Depth 65535 is the sky, or too far
to tell: no reading.

Source: Gaidon et al., "Virtual Worlds as Proxy for Multi-Object Tracking Analysis", CVPR 2016, and
Cabon et al., "Virtual KITTI 2", 2020, with their readme files.
"""

from __future__ import annotations

import pathlib

import numpy as np

from aign_tf.data.sequences.cameras import as_intrinsics, as_poses, inverse, usual_intrinsics
from aign_tf.data.sequences.depth_files import depth_reader
from aign_tf.data.sequences.footage import Footage
from aign_tf.data.sequences.frame_files import footage_of, pictures_in, some_pictures_in
from aign_tf.data.sequences.text_files import rows
from aign_tf.errors import UserError

LAYOUT = "Virtual KITTI (vkitti_1.3.1_rgb/0001/clone/ or Scene01/clone/frames/rgb/Camera_0/)"
_SIZE = (1242, 375)
_CAMERA = (725.0, 725.0, 620.5, 187.0)  # of 1.3.1
_CENTIMETRES = 100
_SKY = 65535


def recognises(folder: pathlib.Path) -> bool:
    return _is_second(folder) or (_is_first(folder) and bool(pictures_in(folder)))


def _is_first(folder: pathlib.Path) -> bool:
    top = folder.parent.parent.name
    return top.startswith("vkitti_1") and top.endswith("_rgb")


def _is_second(folder: pathlib.Path) -> bool:
    return (folder / "frames" / "rgb" / "Camera_0").is_dir()


def read(folder: pathlib.Path) -> list[Footage]:
    """The recording in `folder`, such as Scene01/clone.

    Raises:
      UserError: no pictures, or a file that cannot be used.
    """
    return [_read_second(folder) if _is_second(folder) else _read_first(folder)]


def _read_first(folder: pathlib.Path) -> Footage:
    pictures = pictures_in(folder)
    camera = usual_intrinsics(folder, pictures[0], _SIZE, _CAMERA)
    world, weather = folder.parent.name, folder.name
    top = folder.parent.parent
    depths = top.with_name(top.name.replace("_rgb", "_depthgt")) / world / weather
    extrinsics = top.with_name(top.name.replace("_rgb", "_extrinsicsgt")) / f"{world}_{weather}.txt"
    poses = None
    if extrinsics.exists():
        table = rows(extrinsics, 17, header=1)
        poses = _poses(extrinsics, table[:, 0], table[:, 1:], _frames(pictures, ""))
    paths = [depths / f"{picture.stem}.png" for picture in pictures]
    read_depth = depth_reader(paths, pictures, _CENTIMETRES, _SKY)
    return footage_of(folder, pictures, camera, read_depth, poses)


def _read_second(folder: pathlib.Path) -> Footage:
    pictures = some_pictures_in(folder / "frames" / "rgb" / "Camera_0")
    frames = _frames(pictures, "rgb_")
    camera = _intrinsics(_part(folder, "textgt", "intrinsic.txt"))
    extrinsics = _part(folder, "textgt", "extrinsic.txt")
    poses = None
    if extrinsics.exists():
        table = rows(extrinsics, 18, header=1)
        left = table[table[:, 1] == 0]
        poses = _poses(extrinsics, left[:, 0], left[:, 2:], frames)
    depths = _part(folder, "depth", "frames/depth/Camera_0")
    names = [picture.stem.replace("rgb_", "depth_") for picture in pictures]
    paths = [depths / f"{name}.png" for name in names]
    read_depth = depth_reader(paths, pictures, _CENTIMETRES, _SKY)
    return footage_of(folder, pictures, camera, read_depth, poses)


def _frames(pictures: list[pathlib.Path], prefix: str) -> list[int]:
    """The numbers in the pictures' names."""
    for picture in pictures:
        digits = picture.stem[len(prefix) :]
        if not (picture.stem.startswith(prefix) and digits.isascii() and digits.isdigit()):
            raise UserError(f"{picture}: not named {prefix}NUMBER as in Virtual KITTI")
    return [int(picture.stem[len(prefix) :]) for picture in pictures]


def _part(folder: pathlib.Path, archive: str, inside: str) -> pathlib.Path:
    """A file or folder of the recording, wherever its archive was unpacked."""
    scenes = folder.parent.parent
    own = [top for place in (scenes, scenes.parent) for top in place.glob(f"vkitti_2*_{archive}")]
    recordings = [folder, *(top / folder.parent.name / folder.name for top in own)]
    places = [recording / inside for recording in recordings]
    return next((place for place in places if place.exists()), places[0])


def _intrinsics(path: pathlib.Path) -> tuple[np.ndarray, np.ndarray]:
    table = rows(path, 6, header=1)
    left = table[table[:, 1] == 0, 2:]
    if not len(left):
        raise UserError(f"{path}: no row is of camera 0")
    if np.ptp(left, axis=0).any():
        raise UserError(f"{path}: the intrinsics of camera 0 change from frame to frame")
    fx, fy, cx, cy = left[0]
    return as_intrinsics(path, np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]]))


def _poses(
    path: pathlib.Path, numbers: np.ndarray, extrinsics: np.ndarray, frames: list[int]
) -> np.ndarray:
    """float64 `[N, 4, 4]`, world from camera, of the given frames."""
    row = {int(number): i for i, number in enumerate(numbers)}
    missing = [frame for frame in frames if frame not in row]
    if missing:
        raise UserError(f"{path}: {len(missing)} pictures have no pose, the first is {missing[0]}")
    return inverse(as_poses(path, extrinsics)[[row[frame] for frame in frames]])
