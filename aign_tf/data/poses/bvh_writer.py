"""Joint positions written as a BVH file: a hierarchy of bones, and joint angles that fit them."""

from __future__ import annotations

import os
import warnings
from typing import NamedTuple

import numpy as np
from scipy.spatial.transform import Rotation

from aign_tf.data.poses.bvh import POSITIONS, ROTATIONS, Bvh
from aign_tf.files import replacing
from aign_tf.skeletons import Skeleton

# Turns y down into y up, which programs for animation expect.
_Y_UP = np.array([1.0, -1.0, -1.0])
# Square metres of "do not turn at all" against the bones: settles the twist that one bone leaves.
_PULL = 1e-7


class _Node(NamedTuple):
    """A joint of the file, and the joints of the skeleton to which its bones lead."""

    name: str
    parent: int
    offset: np.ndarray
    channels: tuple[str, ...]
    aims: list[int]


def write_bvh(path: str | os.PathLike, joints: np.ndarray, skeleton: Skeleton, fps: float) -> None:
    """Writes a motion with y up: forward kinematics of the file give `(x, -y, -z)` in metres.

    Every bone gets its median length, because a BVH file has one length a bone, and points from
    where its joint came to be to where the next one should be. Motions with constant lengths come
    back exactly; in others joints miss by what is left of the bones' differences from the median.
    The rest pose is the first frame. Where a joint has several children, their bones turn together
    as far as they can (least squares), and each the rest of its way at a joint of no length that is
    called `JOINT_to_CHILD`.

    Args:
      path: the file.
      joints: `[T, J, 3]`, metres, x right, y down, z forward; finite, at least one frame.
      skeleton: of the J joints.
      fps: frames a second.
    """
    bvh = _fit(np.asarray(joints, np.float64) * _Y_UP, skeleton, fps)
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        file.write("\n".join(_hierarchy(bvh)))
        file.write(f"\nMOTION\nFrames: {len(bvh.frames)}\nFrame Time: {bvh.frame_time:.8f}\n")
        np.savetxt(file, bvh.frames, fmt="%.6f")


def _fit(joints: np.ndarray, skeleton: Skeleton, fps: float) -> Bvh:
    if not np.isfinite(joints).all():
        raise ValueError("a joint is not finite")
    bones = joints - joints[:, skeleton.parents]
    lengths = np.linalg.norm(bones, axis=-1)
    rest = bones[0] / np.maximum(lengths[0], 1e-9)[:, np.newaxis]
    rest *= np.median(lengths, axis=0)[:, np.newaxis]
    rest[skeleton.root] = 0

    nodes = _nodes(skeleton, rest)
    columns = [joints[:, skeleton.root]]
    # Each begins with what the root hangs on, so that a node's parent is one further on.
    turns, places = [np.eye(3)], [joints[:, skeleton.root, np.newaxis]]
    for node in nodes:
        above = turns[node.parent + 1]
        place = places[node.parent + 1] + node.offset[np.newaxis] @ above.swapaxes(-1, -2)
        turn = _align(rest[node.aims], (joints[:, node.aims] - place) @ above)
        turns.append(above @ turn)
        places.append(place)
        if node.channels:
            columns.append(_angles(turn))
    names, parents, offsets, channels, _ = zip(*nodes)
    return Bvh(names, parents, np.stack(offsets), channels, np.concatenate(columns, 1), 1 / fps)


def _nodes(skeleton: Skeleton, rest: np.ndarray) -> list[_Node]:
    """Joints of the file depth first, as it needs them; a parent is an index into the list."""
    nodes, here = [], np.zeros(3)

    def visit(joint: int, parent: int) -> None:
        name = skeleton.joints[joint]
        children = [child for child, above in enumerate(skeleton.parents) if above == joint]
        channels = ROTATIONS if nodes else POSITIONS + ROTATIONS
        row = len(nodes)
        nodes.append(_Node(name, parent, rest[joint], channels, children))
        if not children:
            nodes.append(_Node(f"{name}_end", row, here, (), []))
        for child in children:
            if len(children) > 1:
                turn = f"{name}_to_{skeleton.joints[child]}"
                nodes.append(_Node(turn, row, here, ROTATIONS, [child]))
            visit(child, row if len(children) == 1 else len(nodes) - 1)

    visit(skeleton.root, -1)
    return nodes


def _align(rest: np.ndarray, bones: np.ndarray) -> np.ndarray:
    """Rotations `[T, 3, 3]` that bring `rest` `[K, 3]` nearest to `bones` `[T, K, 3]` (Kabsch)."""
    u, _, vt = np.linalg.svd(np.einsum("tki,kj->tij", bones, rest) + _PULL * np.eye(3))
    u[:, :, 2] *= np.linalg.det(u @ vt)[:, np.newaxis]
    return u @ vt


def _angles(turns: np.ndarray) -> np.ndarray:
    """Degrees `[T, 3]` in the order of `ROTATIONS`."""
    order = "".join(name[0] for name in ROTATIONS)
    with warnings.catch_warnings():
        # At a gimbal lock the angles are not unique; those that come out give the same rotation.
        warnings.filterwarnings("ignore", message="Gimbal lock")
        return Rotation.from_matrix(turns).as_euler(order, degrees=True)


def _hierarchy(bvh: Bvh) -> list[str]:
    """Lines up to MOTION, indented."""
    lines, opened = ["HIERARCHY"], []

    def add(line: str) -> None:
        lines.append("  " * len(opened) + line)

    def close() -> None:
        opened.pop()
        add("}")

    for row, (name, parent, channels) in enumerate(zip(bvh.joints, bvh.parents, bvh.channels)):
        while opened and opened[-1] != parent:
            close()
        add(f"{'JOINT' if opened else 'ROOT'} {name}" if channels else "End Site")
        add("{")
        opened.append(row)
        add("OFFSET " + " ".join(f"{value:.6f}" for value in bvh.offsets[row]))
        if channels:
            add(f"CHANNELS {len(channels)} {' '.join(channels)}")
    while opened:
        close()
    return lines
