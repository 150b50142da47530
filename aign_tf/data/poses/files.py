"""Tells files of 2D joints from files of 3D motions."""

from __future__ import annotations

import pathlib

import numpy as np

from aign_tf.data.arrays import load_arrays
from aign_tf.errors import UserError
from aign_tf.files import visible_files

_SUFFIXES = (".json", ".bvh", ".npz", ".npy")
_PICTURE = 16  # pixels: the least extent of a person in a picture


def holds_keypoints(path: str, allow_pickle: bool = False) -> bool:
    """Whether a file or folder holds 2D joints; its first file of a known kind decides.

    JSON is 2D and BVH 3D. Of arrays, two columns are 2D, and so are three of which the third
    never leaves [0, 1] while the others span pixels: a confidence.

    Raises:
      UserError: there is no such path, or it holds neither.
    """
    root = pathlib.Path(path)
    if not root.exists():
        raise UserError(f"{path}: no such file or folder")
    for file in [root] if root.is_file() else visible_files(root, _SUFFIXES):
        if file.suffix.lower() in (".json", ".bvh"):
            return file.suffix.lower() == ".json"
        if file.suffix.lower() in _SUFFIXES:
            return _are_keypoints(load_arrays(file, allow_pickle))
    raise UserError(
        f"{path} holds neither 2D joints (.json, .npz, .npy) nor 3D motions (.bvh, .npz, .npy)"
    )


def _are_keypoints(arrays: dict[str, np.ndarray]) -> bool:
    poses = [array for array in arrays.values() if array.ndim == 3 and array.dtype.kind == "f"]
    if not poses:
        return True  # The reader of 2D joints tells what is wrong.
    joints = poses[0]
    if joints.shape[2] != 3:
        return True
    seen = joints[np.isfinite(joints).all(axis=-1)]
    if not len(seen):
        return True  # Only 2D joints may be missing.
    third = seen[:, 2]
    spans = np.ptp(seen[:, :2], axis=0).max()
    return bool(spans > _PICTURE and third.min() >= 0 and third.max() <= 1)
