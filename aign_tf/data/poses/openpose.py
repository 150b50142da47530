"""OpenPose's output: one JSON file a frame, `NAME_000000000012_keypoints.json`.

Each holds `people`, each with `pose_keypoints_2d`: x, y and confidence of the 25 joints of the
BODY_25 model in a row. The person seen most surely is taken.
"""

from __future__ import annotations

import collections
import os
import pathlib
import re

import numpy as np

from aign_tf.data.arrays import numbers
from aign_tf.data.poses.clips import Clip2D
from aign_tf.data.poses.observed import as_clip
from aign_tf.errors import UserError
from aign_tf.files import load_json
from aign_tf.skeletons import SKELETONS

SUFFIX = "_keypoints.json"
_SKELETON = SKELETONS["openpose25"]
_SHAPE = (len(_SKELETON.joints), 3)
_FRAME = re.compile(r"(.+)_(\d{12})" + re.escape(SUFFIX))


def read_openpose(files: list[pathlib.Path]) -> list[Clip2D]:
    """Clips of files of one folder, one a video, its frames in order; a lone picture is a clip.

    All joints are missing in frames without a person.

    Raises:
      UserError: a file that is not OpenPose's or of another model than BODY_25.
    """
    videos = collections.defaultdict(list)
    for path in sorted(files):
        match = _FRAME.fullmatch(path.name)
        name, frame = match.groups() if match else (path.name.removesuffix(SUFFIX), 0)
        videos[name].append((int(frame), path))
    return [_video(name, [path for _, path in sorted(paths)]) for name, paths in videos.items()]


def _video(name: str, paths: list[pathlib.Path]) -> Clip2D:
    people = [most_certain_person(path, load_json(path)) for path in paths]
    return as_clip(f"{paths[0]} and following", name, np.stack(people), _SKELETON)


def most_certain_person(path: str | os.PathLike, content) -> np.ndarray:
    """`[25, 3]` x, y, confidence of one person in the content of one file; 0 where nobody is."""
    people = content.get("people") if isinstance(content, dict) else None
    if not isinstance(people, list):
        raise UserError(f"{path}: not OpenPose's: it has no list 'people'")
    poses = [_pose(f"{path}, person {number}", person) for number, person in enumerate(people)]
    return max(poses, key=lambda pose: pose[:, 2].sum(), default=np.zeros(_SHAPE))


def _pose(where: str, person) -> np.ndarray:
    if not isinstance(person, dict) or "pose_keypoints_2d" not in person:
        raise UserError(f"{where}: no 'pose_keypoints_2d'")
    pose = numbers(person["pose_keypoints_2d"], where)
    if pose.shape != (_SHAPE[0] * _SHAPE[1],):
        raise UserError(
            f"{where}: pose_keypoints_2d has {pose.size} numbers; expected 75, the 25 joints of "
            "OpenPose's model BODY_25"
        )
    pose = pose.reshape(_SHAPE)
    # Confidences are maxima of interpolated maps, which overshoot a little.
    pose[:, 2] = np.clip(pose[:, 2], 0, 1)
    return pose
