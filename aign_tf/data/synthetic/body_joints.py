"""A body of the 17 joints of `h36m17`: how far each joint turns, and where the turns put them.

The body's own axes are x to its right, y down and z ahead. At rest it stands upright and looks
ahead, its arms hang. A bone is known by the joint at its far end; row 0 is the pelvis, which turns
the whole body. Each bone has three angles in degrees, named as in anatomy and the same left and
right:

  0 flexion: trunk and head bend forward, thigh and arm swing forward, knee and elbow close.
  1 abduction: thigh and arm swing outward, the shoulder rises; trunk and head bend to the right.
  2 rotation: thigh and arm twist outward, the shoulder draws back; trunk and head turn right.

Flexion and abduction together are one swing about a horizontal axis (a rotation vector), which has
no singular direction but the one opposite to rest; the rotation is a twist about the bone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from aign_tf.skeletons import SKELETONS

SKELETON = SKELETONS["h36m17"]

PELVIS, LUMBAR, CHEST, NECK, HEAD = 0, 7, 8, 9, 10
THIGH, SHIN = [2, 5], [3, 6]  # right, left
SHOULDER, ARM, FOREARM = [14, 11], [15, 12], [16, 13]

FIXED = (0, 0)


class _Joint(NamedTuple):
    bones: list[int]
    axes: tuple[int, int, int]  # sense about x, z, y of flexion, abduction, rotation at the right
    limits: tuple[tuple[int, int], ...]
    spread: tuple[float, float, float]  # standard deviation between people's postures


_JOINTS = (
    _Joint([PELVIS], (-1, 1, 1), ((-45, 100), (-35, 35), (-180, 180)), (2, 1.5, 3)),
    _Joint([LUMBAR], (-1, 1, 1), ((-20, 45), (-20, 20), (-15, 15)), (4, 2.5, 2)),
    _Joint([CHEST], (-1, 1, 1), ((-20, 40), (-20, 20), (-35, 35)), (4, 2.5, 3)),
    _Joint([NECK], (-1, 1, 1), ((-30, 40), (-25, 25), (-40, 40)), (5, 3, 5)),
    _Joint([HEAD], (-1, 1, 1), ((-30, 30), (-20, 20), (-40, 40)), (5, 3, 5)),
    _Joint(THIGH, (1, -1, 1), ((-30, 130), (-30, 55), (-40, 50)), (3, 2.5, 5)),
    _Joint(SHIN, (-1, -1, 1), ((0, 150), FIXED, FIXED), (4, 0, 0)),
    _Joint(SHOULDER, (1, -1, 1), (FIXED, (-10, 35), (-25, 15)), (0, 3, 4)),
    _Joint(ARM, (1, -1, 1), ((-60, 165), (-45, 150), (-90, 95)), (7, 5, 9)),
    _Joint(FOREARM, (1, -1, 1), ((0, 150), FIXED, FIXED), (8, 0, 0)),
)


def _table(width: tuple[int, ...], row) -> np.ndarray:
    """Array `[17, *width]` of row(joint, side), zero for the halves of the pelvis."""
    table = np.zeros((len(SKELETON.joints), *width))
    for joint in _JOINTS:
        for side, bone in enumerate(joint.bones):
            table[bone] = row(joint, side)
    return table


LIMITS = _table((3, 2), lambda joint, side: joint.limits)
SPREAD = _table((3,), lambda joint, side: joint.spread)
# Left is the mirror image of right: swings outward and twists change sense, flexion does not.
_SENSE = _table((3,), lambda joint, side: np.multiply(joint.axes, (1, -1, -1) if side else 1))


def limited(angles: np.ndarray) -> np.ndarray:
    """Angles `[..., 17, 3]` in degrees, each moved to the nearest that its joint allows."""
    return np.clip(angles, LIMITS[..., 0], LIMITS[..., 1])


def rotations(angles: np.ndarray) -> np.ndarray:
    """Rotation `[..., 17, 3, 3]` of each bone against its parent, of angles `[..., 17, 3]`."""
    x, z, y = np.moveaxis(np.radians(angles * _SENSE).astype(np.float32), -1, 0)
    # Rodrigues' formula I + s K + k K^2 for the rotation vector (x, 0, z).
    angle = np.hypot(x, z) / np.float32(np.pi)
    s, k = np.sinc(angle), 0.5 * np.sinc(angle / 2) ** 2
    swing_x = np.stack([1 - k * z * z, s * z, k * x * z], axis=-1)
    swing_y = np.stack([-s * z, 1 - k * (x * x + z * z), s * x], axis=-1)
    swing_z = np.stack([k * x * z, -s * x, 1 - k * x * x], axis=-1)
    cos, sin = np.cos(y)[..., None], np.sin(y)[..., None]
    columns = [cos * swing_x - sin * swing_z, swing_y, sin * swing_x + cos * swing_z]
    return np.stack(columns, axis=-1)


def forward_kinematics(angles: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Positions of the joints of one body, the pelvis at the origin.

    Args:
      angles: `[..., 17, 3]` degrees.
      offsets: `[17, 3]` metres, each joint from its parent at rest.

    Returns:
      float32 `[..., 17, 3]` metres.
    """
    turns = rotations(angles)
    frames, positions = [], []
    for bone, parent in enumerate(SKELETON.parents):
        turn = turns[..., bone, :, :]
        frames.append(turn if parent < 0 else frames[parent] @ turn)
        start = 0 if parent < 0 else positions[parent]
        positions.append(start + frames[bone] @ offsets[bone].astype(np.float32))
    return np.stack(positions, axis=-2)
