"""A classical baseline for 3D pose from 2D joints: the memory's pose that looks most alike."""

from __future__ import annotations

import itertools

import numpy as np
from scipy.spatial.transform import Rotation

from aign_tf.data.splits import spaced
from aign_tf.errors import UserError

# Observations compared with the whole memory at a time: bounds the tables of N x M numbers.
CHUNK = 256
# Squared metres below which a projection counts as a single point.
SMALLEST_SPREAD = 1e-6
# Nearer than this to the plane of the turned camera, a joint is taken to lie there.
SMALLEST_DEPTH = 1e-3


def nearest_memory_pose(
    observed,
    confidence,
    memory,
    azimuths: int = 24,
    elevations: tuple[float, ...] = (0.0, 10.0, 20.0),
    cap: int = 10_000,
) -> np.ndarray:
    """The pose of the memory whose projection comes nearest to the joints seen.

    The camera is first panned and tilted towards the person, so that where it stands in the picture
    does not matter. Candidates are the memory's poses at all headings and elevations, in weak
    perspective. Both sides are centred on the mean of the joints seen and scaled to the same size,
    then compared by the sum of squared distances over these joints. Time grows with the product of
    observations, poses, headings and elevations; the space needed with the poses alone.

    Args:
      observed: `[N, J, 2]` normalised image coordinates (focal length 1, undistorted).
      confidence: `[N, J]`; joints at 0, and those with a coordinate that is not finite, are
        missing. With fewer than two joints seen every candidate fits, and the first is returned.
      memory: `[M, J, 3]` poses relative to their root, metres, upright: gravity along +y.
      azimuths: number of headings, evenly spaced over the circle.
      elevations: degrees by which the camera, turned to the person, looks down on it. People are
        mostly filmed from the height of a head or above it.
      cap: the most poses of the memory that are tried, evenly spaced.

    Returns:
      float32 `[N, J, 3]` metres, relative to the root, in the camera frame.

    Raises:
      UserError: the arrays do not fit together, the memory is empty or not finite, or there is no
        candidate to try.
    """
    observed, memory = np.asarray(observed, np.float32), np.asarray(memory, np.float32)
    confidence = np.asarray(confidence)
    _check(observed, confidence, memory)
    if min(azimuths, len(elevations), cap) < 1:
        raise UserError(
            f"azimuths {azimuths}, {len(elevations)} elevations, cap {cap}: give at least 1 each"
        )
    if not len(observed):
        return np.zeros((0, *memory.shape[1:]), np.float32)  # SciPy 1.13 has no turns of none.
    memory = memory[spaced(len(memory), cap)]
    seen = (confidence > 0) & np.isfinite(observed).all(axis=2)
    shapes, turn = _turned_shapes(observed, seen)

    headings = np.arange(azimuths) * 360 / azimuths
    angles = list(itertools.product(elevations, headings))
    turns = Rotation.from_euler("XY", angles, degrees=True).as_matrix().astype(np.float32)
    views = [memory @ turn.T for turn in turns]
    found = np.zeros((*seen.shape, 3), np.float32)
    best = np.full(len(found), -np.inf, np.float32)
    # Most people are seen whole: each pattern of missing joints is worked out once.
    patterns, pattern = np.unique(seen, axis=0, return_inverse=True)
    for (number, joints), candidates in itertools.product(enumerate(patterns), views):
        outlines = _outlines(candidates[:, :, :2], joints)
        people = np.flatnonzero(pattern == number)
        for start in range(0, len(people), CHUNK):
            rows = people[start : start + CHUNK]
            # Vectors of length 1 differ by 2 - 2 <a, b> in squared distance.
            likeness = shapes[rows].reshape(len(rows), -1) @ outlines.T
            index = likeness.argmax(axis=1)
            value = likeness[np.arange(len(index)), index]
            better = value > best[rows]
            found[rows[better]] = candidates[index[better]]
            best[rows[better]] = value[better]
    return found @ turn


def _turned_shapes(observed: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Joints as a camera turned to each person sees them, and that turn.

    Panned, then tilted, without roll: an upright person stays upright in the picture.

    Returns:
      shapes: `[N, J, 2]`, centred on the mean of the joints seen, sum of squares 1; 0 where
        missing.
      turn: `[N, 3, 3]`, turned_from_camera.
    """
    x, y = _mean_of_seen(observed, seen)[:, 0].T
    angles = np.stack([np.arctan2(y, np.hypot(x, 1)), -np.arctan2(x, 1)], axis=1)
    turn = Rotation.from_euler("XY", angles).as_matrix().astype(np.float32)
    rays = np.concatenate([observed, np.ones_like(observed[..., :1])], axis=2)
    rays = np.where(seen[..., None], rays, 0) @ turn.swapaxes(1, 2)
    points = rays[..., :2] / np.maximum(rays[..., 2:], SMALLEST_DEPTH)
    shapes = np.where(seen[..., None], points - _mean_of_seen(points, seen), 0)
    size = np.sqrt(np.sum(shapes**2, axis=(1, 2), keepdims=True))
    return shapes / np.where(size > 0, size, 1), turn


def _mean_of_seen(points: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """`[N, J, D]`, `[N, J]` -> `[N, 1, D]`; 0 where nothing is seen."""
    total = np.where(seen[..., None], points, 0).sum(axis=1, keepdims=True)
    return total / np.maximum(seen.sum(axis=1), 1)[:, None, None].astype(np.float32)


def _outlines(candidates: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """`[M, J, 2]` -> `[M, 2 J]`: joints seen, around their mean and of length 1; others 0."""
    seen = np.broadcast_to(joints, candidates.shape[:2])
    centred = np.where(joints[:, None], candidates - _mean_of_seen(candidates, seen), 0)
    flat = centred.reshape(len(centred), -1)
    return flat / np.sqrt(np.maximum(np.sum(flat**2, axis=1, keepdims=True), SMALLEST_SPREAD))


def _check(observed: np.ndarray, confidence: np.ndarray, memory: np.ndarray) -> None:
    if observed.ndim != 3 or observed.shape[2] != 2 or confidence.shape != observed.shape[:2]:
        raise UserError(
            f"joints have shape {list(observed.shape)} and their confidence "
            f"{list(confidence.shape)}: give [N, J, 2] and [N, J]"
        )
    if memory.ndim != 3 or memory.shape[1:] != (observed.shape[1], 3) or not len(memory):
        raise UserError(
            f"memory poses have shape {list(memory.shape)}: give at least one, "
            f"[M, {observed.shape[1]}, 3] as the joints that are seen"
        )
    if not np.isfinite(memory).all():
        raise UserError("memory poses hold numbers that are not finite: leave such poses out")
