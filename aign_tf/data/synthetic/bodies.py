"""Procedural motions of people: made-up bodies that walk, sit, reach, bend and wave.

They need no download and no licence: every pose is computed from a seed. Proportions and ranges of
joints are those of adults; joints lie where Human3.6M has them.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aign_tf.data.poses.clips import Clip3D
from aign_tf.data.synthetic.body_gestures import look_around, posture, raise_shoulders, sway
from aign_tf.data.synthetic.body_joints import SKELETON, forward_kinematics, limited
from aign_tf.data.synthetic.body_motions import MOTIONS
from aign_tf.errors import UserError

HEIGHTS = (1.50, 1.95)
ANKLE = 0.047  # its height above the floor, as a fraction of the body's
LEFT_HANDED = 0.15

# Each joint of the right side and of the middle from its parent, as a fraction of the height: x to
# the right, y down, z ahead.
OFFSETS = {
    1: (0.078, 0.006, 0),
    2: (0, 0.260, 0),
    3: (0, 0.267, 0),
    7: (0, -0.137, 0),
    8: (0, -0.151, 0),
    9: (0, -0.062, 0.030),
    10: (0, -0.066, -0.010),
    14: (0.087, 0.016, 0),
    15: (0, 0.164, 0),
    16: (0, 0.148, 0),
}
LEFT = (4, 5, 6, 11, 12, 13)
UPRIGHT = (10, 9, 8, 7, 1, 2, 3)  # what adds up to the height, from the top of the head down


def draw_body(rng: np.random.Generator) -> np.ndarray:
    """A person's body: offsets `[17, 3]` in metres of each joint from its parent at rest.

    The height is 1.5 to 1.95 m, every length differs by some per cent between people of the same
    height, and the hips and the shoulders lie higher or lower. Left is the mirror image of right.
    """
    height = np.clip(rng.normal(1.71, 0.095), *HEIGHTS)
    offsets = np.zeros((len(SKELETON.joints), 3))
    for joint, mean in OFFSETS.items():
        length = np.exp(0.04 * np.clip(rng.normal(), -2.5, 2.5))
        offsets[joint] = length * np.array(mean)
    offsets[[1, 14], 1] += rng.uniform(-0.006, 0.014, 2)
    offsets *= height * (1 - ANKLE) / np.abs(offsets[list(UPRIGHT), 1]).sum()
    for left in LEFT:
        offsets[left] = offsets[SKELETON.mirror[left]] * (-1, 1, 1)
    return offsets


def generate_motions(
    people: int, clips_per_person: int, frames: int, seed: int = 0
) -> list[Clip3D]:
    """Motions of `people` persons, each of them in `clips_per_person` clips of `frames` frames.

    The clips of a person go through `MOTIONS` in turn, person i starting with the i-th of them.
    A clip is a function of `seed`, its person, its number and `frames` alone. It has 25 frames a
    second.

    Returns:
      Clips named "walking/person_003_1", person after person. The pelvis is at the origin, y
      points down along gravity, and everyone faces z (heading 0) within some degrees.

    Raises:
      UserError: a count below 1, `seed` below 0.
    """
    counts = {"people": people, "clips a person": clips_per_person, "frames a clip": frames}
    for what, count in counts.items():
        if count < 1:
            raise UserError(f"procedural motions of {count} {what}: use 1 or more")
    if seed < 0:
        raise UserError(f"seed {seed}: use a whole number of 0 or more")
    return [
        clip
        for person in range(people)
        for clip in _clips_of(person, clips_per_person, frames, seed)
    ]


def _clips_of(person: int, clips: int, frames: int, seed: int) -> Iterator[Clip3D]:
    rng = np.random.default_rng([seed, person])
    body, habit, hand = draw_body(rng), posture(rng), int(rng.uniform() < LEFT_HANDED)
    names = list(MOTIONS)
    for index in range(clips):
        turn, motion = divmod(index, len(names))
        name = names[(person + motion) % len(names)]
        # A trailing 0 would be no other seed than the person's own.
        rng = np.random.default_rng([seed, person, index + 1])
        angles = draw_angles(name, rng, frames, hand) + 0.7 * habit
        joints = forward_kinematics(limited(angles), body)
        yield Clip3D(f"{name}/person_{person:03d}_{turn + 1}", joints, SKELETON)


def draw_angles(motion: str, rng: np.random.Generator, frames: int, hand: int) -> np.ndarray:
    """Angles `[frames, 17, 3]` of one of `MOTIONS`, before the limits, with all its variation."""
    angles = MOTIONS[motion](rng, frames, hand)
    look_around(rng, angles)
    raise_shoulders(angles)
    return angles + 0.7 * posture(rng) + sway(rng, frames)
