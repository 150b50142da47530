"""2D joints in plain NumPy files: one array a clip.

NAME            [T, J, 2] pixels, or [T, J, 3] with a confidence in [0, 1]; NaN is missing
intrinsics      3x3, optional: the camera of all clips
image_size      (width, height), optional
"""

from __future__ import annotations

import pathlib

import numpy as np
from absl import logging

from aign_tf.data.arrays import numbers
from aign_tf.data.poses.clips import Camera, Clip2D
from aign_tf.data.poses.observed import as_clip, pixels
from aign_tf.errors import UserError
from aign_tf.skeletons import SKELETONS, Skeleton, named


def read_plain(path: pathlib.Path, arrays: dict[str, np.ndarray], skeleton: str) -> list[Clip2D]:
    """Clips from what `load_arrays` found in the file `path`.

    Args:
      path: the file.
      arrays: its arrays; one that `numpy.savez` had to name itself is named after the file.
      skeleton: of the joints; where empty, the first of `SKELETONS` with as many joints.

    Raises:
      UserError: no such skeleton, another number of joints, or numbers that make no sense.
    """
    clips = dict(arrays)
    camera = _camera(path, clips.pop("intrinsics", None))
    size = clips.pop("image_size", None)
    image_size = None if size is None else pixels(f"{path}: image_size", size)
    if list(clips) == ["arr_0"]:
        clips = {path.stem: clips["arr_0"]}
    if not clips:
        raise UserError(f"{path}: no clips: expected arrays (frames, joints, 2)")
    body = named(skeleton) if skeleton else _skeleton(path, next(iter(clips.values())))
    return [
        as_clip(f"{path}: {name}", name, array, body, image_size, camera)
        for name, array in clips.items()
    ]


def _skeleton(path: pathlib.Path, array: np.ndarray) -> Skeleton:
    if array.ndim != 3:
        raise UserError(f"{path}: shape {array.shape}: expected (frames, joints, 2)")
    count = array.shape[1]
    fitting = [body for body in SKELETONS.values() if len(body.joints) == count]
    if not fitting:
        known = ", ".join(f"{name} {len(body.joints)}" for name, body in SKELETONS.items())
        raise UserError(f"{path}: no skeleton has {count} joints: {known}")
    first, *others = (body.name for body in fitting)
    if others:
        logging.info(
            "%s: %d joints are taken for %s; otherwise name another skeleton: %s",
            path,
            count,
            first,
            " or ".join(others),
        )
    return fitting[0]


def _camera(path: pathlib.Path, intrinsics: np.ndarray | None) -> Camera | None:
    if intrinsics is None:
        return None
    matrix = numbers(intrinsics, f"{path}: intrinsics")
    fits = matrix.shape == (3, 3) and matrix[0, 0] > 0 and matrix[1, 1] > 0
    if fits:
        fx, fy, cx, cy = (float(matrix[i]) for i in ((0, 0), (1, 1), (0, 2), (1, 2)))
        fits = np.array_equal(matrix, [[fx, 0, cx], [0, fy, cy], [0, 0, 1]])
    if not fits:
        raise UserError(f"{path}: intrinsics must be [[fx, 0, cx], [0, fy, cy], [0, 0, 1]]")
    return Camera((fx, fy), (cx, cy))
