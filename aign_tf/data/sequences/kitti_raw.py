"""The KITTI raw layout: drives with their calibration, and the depth benchmark's depth maps.

2011_09_26/2011_09_26_drive_0001_sync/image_02/data/0000000000.png    or image_03, 00, 01
2011_09_26/2011_09_26_drive_0001_sync/oxts/data/0000000000.txt        optional: poses
2011_09_26/calib_cam_to_cam.txt
2011_09_26/calib_imu_to_velo.txt, calib_velo_to_cam.txt               optional: poses

Depth maps, `proj_depth/groundtruth/image_02/*.png` (16 bits, metres times 256), may lie in the
drive, or as unpacked from `data_depth_annotated.zip` in train/DRIVE or val/DRIVE, up to three
folders above. The first and last five frames of a drive have none.

Source: readme of https://www.cvlibs.net/datasets/kitti/raw_data.php; for depth, Uhrig et al.,
"Sparsity Invariant CNNs", 3DV 2017.
"""

from __future__ import annotations

import itertools
import pathlib

from aign_tf.data.sequences.depth_files import depth_reader
from aign_tf.data.sequences.footage import Footage
from aign_tf.data.sequences.frame_files import footage_of, some_pictures_in
from aign_tf.data.sequences.kitti_calibration import CAMERAS, projection
from aign_tf.data.sequences.kitti_oxts import read_poses
from aign_tf.errors import UserError

LAYOUT = "KITTI raw (2011_09_26/DRIVE/image_02/data/)"
_UNITS = 256  # of depth maps, in a metre
_FOLDERS_ABOVE = 3


def recognises(folder: pathlib.Path) -> bool:
    return _camera(folder) is not None


def _camera(folder: pathlib.Path) -> str | None:
    names = (f"image_{camera:02d}" for camera in CAMERAS)
    return next((name for name in names if (folder / name / "data").is_dir()), None)


def read(folder: pathlib.Path) -> list[Footage]:
    """The drive in `folder`.

    Raises:
      UserError: no pictures, unrectified ones, or a file that cannot be used.
    """
    if folder.name.endswith("_extract"):
        raise UserError(f"{folder}: pictures are not rectified: use the drive's _sync folder")
    camera = _camera(folder)
    pictures = some_pictures_in(folder / camera / "data")
    calibration = folder.parent / "calib_cam_to_cam.txt"
    key = f"P_rect_{camera[-2:]}"
    focal, principal_point, camera_from_first = projection(calibration, key)
    depths = _depth_folder(folder, camera)
    names = [picture.stem for picture in pictures]
    read_depth = depth_reader([depths / f"{name}.png" for name in names], pictures, _UNITS)
    poses = read_poses(folder, names, camera_from_first)
    return [footage_of(folder, pictures, (focal, principal_point), read_depth, poses)]


def _depth_folder(drive: pathlib.Path, camera: str) -> pathlib.Path:
    """Where the depth maps are; in the drive itself if nowhere."""
    above = itertools.islice(drive.parents, _FOLDERS_ABOVE)
    tops = [top / unpacked for top in above for unpacked in ("", "data_depth_annotated")]
    drives = [drive, *(top / split / drive.name for top in tops for split in ("train", "val"))]
    places = [place / "proj_depth" / "groundtruth" / camera for place in drives]
    return next((place for place in places if place.is_dir()), places[0])
