"""Which poses are observed in 2D and which are remembered in 3D."""

from __future__ import annotations

import dataclasses

import numpy as np
from absl import logging

from aign_tf.data import pose_sources
from aign_tf.data.pose_config import PoseDataConfig
from aign_tf.data.splits import Observed
from aign_tf.skeletons import Skeleton

_ONE_BODY = 0.02  # share of its length by which a bone of a single body deviates at most


@dataclasses.dataclass(frozen=True)
class PoseRoles(Observed):
    """Observations, and a memory of other poses than those observed.

    Attributes:
      observed: split -> `Observations`.
      memory: float32 `[M, J, 3]`, metres, relative to the root, upright: gravity along +y.
      skeleton: of all of them.
    """

    memory: np.ndarray
    skeleton: Skeleton

    @property
    def bone_lengths(self) -> np.ndarray:
        """`[M, K]` metres, of the memory."""
        return self.skeleton.bone_lengths(self.memory)

    @property
    def body_length(self) -> float:
        """Metres: the sum of all bones, on average over the memory."""
        return float(self.bone_lengths.sum(axis=1).mean())

    @property
    def has_one_body(self) -> bool:
        lengths = self.bone_lengths
        return bool(np.max(lengths.std(axis=0) / lengths.mean(axis=0)) < _ONE_BODY)


def load_roles(config: PoseDataConfig, seed: int) -> PoseRoles:
    """Reads or generates the data of a config, and logs what the memory knows.

    Raises:
      UserError: whatever is wrong with the files or the settings.
    """
    source = pose_sources.load(config, seed)
    poses = np.concatenate([clip.joints for clip in source.memory])
    skeleton = pose_sources.SKELETON
    memory = (poses - poses[:, skeleton.root, None]).astype(np.float32)
    roles = PoseRoles(source.observed, memory, skeleton)
    sizes = ", ".join(f"{len(part):,} {split}" for split, part in source.observed.items())
    logging.info("observations: %s", sizes)
    logging.info("memory: %s", _reach(roles, len(source.memory)))
    return roles


def _reach(roles: PoseRoles, clips: int) -> str:
    """How much is remembered, and how far it goes: beyond it, predictions are guesses."""
    poses, joints = roles.memory, roles.skeleton.joints
    lengths = roles.bone_lengths.sum(axis=1)
    trunk = _part(poses, joints, "hip", "thorax")
    lean = np.degrees(np.arccos(np.clip(-trunk[:, 1], -1, 1)))
    knees = [
        _angle(
            _part(poses, joints, f"{side}_hip", f"{side}_knee"),
            _part(poses, joints, f"{side}_knee", f"{side}_ankle"),
        )
        for side in ("left", "right")
    ]
    bodies = "of one body" if roles.has_one_body else f"+- {lengths.std():.2f} between bodies"
    return (
        f"{len(poses):,} poses in {clips} clips; bones add up to {lengths.mean():.2f} m {bodies}; "
        f"99 % lean less than {np.percentile(lean, 99):.0f} degrees "
        f"and bend their knees less than {np.percentile(knees, 99):.0f}"
    )


def _part(poses: np.ndarray, joints: tuple[str, ...], start: str, end: str) -> np.ndarray:
    """Unit vectors `[M, 3]` from one joint to another."""
    part = poses[:, joints.index(end)] - poses[:, joints.index(start)]
    return part / np.maximum(np.linalg.norm(part, axis=1, keepdims=True), 1e-6)


def _angle(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Degrees `[M]`."""
    return np.degrees(np.arccos(np.clip(np.sum(first * second, axis=1), -1, 1)))
