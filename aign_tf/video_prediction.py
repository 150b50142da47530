"""Depths and motions of a whole recording from a network that sees short clips."""

from __future__ import annotations

from typing import NamedTuple

import keras
import numpy as np
from scipy.spatial.transform import Rotation

from aign_tf.data.sequences.clips import Clips
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

    Clips follow each other and share the frame where they meet. The last one is filled up with
    copies of the last frame.

    Args:
      generator: as of `generators.depth_motion`.
    """
    length, count = generator.input["frames"].shape[1], len(recording)
    first = np.arange(0, max(count - 1, 1), length - 1)
    rows = np.minimum(first[:, None] + np.arange(length), count - 1)
    depth = np.empty(recording.frames.shape[:3], np.float32)
    rotation, translation = np.zeros((2, count + length, 3))
    for start in range(0, len(rows), _CLIPS_AT_ONCE):
        some = rows[start : start + _CLIPS_AT_ONCE]
        factors = generator.predict_on_batch(clip_inputs(recording, some))
        depth[some] = np.exp(factors["log_depth"][..., 0])
        follows = some[:, :1] + np.arange(length - 1)
        rotation[follows], translation[follows] = factors["rotation"], factors["translation"]
    return VideoFactors(depth, matrices(rotation[: count - 1]), translation[: count - 1])


def matrices(vectors: np.ndarray) -> np.ndarray:
    """Axis times angle `[K, 3]`, radians, as float64 `[K, 3, 3]`; K may be 0."""
    if not len(vectors):
        return np.zeros((0, 3, 3))
    return Rotation.from_rotvec(vectors).as_matrix()


def clip_inputs(recording: Sequence, rows: np.ndarray) -> dict[str, np.ndarray]:
    """What generators see of the frames `rows` `[C, F]`."""
    lens = (np.tile(part, (len(rows), 1)) for part in (recording.focal, recording.principal_point))
    return Clips(rows, recording.frames, *lens).inputs()
