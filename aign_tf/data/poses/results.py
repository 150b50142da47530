"""Predicted motions as files that a person, an animation tool and a program can open."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping

import numpy as np

from aign_tf import skeleton_pictures
from aign_tf.data.pictures import write_picture
from aign_tf.data.poses import animation
from aign_tf.data.poses.bvh_writer import write_bvh
from aign_tf.data.poses.observations import Observations
from aign_tf.data.splits import spaced
from aign_tf.files import inside, replacing
from aign_tf.skeletons import Skeleton

_SHOWN = 4  # frames in a picture
_SUFFIXES = ("npz", "bvh", "png", "gif", "mp4")


def write_results(
    output: pathlib.Path,
    name: str,
    seen: Observations,
    factors: Mapping[str, np.ndarray],
    skeleton: Skeleton,
    fps: float,
) -> list[pathlib.Path]:
    """Writes NAME.npz, .bvh, .png, .gif and .mp4 below `output`; returns their paths.

    A single frame becomes a turntable, more frames a film, of at most `animation.MAX_FRAMES`. In
    frames with too few joints to tell a pose, arrays are NaN, and the last pose that was told stays
    in the others.

    Args:
      output: a folder; it is made if need be.
      name: of the clip; what stands before a slash becomes a folder.
      seen: T frames of 2D joints.
      factors: `pose` `[T, J, 3]`, metres, relative to the root and in the camera frame, and
        `position` `[T, 3]` of the root.
      skeleton: of the J joints.
      fps: frames a second.

    Raises:
      UserError: a file would lie outside `output`.
    """
    stem = inside(output, name)
    paths = [stem.with_name(f"{stem.name}.{suffix}") for suffix in _SUFFIXES]
    with replacing(paths[0]) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file,
            pose=np.where(seen.told[:, None, None], factors["pose"], np.nan),
            position=np.where(seen.told[:, None], factors["position"], np.nan),
            joints=seen.joints,
            confidence=seen.confidence,
            names=np.array(skeleton.joints),
            parents=np.array(skeleton.parents),
        )
    shown = _last_told(seen.told)
    pose, position = factors["pose"][shown], factors["position"][shown]
    write_bvh(paths[1], pose + position[:, None], skeleton, fps)
    film = _film(seen.joints, seen.confidence, pose, skeleton)
    write_picture(paths[2], _sheet(film))
    animation.write_gif(paths[3], film, min(fps, animation.MAX_GIF_FPS))
    animation.write_mp4(paths[4], film, min(fps, animation.MAX_MP4_FPS))
    return paths


def _last_told(told: np.ndarray) -> np.ndarray:
    """For each frame the last up to it that tells a pose; the first that does, before that."""
    rows = np.maximum.accumulate(np.where(told, np.arange(len(told)), -1))
    return np.where(rows < 0, told.argmax(), rows)


def _film(joints, confidence, pose, skeleton: Skeleton) -> np.ndarray:
    if len(pose) == 1:
        return skeleton_pictures.turntable(pose[0], skeleton, joints[0], confidence[0])
    shown = slice(animation.MAX_FRAMES)
    return skeleton_pictures.motion(pose[shown], joints[shown], skeleton, confidence[shown])


def _sheet(film: np.ndarray) -> np.ndarray:
    """A few frames, one below the other."""
    return np.concatenate(film[spaced(len(film), _SHOWN)])
