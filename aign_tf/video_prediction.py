"""Depths and motions of a whole recording from a network that sees short clips."""

from __future__ import annotations

from typing import NamedTuple

import keras
import numpy as np
from scipy.spatial.transform import Rotation

from aign_tf import rigid
from aign_tf.data.sequences.clips import MIRRORED, Clips, windows
from aign_tf.data.sequences.footage import Sequence
from aign_tf.depth_fusion import agreed
from aign_tf.metrics.trajectory import chain

_CLIPS_AT_ONCE = 16


class VideoFactors(NamedTuple):
    """What is known of a recording of N frames.

    Attributes:
      depth: float32 `[N, H, W]`, metres.
      rotation: float64 `[N - 1, 3, 3]`, next from this frame.
      translation: float64 `[N - 1, 3]`, metres.
    """

    depth: np.ndarray
    rotation: np.ndarray
    translation: np.ndarray


class _Told(NamedTuple):
    """What the C clips of a recording tell of its N frames.

    Attributes:
      log_depth: float32 `[N, H, W]`, mean of all clips.
      motion: `[C, F - 1, 6]`, rotation and translation of each step, forwards in time.
    """

    log_depth: np.ndarray
    motion: np.ndarray


def predict_video(generator: keras.Model, recording: Sequence) -> VideoFactors:
    """The factors of a recording of at least one frame.

    All clips of successive frames are looked at, forwards and backwards, as they are and in a
    mirror (Godard et al. 2017): a network that is not sure errs differently each time. What is told
    of a frame is averaged, as logarithms; of a motion the median is taken, number by number, since
    some clips find the wrong one of two that explain them nearly as well. Then depths of
    neighbouring frames are `agreed`. A recording that is shorter than a clip is played forwards and
    backwards.

    Args:
      generator: as of `generators.depth_motion`.
    """
    rows = _clips(len(recording), generator.input["frames"].shape[1])
    told, mirrored = (_told(generator, r, rows) for r in (recording, _mirrored(recording)))
    log_depth = (told.log_depth + mirrored.log_depth[..., ::-1]) / 2
    signs = np.float32([*MIRRORED["rotation"], *MIRRORED["translation"]])
    motion = np.concatenate([told.motion, signs * mirrored.motion])
    first = np.tile(np.minimum(rows[:, :-1], rows[:, 1:]), (2, 1))
    motion = [np.median(motion[first == step], axis=0) for step in range(len(recording) - 1)]
    rotation, translation = np.split(np.reshape(motion, (-1, 6)), 2, axis=1)
    rotation = matrices(rotation)
    poses = chain(rotation, translation)
    depth = agreed(np.exp(log_depth), poses, recording.focal, recording.principal_point)
    return VideoFactors(depth, rotation, translation)


def _clips(count: int, length: int) -> np.ndarray:
    """Which of `count` frames clips show, forwards and then backwards, int `[C, length]`."""
    if count < length:
        rows = np.pad(np.arange(count), (0, length - count), "reflect")[None]
    else:
        rows = windows(count, length, 1)
    return np.concatenate([rows, rows[:, ::-1]])


def _told(generator: keras.Model, recording: Sequence, rows: np.ndarray) -> _Told:
    """What clips of the frames `rows` `[C, F]` tell."""
    log_depth = np.zeros(recording.frames.shape[:3], np.float32)
    motions = []
    for start in range(0, len(rows), _CLIPS_AT_ONCE):
        some = rows[start : start + _CLIPS_AT_ONCE]
        factors = generator.predict_on_batch(clip_inputs(recording, some))
        np.add.at(log_depth, some, factors["log_depth"][..., 0])
        motion = np.concatenate([factors["rotation"], factors["translation"]], axis=-1)
        backwards = some[:, :-1] > some[:, 1:]
        motion[backwards] = _inverse(motion[backwards])
        motions.append(motion)
    log_depth /= np.bincount(rows.ravel()).reshape(-1, 1, 1).astype(np.float32)
    return _Told(log_depth, np.concatenate(motions))


def _inverse(motions: np.ndarray) -> np.ndarray:
    """Rotation, axis times angle, and translation `[K, 6]` of the ways back."""
    rotation, translation = np.split(motions, 2, axis=1)
    _, back = rigid.inverse(matrices(rotation), translation.astype(np.float64))
    return np.concatenate([-rotation, back], axis=1)


def _mirrored(recording: Sequence) -> Sequence:
    """The video with left and right swapped, without its truth."""
    frames = recording.frames[:, :, ::-1]
    x, y = recording.principal_point
    centre = np.array([frames.shape[2] - 1 - x, y], np.float32)
    return Sequence(recording.name, frames, recording.focal, centre)


def matrices(vectors: np.ndarray) -> np.ndarray:
    """Axis times angle `[K, 3]`, radians, as float64 `[K, 3, 3]`; K may be 0."""
    if not len(vectors):
        return np.zeros((0, 3, 3))
    return Rotation.from_rotvec(vectors).as_matrix()


def clip_inputs(recording: Sequence, rows: np.ndarray) -> dict[str, np.ndarray]:
    """What generators see of the frames `rows` `[C, F]`."""
    lens = (np.tile(part, (len(rows), 1)) for part in (recording.focal, recording.principal_point))
    return Clips(rows, recording.frames, *lens).inputs()
