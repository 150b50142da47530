"""Depths and motions of a whole recording from a network that sees short clips."""

from __future__ import annotations

from typing import NamedTuple

import keras
import numpy as np
from scipy.spatial.transform import Rotation

from aign_tf import rigid
from aign_tf.data.sequences.clips import MIRRORED, Clips, windows
from aign_tf.data.sequences.footage import Sequence

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


def predict_video(generator: keras.Model, recording: Sequence) -> VideoFactors:
    """The factors of a recording of at least one frame.

    All clips of successive frames are looked at, forwards and backwards, as they are and in a
    mirror (Godard et al. 2017): a network that is not sure errs differently each time. What is told
    of a frame is averaged, as logarithms; of a motion the median is taken, number by number, since
    some clips find the wrong one of two that explain them nearly as well. A recording that is
    shorter than a clip is played forwards and backwards.

    Args:
      generator: as of `generators.depth_motion`.
    """
    log_depth, step, motion = _told(generator, recording)
    mirrored_depth, _, mirrored_motion = _told(generator, _mirrored(recording))
    log_depth = (log_depth + mirrored_depth[..., ::-1]) / 2
    mirrored_motion = mirrored_motion * [*MIRRORED["rotation"], *MIRRORED["translation"]]
    motion = _medians(np.tile(step, 2), np.concatenate([motion, mirrored_motion]))
    rotation, translation = np.split(motion, 2, axis=1)
    return VideoFactors(np.exp(log_depth), matrices(rotation), translation)


def _told(generator: keras.Model, recording: Sequence) -> tuple[np.ndarray, ...]:
    """What clips tell: means of log depth `[N, H, W]`; K steps, `[K]` in 0 to N - 2; and what was
    told of each, rotation and translation `[K, 6]`."""
    length, count = generator.input["frames"].shape[1], len(recording)
    if count < length:
        rows = np.pad(np.arange(count), (0, length - count), "reflect")[None]
    else:
        rows = windows(count, length, 1)
    rows = np.concatenate([rows, rows[:, ::-1]])
    log_depth = np.zeros(recording.frames.shape[:3], np.float32)
    steps, motions = [], []
    for start in range(0, len(rows), _CLIPS_AT_ONCE):
        some = rows[start : start + _CLIPS_AT_ONCE]
        factors = generator.predict_on_batch(clip_inputs(recording, some))
        np.add.at(log_depth, some, factors["log_depth"][..., 0])
        vectors = np.concatenate([factors["rotation"], factors["translation"]], axis=-1)
        here, there = some[:, :-1], some[:, 1:]
        forth, back = there > here, there < here
        steps += [here[forth], there[back]]
        motions += [vectors[forth], _inverse(vectors[back])]
    log_depth /= np.bincount(rows.ravel()).reshape(-1, 1, 1).astype(np.float32)
    return log_depth, np.concatenate(steps), np.concatenate(motions)


def _medians(group: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Of the rows of `values` `[K, ...]` that belong to each group, in their order."""
    order = np.argsort(group)
    first = np.flatnonzero(np.diff(group[order])) + 1
    parts = np.split(values[order], first) if len(order) else []
    return np.reshape([np.median(part, axis=0) for part in parts], (-1, *values.shape[1:]))


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
