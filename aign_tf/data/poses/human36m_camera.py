"""The four cameras of Human3.6M, from the `cameras.h5` of the 3d-pose-baseline project.

A point at (x, y) = (X/Z, Y/Z) with r2 = x^2 + y^2 is seen, in pixels, at

    centre + focal * ((x, y) * (1 + k1 r2 + k2 r2^2 + k3 r2^3 + p1 y + p2 x) + (p2, p1) * r2)

which is Human3.6M's own model: OpenCV counts the terms p1 y and p2 x twice.
"""

from __future__ import annotations

import pathlib
from typing import NamedTuple

import h5py
import numpy as np

from aign_tf.errors import UserError

CAMERAS = ("54138969", "55011271", "58860488", "60457274")

# Each step gains a digit or more within the pictures of these weakly distorting lenses.
_UNDISTORT_STEPS = 12


class View(NamedTuple):
    """A calibrated camera; its frame is x right, y down, z forward.

    Attributes:
      rotation: `[3, 3]`, from the world to the camera.
      position: `[3]`, of the camera in the world, metres.
      focal: `[2]`, pixels.
      centre: `[2]`, pixels.
      radial: `[3]`, k1 k2 k3.
      tangential: `[2]`, p1 p2.
    """

    rotation: np.ndarray
    position: np.ndarray
    focal: np.ndarray
    centre: np.ndarray
    radial: np.ndarray
    tangential: np.ndarray

    def from_world(self, points: np.ndarray) -> np.ndarray:
        """Points `[..., 3]` of the world, z up, in the camera frame; metres."""
        return (points - self.position) @ self.rotation.T

    def from_pixels(self, pixels: np.ndarray) -> np.ndarray:
        """Pixels `[..., 2]` as undistorted coordinates of focal length 1, by fixed-point steps."""
        distorted = (pixels - self.centre) / self.focal
        points = distorted
        for _ in range(_UNDISTORT_STEPS):
            r2 = np.sum(points**2, axis=-1, keepdims=True)
            powers = np.concatenate([r2, r2**2, r2**3], axis=-1)
            scale = 1 + powers @ self.radial + points[..., ::-1] @ self.tangential
            points = (distorted - r2 * self.tangential[::-1]) / scale[..., None]
        return points


def read_views(file: pathlib.Path, subject: str) -> dict[str, View]:
    """The cameras that filmed `subject` ("S9") by name, as far as `file` has them.

    Raises:
      UserError: a file that is not HDF5, or a camera that lacks a parameter.
    """
    try:
        with h5py.File(file, "r") as content:
            group = content.get(f"subject{subject[1:]}", {})
            views = [_read_view(camera) for camera in group.values()]
    except (OSError, KeyError, ValueError) as error:
        raise UserError(
            f"{file}: {' '.join(str(error).split())}; expected the groups subjectN/cameraM with "
            "R, T, f, c, k, p and Name, as in 3d-pose-baseline"
        ) from error
    return {name: view for name, view in views if name in CAMERAS}


def _read_view(camera: h5py.Group) -> tuple[str, View]:
    def parameter(name: str, size: int) -> np.ndarray:
        return np.asarray(camera[name], np.float64).reshape(size)

    # Matrices were stored by MATLAB, column by column.
    rotation = parameter("R", 9).reshape(3, 3).T
    view = View(
        rotation,
        position=parameter("T", 3) / 1000,
        focal=parameter("f", 2),
        centre=parameter("c", 2),
        radial=parameter("k", 3),
        tangential=parameter("p", 2),
    )
    return "".join(chr(code) for code in np.ravel(camera["Name"])), view
