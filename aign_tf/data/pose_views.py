"""Simulated cameras, for motions that nobody filmed."""

from __future__ import annotations

import dataclasses

import numpy as np

from aign_tf.data.pose_sets import Observations, action_of
from aign_tf.data.poses.clips import Clip3D

# Metres, and shares of the distance: where the person stands.
_DISTANCE = (3.0, 6.0)
_ASIDE, _UP = 0.3, 0.15
_ROLL = 2.0  # degrees, the deviation of hand-held cameras
_BEHIND = 0.1  # Rays that far round are not seen any more.
IMAGE_SIZE = 1.0  # A field of view of 53 degrees.


def filmed(
    clip: Clip3D, cameras: int, elevation: tuple[float, float], seed: tuple[int, ...]
) -> Observations:
    """Every frame as seen by some cameras of its own.

    Args:
      clip: a motion of T frames.
      cameras: C, for each frame.
      elevation: degrees, the range in which cameras look down on people.
      seed: of the cameras.

    Returns:
      T C observations whose truth is known.
    """
    rng = np.random.default_rng(seed)
    poses = np.repeat(clip.joints, cameras, axis=0)
    poses -= poses[:, clip.skeleton.root, None]
    count = len(poses)
    turn = (
        _turn("z", np.radians(rng.normal(0, _ROLL, count)))
        @ _turn("x", np.radians(rng.uniform(*elevation, count)))
        @ _turn("y", rng.uniform(0, 2 * np.pi, count))
    )
    pose = np.einsum("nij,nkj->nki", turn, poses)
    place = [rng.uniform(-_ASIDE, _ASIDE, count), rng.uniform(-_UP, _UP, count), np.ones(count)]
    position = np.stack(place, axis=1) * rng.uniform(*_DISTANCE, (count, 1))
    points = pose + position[:, None]
    joints = points[..., :2] / points[..., 2:]
    return Observations(
        joints.astype(np.float32),
        np.ones(joints.shape[:2], np.float32),
        pose.astype(np.float32),
        position.astype(np.float32),
        np.full(count, action_of(clip.name)),
        IMAGE_SIZE,
    )


def turned(observations: Observations, axis: str, degrees: float) -> Observations:
    """The same people, seen by a camera that was rolled ("z") or pitched ("x") about its centre."""
    (turn,) = _turn(axis, np.radians([degrees])).astype(np.float32)
    rays = np.insert(observations.joints, 2, 1.0, axis=2) @ turn.T
    return dataclasses.replace(
        observations,
        joints=rays[..., :2] / np.maximum(rays[..., 2:], _BEHIND),
        pose=observations.pose @ turn.T,
        position=observations.position @ turn.T,
    )


def _turn(axis: str, angle: np.ndarray) -> np.ndarray:
    """`[N]` radians -> `[N, 3, 3]`."""
    first, second = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    matrix = np.tile(np.eye(3), (len(angle), 1, 1))
    matrix[:, first, first] = matrix[:, second, second] = np.cos(angle)
    matrix[:, second, first] = np.sin(angle)
    matrix[:, first, second] = -np.sin(angle)
    return matrix
