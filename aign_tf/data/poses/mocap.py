"""Motion capture in files: arrays of joint positions, and BVH."""

from __future__ import annotations

import itertools
import os
import pathlib
from collections.abc import Iterator

import numpy as np

from aign_tf.data.arrays import load_arrays, numbers
from aign_tf.data.poses.bvh import read_bvh, world_positions
from aign_tf.data.poses.bvh_names import recognise
from aign_tf.data.poses.clips import Clip3D
from aign_tf.data.poses.upright import upright
from aign_tf.errors import UserError
from aign_tf.files import visible_files
from aign_tf.skeletons import SKELETONS, Skeleton, joint_map, named

SUFFIXES = (".bvh", ".npy", ".npz")


def read_mocap(
    path: str | os.PathLike,
    skeleton: str = "",
    up: str = "auto",
    scale: str | float = "auto",
    allow_pickle: bool = False,
    target: Skeleton = SKELETONS["h36m17"],
) -> list[Clip3D]:
    """Motions of a file, or of all files below a folder, in the joints of `target`.

    Understood are `.npz` and `.npy` arrays `[T, J, 3]`, among them VideoPose3D's
    `data_3d_h36m.npz`, and BVH. A clip of a `.npz` is called as its array, others as their file
    without suffix; in a folder, the path of the file in it comes before.

    Axes and unit are found out as `upright` says: once for each file of arrays, and once for all
    BVH files of a folder.

    Args:
      path: the file or folder; hidden files are left out.
      skeleton: name of that of the arrays; "" tells it by the number of joints. BVH needs none.
      up: what points upwards in the files: x, y, z, -x, -y, -z or auto.
      scale: metres a unit in the files, or auto.
      allow_pickle: reads arrays of Python objects, which can run code: for files you trust.
      target: has hips, knees, ankles and shoulders.

    Returns:
      At least one clip.

    Raises:
      UserError: nothing to read, a file that cannot be used, joints that `target` needs and a file
        lacks, or what `upright` finds wrong.
    """
    clips = []
    for place, motions in read_places(path, skeleton, allow_pickle, target):
        ready = upright(motions, target, place, up, scale)
        clips += [Clip3D(name, joints, target) for name, joints in ready.items()]
    return clips


def read_places(
    path: str | os.PathLike,
    skeleton: str = "",
    allow_pickle: bool = False,
    target: Skeleton = SKELETONS["h36m17"],
) -> Iterator[tuple[pathlib.Path, dict[str, np.ndarray]]]:
    """As `read_mocap`, as the files have it: what shares axes and unit, name -> `[T, J, 3]`."""
    path = pathlib.Path(path)
    for place, files in itertools.groupby(sorted(_files(path), key=_place), _place):
        motions = {}
        for file in files:
            found = _read_bvh(file) if _is_bvh(file) else _read_arrays(file, skeleton, allow_pickle)
            for key, source, joints in found:
                name = _name(path, file, key)
                motions[name] = _converted(f"{file}, {key}", joints, source, target)
        yield place, motions


def _files(path: pathlib.Path) -> list[pathlib.Path]:
    if not path.exists():
        raise UserError(f"{path}: no such file or folder of motions")
    files = [path] if path.is_file() else visible_files(path, SUFFIXES)
    if not files or files[0].suffix.lower() not in SUFFIXES:
        raise UserError(f"{path}: no motions: {', '.join(SUFFIXES)} are read")
    return files


def _is_bvh(file: pathlib.Path) -> bool:
    return file.suffix.lower() == ".bvh"


def _place(file: pathlib.Path) -> pathlib.Path:
    """What shares axes and unit with a file."""
    return file.parent if _is_bvh(file) else file


def _name(path: pathlib.Path, file: pathlib.Path, key: str) -> str:
    inside = file.stem if file == path else file.relative_to(path).with_suffix("").as_posix()
    if file.suffix.lower() != ".npz":
        return inside
    return key if file == path else f"{inside}/{key}"


def _read_bvh(file: pathlib.Path) -> Iterator[tuple[str, Skeleton, np.ndarray]]:
    """As `_read_arrays`, of one motion."""
    bvh = read_bvh(file)
    skeleton, rows = recognise(bvh.joints)
    yield file.stem, skeleton, world_positions(bvh)[:, rows]


def _read_arrays(
    file: pathlib.Path, skeleton: str, allow_pickle: bool
) -> Iterator[tuple[str, Skeleton, np.ndarray]]:
    """Name in the file, skeleton and joints `[T, J, 3]` of every motion."""
    for key, array in load_arrays(file, allow_pickle).items():
        where = f"{file}, {key}"
        joints = numbers(array, where)
        if joints.ndim != 3 or joints.shape[2] != 3 or not joints.size:
            raise UserError(f"{where}: shape {joints.shape} where (frames, joints, 3) should be")
        if np.isnan(joints).any():
            frame = np.isnan(joints).any((1, 2)).argmax()
            raise UserError(f"{where}: frame {frame} has NaN: leave out frames that lack joints")
        yield key, _skeleton_of(joints.shape[1], skeleton, where), joints


def _skeleton_of(count: int, name: str, where: str) -> Skeleton:
    choice = [named(name)] if name else SKELETONS.values()
    for skeleton in choice:
        if len(skeleton.joints) == count:
            return skeleton
    known = ", ".join(f"{skeleton.name} ({len(skeleton.joints)})" for skeleton in choice)
    raise UserError(f"{where}: {count} joints, which is not the number of {known}")


def _converted(where: str, joints: np.ndarray, source: Skeleton, target: Skeleton) -> np.ndarray:
    try:
        return joint_map(source, target) @ joints
    except UserError as error:
        raise UserError(f"{where}: {error}") from error
