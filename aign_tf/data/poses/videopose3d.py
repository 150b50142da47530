"""2D joints as VideoPose3D stores them: `data_2d_h36m_*.npz` and `data_2d_custom_*.npz`.

    positions_2d    {"S1": {"Walking 1": [one array [T, J, 2] a camera]}}, pixels
    metadata        {"keypoints_symmetry": [left joints, right joints], ...}

The indices of the left joints tell Human3.6M's order (ground truth, CPN and fine-tuned Detectron)
from COCO's (pre-trained Detectron) and MPII's (Stacked Hourglass).

Source: Pavllo et al., "3D human pose estimation in video with temporal convolutions and
semi-supervised training", CVPR 2019, and its published code.
"""

from __future__ import annotations

import os
import pathlib

import numpy as np

from aign_tf.data.poses.clips import Camera, Clip2D
from aign_tf.data.poses.hourglass import hourglass_skeleton
from aign_tf.data.poses.observed import as_clip, pixels
from aign_tf.errors import UserError
from aign_tf.skeletons import SKELETONS, Skeleton

_METADATA = "metadata/"
_LEFT_JOINTS = _METADATA + "keypoints_symmetry/0"
_LAYOUTS = ("h36m17", "coco17", "mpii16")

# Human3.6M's cameras in VideoPose3D's order: name, size of its pictures, lens.
_CAMERAS = (
    (
        "54138969",
        (1000, 1002),
        Camera(
            focal=(1145.0494, 1143.7811),
            principal_point=(512.5415, 515.45148),
            radial=(-0.20709892, 0.24777518, -0.0030751503),
            tangential=(-0.00097569887, -0.0014244716),
        ),
    ),
    (
        "55011271",
        (1000, 1000),
        Camera(
            focal=(1149.6757, 1147.5917),
            principal_point=(508.84864, 508.06491),
            radial=(-0.19421363, 0.24040854, 0.0068199756),
            tangential=(-0.0016190266, -0.0027408944),
        ),
    ),
    (
        "58860488",
        (1000, 1000),
        Camera(
            focal=(1149.1407, 1148.7990),
            principal_point=(519.81586, 501.40265),
            radial=(-0.20833819, 0.25548801, -0.0024604974),
            tangential=(0.0014843870, -0.00075999931),
        ),
    ),
    (
        "60457274",
        (1000, 1002),
        Camera(
            focal=(1145.5114, 1144.7739),
            principal_point=(514.96820, 501.88202),
            radial=(-0.19838409, 0.21832368, -0.0089478074),
            tangential=(-0.00058720558, -0.0018133620),
        ),
    ),
)


def is_videopose3d(arrays: dict[str, np.ndarray]) -> bool:
    return any(name.startswith(_METADATA) for name in arrays)


def read_videopose3d(path: str | os.PathLike, arrays: dict[str, np.ndarray]) -> list[Clip2D]:
    """Clips from what `load_arrays` found in the file `path`.

    The clips of Human3.6M (a file with "h36m" in its name) know their camera and are named after
    it, "S1/Walking 1/54138969"; others keep its number, "video.mp4/custom/0".

    Raises:
      UserError: no clips, another number of joints, or joints in an order not known here.
    """
    path = pathlib.Path(path)
    clips = {name: array for name, array in arrays.items() if not name.startswith(_METADATA)}
    if not clips:
        raise UserError(f"{path}: no positions_2d")
    skeleton = _skeleton(path, arrays.get(_LEFT_JOINTS), clips)
    return [_clip(path, name, array, skeleton, arrays) for name, array in clips.items()]


def _skeleton(path: pathlib.Path, left: np.ndarray | None, clips: dict) -> Skeleton:
    layouts = {name: _left_joints(SKELETONS[name]) for name in _LAYOUTS}
    found = [] if left is None else sorted(left.ravel().tolist())
    matching = [SKELETONS[name] for name, joints in layouts.items() if joints == found]
    if not matching:
        raise UserError(
            f"{path}: the left joints of its metadata are {found}: expected "
            + " or ".join(f"{joints} ({name})" for name, joints in layouts.items())
        )
    (skeleton,) = matching
    if skeleton.name != "mpii16":
        return skeleton
    some = [clip[::50] for clip in clips.values() if clip.shape[1:] == (16, 2)]
    return hourglass_skeleton(np.concatenate(some)) if some else skeleton


def _left_joints(skeleton: Skeleton) -> list[int]:
    return [i for i, joint in enumerate(skeleton.joints) if joint.startswith("left_")]


def _clip(path, name, array, skeleton, arrays) -> Clip2D:
    where = f"{path}: {name}"
    group, _, number = name.rpartition("/")
    if "h36m" in path.name and number in ("0", "1", "2", "3"):
        camera_name, size, camera = _CAMERAS[int(number)]
        return as_clip(where, f"{group}/{camera_name}", array, skeleton, size, camera)
    video = f"{_METADATA}video_metadata/{name.split('/')[0]}"
    width, height = arrays.get(f"{video}/w"), arrays.get(f"{video}/h")
    known = width is not None and height is not None
    size = pixels(f"{path}: {video}", (width, height)) if known else None
    return as_clip(where, name, array, skeleton, size)
