"""The KITTI odometry layout: sequences of rectified pictures, and poses of some of them.

sequences/00/image_2/000000.png    or image_3, image_0, image_1: the first that is there
sequences/00/calib.txt             P0 to P3, each 3x4
poses/00.txt                       12 numbers a line: first camera to world, metres

Source: readme of https://www.cvlibs.net/datasets/kitti/eval_odometry.php.
"""

from __future__ import annotations

import pathlib

from aign_tf.data.sequences.cameras import inverse, read_poses
from aign_tf.data.sequences.footage import Footage
from aign_tf.data.sequences.frame_files import footage_of, some_pictures_in
from aign_tf.data.sequences.kitti_calibration import CAMERAS, projection

LAYOUT = "KITTI odometry (sequences/00/calib.txt and image_2/)"


def recognises(folder: pathlib.Path) -> bool:
    return (folder / "calib.txt").is_file() and _camera(folder) is not None


def _camera(folder: pathlib.Path) -> int | None:
    return next((camera for camera in CAMERAS if (folder / f"image_{camera}").is_dir()), None)


def read(folder: pathlib.Path) -> list[Footage]:
    """The sequence in `folder`, such as sequences/00.

    Raises:
      UserError: no pictures, or a file that cannot be used.
    """
    camera = _camera(folder)
    pictures = some_pictures_in(folder / f"image_{camera}")
    focal, principal_point, camera_from_first = projection(folder / "calib.txt", f"P{camera}")
    path = folder.parent.parent / "poses" / f"{folder.name}.txt"
    poses = read_poses(path, len(pictures), 12)
    if poses is not None:  # Those of the first camera.
        poses = poses @ inverse(camera_from_first)
    return [footage_of(folder, pictures, (focal, principal_point), poses=poses)]
