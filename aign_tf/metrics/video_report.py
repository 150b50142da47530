"""Candidates for depths and motions compared on the same recordings: numbers and pictures."""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Sequence as Items

import numpy as np
import tensorflow as tf

from aign_tf import visualize
from aign_tf.data.augment import normalized
from aign_tf.data.sequences.footage import Sequence
from aign_tf.data.sequences.roles import SequenceRoles
from aign_tf.data.splits import spaced
from aign_tf.depth_pictures import coloured, shared_range
from aign_tf.metrics import depth as depth_metrics
from aign_tf.metrics import trajectory
from aign_tf.renderers.warp import warp
from aign_tf.video_prediction import VideoFactors, matrices

_SIDE = 160
_PAIRS_AT_ONCE = 16

# Of the scores, for people.
MEANINGS = {
    **depth_metrics.MEANINGS,
    **trajectory.MEANINGS,
    "photometric_l1": (
        "grey levels by which a frame differs from what its depth and motion make of the next one, "
        "where that shows it, or as if nothing had moved where it shows none of it; lower is "
        "better, also for depths and motions that fit by chance"
    ),
}

Videos = dict[str, VideoFactors]


def chosen(recordings: Items[Sequence], stride: int, samples: int) -> list[Sequence]:
    """At most `samples` frames of the recordings, each `stride` after the one before."""
    some = [recordings[row] for row in spaced(len(recordings), max(1, samples // 2))]
    most = max(2, samples // len(some))
    return [recording.take(slice(0, most * stride, stride)) for recording in some]


def baselines(recordings: Items[Sequence], roles: SequenceRoles) -> dict[str, dict[str, float]]:
    """Scores of what looks at no frame but knows the memory, with the metrics that apply.

    `constant_depth` is the median, `mean_depth_map` the mean pixel by pixel; `zero_motion` is a
    camera that stands still, `mean_motion` one that always moves as usual.
    """
    depths = roles.remembered_depths()
    read = depths > 0
    median = roles.usual_depth
    mean_map = np.where(
        read.any(axis=0), depths.sum(axis=0) / np.maximum(read.sum(axis=0), 1), median
    )
    usual = roles.remembered_motions(reverse=False).mean(axis=0)
    maps = {"constant_depth": np.full_like(depths[0], median), "mean_depth_map": mean_map}
    motions = {"zero_motion": np.zeros(6), "mean_motion": usual}
    return {
        **{
            name: _depth_scores(_everywhere(recordings, d, usual), recordings)
            for name, d in maps.items()
        },
        **{
            name: _motion_scores(_everywhere(recordings, mean_map, motion), recordings)
            for name, motion in motions.items()
        },
    }


def _everywhere(recordings: Items[Sequence], depth: np.ndarray, motion: np.ndarray) -> Videos:
    videos = {}
    for recording in recordings:
        motions = np.tile(motion, (len(recording) - 1, 1))
        depths = np.broadcast_to(depth.astype(np.float32), recording.frames.shape[:3])
        videos[recording.name] = VideoFactors(depths, matrices(motions[:, :3]), motions[:, 3:])
    return videos


def scores(videos: Videos, recordings: Items[Sequence]) -> dict[str, float]:
    """All metrics that the truth of the recordings allows."""
    found = {**_depth_scores(videos, recordings), **_motion_scores(videos, recordings)}
    pairs = [recording for recording in recordings if len(recording) > 1]
    if pairs:
        differences = [_differences(videos[recording.name], recording) for recording in pairs]
        found["photometric_l1"] = float(np.concatenate(differences).mean())
    return found


def _depth_scores(videos: Videos, recordings: Items[Sequence]) -> dict[str, float]:
    known = [each for each in recordings if each.depth is not None and (each.depth > 0).any()]
    if not known:
        return {}
    predicted = np.concatenate([videos[recording.name].depth for recording in known])
    return depth_metrics.all_errors(
        predicted, np.concatenate([recording.depth for recording in known])
    )


def _motion_scores(videos: Videos, recordings: Items[Sequence]) -> dict[str, float]:
    """Root mean squares over all recordings, weighted by their frames."""
    moved = [each for each in recordings if each.poses is not None and len(each) > 1]
    if not moved:
        return {}
    errors = [
        trajectory.trajectory_errors(videos[r.name].rotation, videos[r.name].translation, r.poses)
        for r in moved
    ]
    weights = [len(recording) - 1 for recording in moved]
    return {
        name: float(np.sqrt(np.average([error[name] ** 2 for error in errors], weights=weights)))
        for name in errors[0]
    }


def _differences(video: VideoFactors, recording: Sequence) -> np.ndarray:
    """Mean grey levels of difference of each frame but the last from what the next one shows."""
    found = []
    for start in range(0, len(recording) - 1, _PAIRS_AT_ONCE):
        here = np.arange(start, min(start + _PAIRS_AT_ONCE, len(recording) - 1))
        frames = normalized(recording.frames[here[0] : here[-1] + 2])
        count = len(here)
        warped = warp(
            frames[1:],
            None,
            tf.constant(video.depth[here, ..., None]),
            tf.constant(video.rotation[here], tf.float32),
            tf.constant(video.translation[here], tf.float32),
            tf.tile(tf.constant(recording.focal)[None], (count, 1)),
            tf.tile(tf.constant(recording.principal_point)[None], (count, 1)),
        )
        difference = 127.5 * tf.reduce_mean(tf.abs(warped.image - frames[:-1]), -1, keepdims=True)
        shown = tf.reduce_sum(warped.valid, axis=[1, 2, 3])
        missed = tf.reduce_sum(warped.valid * difference, axis=[1, 2, 3]) / tf.maximum(shown, 1.0)
        # Leaving the picture must not pay.
        still = 127.5 * tf.reduce_mean(tf.abs(frames[1:] - frames[:-1]), axis=[1, 2, 3])
        found.append(tf.where(shown > 0, missed, still))
    return np.concatenate(found)


def groups(videos: Videos, recordings: Items[Sequence]) -> dict[str, dict[str, float]]:
    """Scores by kind of recording, that is by name without its number, if there are several."""
    kinds = {}
    for recording in recordings:
        kind = re.sub(r"[\d_/.-]+$", "", recording.name) or recording.name
        kinds.setdefault(kind, []).append(recording)
    if len(kinds) < 2:
        return {}
    return {
        kind: {**scores(videos, some), "samples": sum(map(len, some))}
        for kind, some in kinds.items()
    }


def sheet(candidates: Mapping[str, Videos], recordings: Items[Sequence], rows: int) -> np.ndarray:
    """Frames, then the depths of each candidate and the true ones, near ones warm.

    Colours mean the same depths in a row: those from the nearest true one to the farthest, where
    they are known, so that a candidate of another scale leaves the others their colours.

    Returns:
      uint8 `[height, width, 3]`.
    """
    frames = [(r, k) for r in recordings for k in range(len(r))]
    picked = [frames[row] for row in spaced(len(frames), rows)]
    columns = {"frame": np.stack([r.frames[k] for r, k in picked])}
    for name, videos in candidates.items():
        columns[name] = [videos[r.name].depth[k] for r, k in picked]
    if all(r.depth is not None for r, _ in picked):
        columns["truth"] = [r.depth[k] for r, k in picked]
    depths = {name: maps for name, maps in columns.items() if name != "frame"}
    for row in range(len(picked)):
        of_row = {name: maps[row] for name, maps in depths.items()}
        true = of_row.get("truth", np.zeros(1))
        shown = shared_range(true) if true.any() else shared_range(*of_row.values())
        for maps in depths.values():
            maps[row] = coloured(maps[row], *shown)
    return visualize.captioned_grid({n: np.stack(maps) for n, maps in columns.items()}, _SIDE)
