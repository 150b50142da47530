"""Skeletons by name: joints, bones, left and right, and maps from one to another."""

from __future__ import annotations

import dataclasses

import numpy as np

from aign_tf.errors import UserError
from aign_tf.skeleton_trees import TREES


@dataclasses.dataclass(frozen=True)
class Skeleton:
    """Joints in the order of their coordinates.

    Attributes:
      name: a key of `SKELETONS`.
      joints: their names; the same part of the body has the same name in every skeleton.
      parents: index of each joint's parent; -1 for the root.
    """

    name: str
    joints: tuple[str, ...]
    parents: tuple[int, ...]

    @property
    def root(self) -> int:
        return self.parents.index(-1)

    @property
    def bones(self) -> tuple[tuple[int, int], ...]:
        """Indices (parent, child), in the order of the children."""
        return tuple((parent, child) for child, parent in enumerate(self.parents) if parent >= 0)

    @property
    def mirror(self) -> tuple[int, ...]:
        """For each joint the index of the joint on the other side; of itself in the middle."""
        return tuple(self.joints.index(_other_side(joint)) for joint in self.joints)

    def bone_lengths(self, poses: np.ndarray) -> np.ndarray:
        """`[..., J, 3]` -> `[..., K]`, in the unit of the poses and the order of `bones`."""
        parents, children = np.array(self.bones).T
        return np.linalg.norm(poses[..., children, :] - poses[..., parents, :], axis=-1)

    def facing_alike(self, poses: np.ndarray) -> np.ndarray:
        """Upright poses `[N, J, 3]` turned about the vertical until the left hip is along +x."""
        left, right = (self.joints.index(f"{side}_hip") for side in ("left", "right"))
        across = poses[:, left] - poses[:, right]
        angle = np.arctan2(across[:, 2], across[:, 0])[:, None]
        cosine, sine = np.cos(angle), np.sin(angle)
        x = cosine * poses[..., 0] + sine * poses[..., 2]
        z = cosine * poses[..., 2] - sine * poses[..., 0]
        return np.stack([x, poses[..., 1], z], axis=-1)


def _other_side(joint: str) -> str:
    for side, other in (("left_", "right_"), ("right_", "left_")):
        if joint.startswith(side):
            return other + joint[len(side) :]
    return joint


def _skeleton(name: str, parent_of: dict[str, str]) -> Skeleton:
    joints = tuple(parent_of)
    parents = (joints.index(parent) if parent else -1 for parent in parent_of.values())
    return Skeleton(name, joints, tuple(parents))


SKELETONS = {name: _skeleton(name, tree) for name, tree in TREES.items()}

# How a joint is made where a skeleton lacks it: weights of other joints, which may be made in turn;
# the first recipe whose joints can be had is used. The top of the head is an estimate for the BVH
# skeleton, where nothing is above the eyes: in a rest pose 24 cm above the base of the neck, as in
# Human3.6M; it follows the neck and half of a nod. A face seen without the base of its skull, as
# OpenPose and COCO have it, does not tell.
_RECIPES = {
    "hip": ({"left_hip": 1 / 2, "right_hip": 1 / 2},),
    "mid_shoulders": ({"left_shoulder": 1 / 2, "right_shoulder": 1 / 2},),
    "thorax": ({"mid_shoulders": 1},),
    "spine": ({"abdomen": 1 / 2, "chest": 1 / 2}, {"hip": 1 / 2, "thorax": 1 / 2}),
    "neck_nose": (
        {"nose": 1},
        {"skull_base": 1 / 3, "left_eye": 1 / 3, "right_eye": 1 / 3},
        {"thorax": 1 / 2, "head_top": 1 / 2},
    ),
    "head_top": ({"left_eye": 1 / 4, "right_eye": 1 / 4, "skull_base": 2.3, "thorax": -1.8},),
}


def named(name: str) -> Skeleton:
    """The skeleton of that name, or a UserError that lists the names."""
    if name not in SKELETONS:
        raise UserError(f"no skeleton {name!r}: use one of {', '.join(SKELETONS)}")
    return SKELETONS[name]


def _weights(joint: str, source: Skeleton) -> np.ndarray | None:
    """Weights `[J_source]` that make `joint`, or None where nothing makes it."""
    if joint in source.joints:
        return np.eye(len(source.joints))[source.joints.index(joint)]
    for recipe in _RECIPES.get(joint, ()):
        parts = [_weights(part, source) for part in recipe]
        if all(part is not None for part in parts):
            return sum(share * part for share, part in zip(recipe.values(), parts))
    return None


def joint_map(source: Skeleton, target: Skeleton, partial: bool = False) -> np.ndarray:
    """Matrix that makes the joints of `target` out of those of `source`.

    Joints of the same name are taken over, others are means of what there is; every row sums to 1.

    Args:
      source: skeleton of the given joints.
      target: skeleton of the wanted joints.
      partial: leaves rows of zeros for joints that cannot be made.

    Returns:
      float32 `[J_target, J_source]`.

    Raises:
      UserError: joints cannot be made and `partial` is not set.
    """
    rows = {joint: _weights(joint, source) for joint in target.joints}
    missing = [joint for joint, row in rows.items() if row is None]
    if missing and not partial:
        raise UserError(
            f"skeleton {target.name} cannot be made from {source.name}: "
            f"it lacks {', '.join(missing)}"
        )
    nothing = np.zeros(len(source.joints))
    return np.stack([nothing if row is None else row for row in rows.values()]).astype(np.float32)


def convert(
    joints: np.ndarray,
    confidence: np.ndarray | None,
    source: Skeleton,
    target: Skeleton,
    partial: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Joints of one skeleton as joints of another.

    Args:
      joints: `[..., J_source, D]`; what stands at missing joints has no influence.
      confidence: `[..., J_source]`, 0 is a missing joint; None where all joints are there.
      source: skeleton of `joints`.
      target: skeleton of the result.
      partial: joints that cannot be made are missing in the result.

    Returns:
      float32 joints `[..., J_target, D]`, 0 where missing, and confidence `[..., J_target]`: that
      of a made joint is the least of the joints it was made of.

    Raises:
      UserError: as `joint_map`.
    """
    weights = joint_map(source, target, partial)
    if confidence is None:
        confidence = np.ones(joints.shape[:-1], np.float32)
    seen = np.where(confidence[..., None] > 0, joints, 0).astype(np.float32)
    used = weights != 0
    least = np.stack([confidence[..., row].min(-1, initial=1) for row in used], axis=-1)
    least = np.where(used.any(1), least, 0).astype(np.float32)
    return np.where(least[..., None] > 0, weights @ seen, 0), least


def known_joints(source: Skeleton, target: Skeleton) -> np.ndarray:
    """`[J_target]` bool: which joints `source` tells to the centimetre.

    These are the joints that it has, and the hip, which is the middle of the hips. Others that
    `convert` makes lie some centimetres beside the true ones.
    """
    return np.array([joint == "hip" or joint in source.joints for joint in target.joints])
