"""COCO keypoint JSON: annotations with their pictures, or the plain list that detectors write.

    {"images": [{"id", "width", "height"}], "annotations": [{"image_id", "keypoints"}]}
    [{"image_id", "keypoints"}]

`keypoints` are x, y and v of the 17 joints in a row; v is 0 where a joint is missing, otherwise 1
(hidden), 2 (visible) or a detector's confidence.
"""

from __future__ import annotations

import collections
import pathlib

import numpy as np

from aign_tf.data.arrays import numbers
from aign_tf.data.poses.clips import Clip2D
from aign_tf.data.poses.observed import as_clip, pixels
from aign_tf.errors import UserError
from aign_tf.skeletons import SKELETONS

_SKELETON = SKELETONS["coco17"]


def is_coco(content) -> bool:
    return isinstance(content, list) or (isinstance(content, dict) and "annotations" in content)


def read_coco(path: pathlib.Path, content) -> list[Clip2D]:
    """People as "frames", one clip for each size of picture: "person_keypoints/640x480".

    Where the file does not tell sizes there is one clip, named after the file. Annotations without
    a single joint, as crowds have, are left out.

    Raises:
      UserError: missing keys, other than 17 joints, or nobody with joints.
    """
    sizes = None if isinstance(content, list) else _sizes(path, content)
    people = content if sizes is None else content["annotations"]
    if not isinstance(people, list):
        raise UserError(f"{path}: 'annotations' is not a list")
    groups = collections.defaultdict(list)
    for number, person in enumerate(people):
        where = f"{path}, annotation {number}"
        pose = _pose(where, person)
        if pose[:, 2].any():
            size = None if sizes is None else _size_of(where, person, sizes)
            groups[size].append(pose)
    if not groups:
        raise UserError(f"{path}: no annotation has a joint")
    return [
        as_clip(str(path), _name(path.stem, size), np.stack(poses), _SKELETON, size)
        for size, poses in groups.items()
    ]


def _name(stem: str, size: tuple[int, int] | None) -> str:
    return f"{stem}/{size[0]}x{size[1]}" if size else stem


def _sizes(path: pathlib.Path, content: dict) -> dict:
    """(width, height) of each picture by its id."""
    try:
        return {
            picture["id"]: pixels(f"{path}: an image's size", (picture["width"], picture["height"]))
            for picture in content["images"]
        }
    except (KeyError, TypeError) as error:
        raise UserError(f"{path}: 'images' needs id, width and height of each picture") from error


def _size_of(where: str, person: dict, sizes: dict) -> tuple[int, int]:
    picture = person.get("image_id")
    if not isinstance(picture, (int, str)) or picture not in sizes:
        raise UserError(f"{where}: image_id {picture!r} is none of 'images'")
    return sizes[picture]


def _pose(where: str, person) -> np.ndarray:
    if not isinstance(person, dict) or "keypoints" not in person:
        raise UserError(f"{where}: no 'keypoints'")
    pose = numbers(person["keypoints"], where)
    if pose.shape != (3 * len(_SKELETON.joints),):
        raise UserError(f"{where}: {pose.size} numbers; expected 51, the 17 joints of COCO")
    pose = pose.reshape(-1, 3)
    pose[:, 2] = np.clip(pose[:, 2], 0, 1)
    return pose
