"""2D joints, whichever kind of file holds them."""

from __future__ import annotations

import pathlib

from aign_tf.data.arrays import load_arrays
from aign_tf.data.poses import openpose
from aign_tf.data.poses.clips import Clip2D
from aign_tf.data.poses.coco import is_coco, read_coco
from aign_tf.data.poses.openpose import read_openpose
from aign_tf.data.poses.plain import read_plain
from aign_tf.data.poses.videopose3d import is_videopose3d, read_videopose3d
from aign_tf.errors import UserError
from aign_tf.files import load_json, visible_files

_FORMATS = ".npz or .npy of 2D joints, OpenPose or COCO .json, VideoPose3D's data_2d_*.npz"
_SUFFIXES = (".npy", ".npz", ".json")


def read_keypoints(path: str, skeleton: str = "", allow_pickle: bool = False) -> list[Clip2D]:
    """Clips of one file, or of a folder and its sub-folders; finds out by itself what they are.

    Args:
      path: plain arrays (see `plain`), OpenPose's output (`openpose`), COCO (`coco`), VideoPose3D
        (`videopose3d`), or a folder of any of these; other files in it are left alone.
      skeleton: name of the skeleton of plain arrays, whose joints otherwise only their number
        tells: 17 are "h36m17". All other formats say it themselves.
      allow_pickle: see `load_arrays`; VideoPose3D's files need it.

    Returns:
      Clips with names of their own; those in a sub-folder start with its name and a slash.

    Raises:
      UserError: nothing to read, a file that cannot be used, or two clips of one name.
    """
    path = pathlib.Path(path)
    if path.is_dir():
        return _read_folder(path, skeleton, allow_pickle)
    if not path.is_file():
        raise UserError(f"{path}: no such file or folder: expected {_FORMATS}, or a folder of them")
    return _read_file(path, skeleton, allow_pickle)


def _read_folder(folder: pathlib.Path, skeleton: str, allow_pickle: bool) -> list[Clip2D]:
    files = visible_files(folder, _SUFFIXES)
    videos, others = {}, []
    for file in files:
        if file.name.endswith(openpose.SUFFIX):
            videos.setdefault(file.parent, []).append(file)
        else:
            others.append(file)
    found = [(file.parent, _read_file(file, skeleton, allow_pickle)) for file in others]
    found += [(parent, read_openpose(frames)) for parent, frames in videos.items()]
    if not found:
        raise UserError(f"{folder} holds none of: {_FORMATS}")
    clips = {}
    for parent, read in found:
        for clip in read:
            name = (parent.relative_to(folder) / clip.name).as_posix()
            if name in clips:
                raise UserError(
                    f"{folder}: two files hold a clip {name!r}: use one of them, or sub-folders"
                )
            clips[name] = clip._replace(name=name)
    return list(clips.values())


def _read_file(path: pathlib.Path, skeleton: str, allow_pickle: bool) -> list[Clip2D]:
    if path.suffix.lower() in (".npy", ".npz"):
        arrays = load_arrays(path, allow_pickle)
        if is_videopose3d(arrays):
            return read_videopose3d(path, arrays)
        return read_plain(path, arrays, skeleton)
    if path.suffix.lower() != ".json":
        raise UserError(f"{path}: not a file of 2D joints: expected {_FORMATS}")
    content = load_json(path)
    if is_coco(content):
        return read_coco(path, content)
    if isinstance(content, dict) and "people" in content:
        return read_openpose([path])
    raise UserError(f"{path}: neither OpenPose's (no 'people') nor COCO's (no 'annotations')")
