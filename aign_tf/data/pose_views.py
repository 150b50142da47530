"""Simulated cameras, for motions that nobody filmed."""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy.spatial.transform import Rotation

from aign_tf.data.poses.clips import Clip3D, action_of
from aign_tf.data.poses.observations import Observations

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
    angles = [
        rng.normal(0, _ROLL, count),
        rng.uniform(*elevation, count),
        rng.uniform(0, 360, count),
    ]
    turn = Rotation.from_euler("ZXY", np.stack(angles, axis=1), degrees=True).as_matrix()
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
    turn = Rotation.from_euler(axis, degrees, degrees=True).as_matrix().astype(np.float32)
    rays = np.insert(observations.joints, 2, 1.0, axis=2) @ turn.T
    return dataclasses.replace(
        observations,
        joints=rays[..., :2] / np.maximum(rays[..., 2:], _BEHIND),
        pose=observations.pose @ turn.T,
        position=observations.position @ turn.T,
    )
