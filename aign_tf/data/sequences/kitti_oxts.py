"""Poses of KITTI's raw drives, from the car's satellite and inertial navigation (OXTS).

Latitude and longitude become metres by a Mercator projection, scaled for the latitude of the first
frame, and roll, pitch and yaw a rotation Rz(yaw) Ry(pitch) Rx(roll): the car (x forward, y left, z
up) in a world whose x points east, y north, z up. Calibration leads from the car to the laser, from
there to the first camera, from there to its rectified picture and to the other cameras.

Source: matlab/convertOxtsToPose.m of KITTI's raw data development kit; Geiger et al., IJRR 2013,
eq. 7 and 8.
"""

from __future__ import annotations

import pathlib
from collections.abc import Sequence

import numpy as np
from absl import logging
from scipy.spatial.transform import Rotation

from aign_tf.data.sequences.cameras import inverse
from aign_tf.data.sequences.kitti_calibration import calibrated
from aign_tf.data.sequences.text_files import rows

_EARTH_RADIUS = 6378137.0  # metres
_VALUES = 30  # in a file


def read_poses(
    drive: pathlib.Path, frames: Sequence[str], camera_from_first: np.ndarray
) -> np.ndarray | None:
    """float64 `[N, 4, 4]`, world from camera, metres; the car starts at the origin.

    Args:
      drive: its folder.
      frames: names of N frames.
      camera_from_first: `[4, 4]`, from the first rectified camera to the one of the pictures.

    Returns:
      None where navigation or calibration is missing.

    Raises:
      UserError: navigation of a frame is missing, or a file cannot be used.
    """
    navigation = drive / "oxts" / "data"
    imu_to_velo, velo_to_cam, cam_to_cam = (
        drive.parent / f"calib_{name}.txt" for name in ("imu_to_velo", "velo_to_cam", "cam_to_cam")
    )
    for needed in (navigation, imu_to_velo, velo_to_cam):
        if not needed.exists():
            logging.info("%s: poses are not known, as there is no %s", drive, needed)
            return None
    readings = np.stack([rows(navigation / f"{frame}.txt", _VALUES)[0] for frame in frames])
    rectifying = np.eye(4)
    rectifying[:3, :3] = calibrated(cam_to_cam, "R_rect_00", 3, 3)
    camera_from_car = camera_from_first @ rectifying @ _rigid(velo_to_cam) @ _rigid(imu_to_velo)
    return world_from_car(readings) @ inverse(camera_from_car)


def _rigid(path: pathlib.Path) -> np.ndarray:
    motion = np.eye(4)
    motion[:3, :3] = calibrated(path, "R", 3, 3)
    motion[:3, 3] = calibrated(path, "T", 3)
    return motion


def world_from_car(readings: np.ndarray) -> np.ndarray:
    """float64 `[N, 4, 4]` from rows that begin with latitude and longitude (degrees), altitude
    (metres), roll, pitch and yaw (radians)."""
    latitude, longitude = np.radians(readings[:, :2].T)
    scale = _EARTH_RADIUS * np.cos(latitude[0])
    east = scale * longitude
    north = scale * np.log(np.tan(np.pi / 4 + latitude / 2))
    place = np.stack([east, north, readings[:, 2]], axis=-1)
    poses = np.tile(np.eye(4), (len(readings), 1, 1))
    poses[:, :3, :3] = Rotation.from_euler("xyz", readings[:, 3:6]).as_matrix()
    poses[:, :3, 3] = place - place[0]
    return poses
