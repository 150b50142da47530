"""Motions of a body as joint angles, in every clip with a style of its own.

A motion takes a random generator, a number of frames at `RATE` and the hand that it prefers
(0 right, 1 left), and returns angles `[frames, 17, 3]` in degrees (`body_joints`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from aign_tf.data.synthetic.body_gestures import (
    ARM_SPREAD,
    HANGING,
    RATE,
    SEATED_ARMS,
    STANDING_ARMS,
    gesture,
    lean,
    set_arm,
    steps,
    tilt,
)
from aign_tf.data.synthetic.body_joints import ARM, CHEST, FOREARM, LUMBAR, PELVIS, SHIN, THIGH


class _Gait(NamedTuple):
    """Ranges from which a clip draws: strides a second, then degrees."""

    cadence: tuple[float, float]
    hip_mean: tuple[float, float]
    hip_swing: tuple[float, float]
    knee_stance: tuple[float, float]
    knee_loading: tuple[float, float]
    knee_swing: tuple[float, float]
    arm_swing: tuple[float, float]
    elbow: tuple[float, float]
    lean: tuple[float, float]


_WALK = _Gait(
    (0.6, 1.15), (7, 14), (12, 26), (2, 16), (4, 18), (38, 62), (4, 32), (10, 45), (-3, 9)
)
_RUN = _Gait(
    (1.2, 1.6), (16, 26), (26, 44), (10, 22), (12, 26), (60, 95), (20, 45), (60, 110), (4, 18)
)


def _bump(cycle: np.ndarray, centre: float, sharpness: float) -> np.ndarray:
    """A periodic bump of height 1 over a cycle of length 1."""
    return np.exp(sharpness * (np.cos(2 * np.pi * (cycle - centre)) - 1))


def _stride(rng: np.random.Generator, frames: int, gait: _Gait) -> np.ndarray:
    """Heel strikes at whole numbers of the cycle; timing of the peaks as in normal human gait."""
    style = _Gait(*(rng.uniform(*limits) for limits in gait))
    angles = np.zeros((frames, 17, 3))
    first = rng.uniform() + style.cadence * np.arange(frames) / RATE
    cycle = first[:, None] + [0, 0.5]  # right, left
    forward = np.cos(2 * np.pi * (cycle - 0.94))
    angles[:, THIGH, 0] = style.hip_mean + style.hip_swing * forward
    angles[:, THIGH, 1] = rng.uniform(-2, 5)
    angles[:, SHIN, 0] = (
        style.knee_stance
        + style.knee_loading * _bump(cycle, 0.14, 5)
        + style.knee_swing * _bump(cycle, 0.72, 3)
    )
    angles[:, PELVIS, 2] = -0.25 * style.hip_swing * forward[:, 0]
    angles[:, CHEST, 2] = 0.5 * style.hip_swing * forward[:, 0]
    tilt(angles, rng.uniform(0, 6) * np.cos(2 * np.pi * (first - 0.8)))
    angles[:, LUMBAR, 1] = -angles[:, PELVIS, 1]
    lean(angles, np.full(frames, style.lean))
    angles[:, ARM, 0] = rng.uniform(-8, 8) - style.arm_swing * forward
    angles[:, ARM, 1] = rng.uniform(3, 16)
    angles[:, ARM, 2] = rng.uniform(-30, 10)
    angles[:, FOREARM, 0] = style.elbow + 0.4 * (angles[:, ARM, 0] + style.arm_swing)
    return angles


def walking(rng: np.random.Generator, frames: int, hand: int) -> np.ndarray:
    angles = _stride(rng, frames, _WALK)
    if rng.uniform() < 0.35:  # carries, telephones, points
        set_arm(angles, hand, gesture(rng, frames, STANDING_ARMS))
    return angles


def running(rng: np.random.Generator, frames: int, hand: int) -> np.ndarray:
    return _stride(rng, frames, _RUN)


def _stance(rng: np.random.Generator, frames: int) -> np.ndarray:
    """Stands and shifts the weight; the arms hang."""
    angles = np.zeros((frames, 17, 3))
    weight = steps(rng, frames, lambda n: rng.normal(0, 4, n), hold=(0.5, 3), move=(0.5, 1.5))
    tilt(angles, weight)
    angles[:, LUMBAR, 1] -= 0.6 * weight
    # The leg under the lower hip is too long by now: its knee gives way.
    bent = rng.uniform(3, 10) + 3 * np.maximum(0, weight[:, None] * [1, -1])
    step = rng.normal(0, 8) * np.array([1, -1])  # one foot before the other
    angles[:, SHIN, 0] = bent + np.maximum(0, step)
    angles[:, THIGH, 0] = bent / 2 + step
    angles[:, THIGH, 1] += 20 * rng.uniform() ** 2
    angles[:, THIGH, 2] += rng.uniform(-2, 20)
    for side in (0, 1):
        set_arm(angles, side, np.tile(rng.normal(HANGING, ARM_SPREAD), (frames, 1)))
    return angles


def standing(rng: np.random.Generator, frames: int, hand: int) -> np.ndarray:
    angles = _stance(rng, frames)
    set_arm(angles, 0, gesture(rng, frames, STANDING_ARMS))
    set_arm(angles, 1, gesture(rng, frames, STANDING_ARMS))
    return angles


def waving(rng: np.random.Generator, frames: int, hand: int) -> np.ndarray:
    angles = _stance(rng, frames)
    raised = steps(rng, frames, lambda n: rng.random(n) < 0.75, hold=(1, 3), move=(0.4, 0.9))
    up = rng.normal((15, 92, 78, 75), (14, 18, 8, 18))
    beat = np.sin(2 * np.pi * (rng.uniform() + rng.uniform(0.8, 2.2) * np.arange(frames) / RATE))
    wave = beat[:, None] * rng.uniform(0.3, 1) * np.array([4, 10, 12, 32])
    arm = np.tile(rng.normal(HANGING, ARM_SPREAD), (frames, 1))
    set_arm(angles, hand, arm + raised[:, None] * (up + wave - arm))
    set_arm(angles, 1 - hand, gesture(rng, frames, STANDING_ARMS))
    angles[:, LUMBAR, 1] += raised * rng.uniform(-6, 2) * (1 - 2 * hand)
    return angles


def _aims(rng: np.random.Generator, count: int) -> np.ndarray:
    """Arms `[count, 4]` stretched anywhere in front of the body, to its side or overhead."""
    height, side = rng.uniform(35, 150, count), np.radians(rng.uniform(-25, 85, count))
    twist, elbow = rng.uniform(-30, 40, count), rng.uniform(4, 55, count)
    return np.stack([height * np.cos(side), height * np.sin(side), twist, elbow], axis=1)


def reaching(rng: np.random.Generator, frames: int, hand: int) -> np.ndarray:
    """The trunk goes with the arm: down to what is low, round to what is at the side."""
    angles = _stance(rng, frames)
    both = rng.uniform() < 0.35

    def draw(count):
        aim = _aims(rng, count)
        other = aim if both else np.tile(HANGING, (count, 1))
        other = other + rng.normal(0, ARM_SPREAD, other.shape)
        far = rng.uniform(0, 1, count)
        bow = far * np.maximum(0, 100 - aim[:, 0]) * 0.5
        turn = far * (aim[:, 1] - 30) * (0.1 if both else 0.4)
        pose = np.concatenate([aim, other, bow[:, None], turn[:, None]], axis=1)
        idle = rng.uniform(size=count) < 0.3
        pose[idle] = [*HANGING, *HANGING, 0, 0]
        return pose

    pose = steps(rng, frames, draw, hold=(0.1, 1.2), move=(0.5, 1.3))
    set_arm(angles, hand, pose[:, :4])
    set_arm(angles, 1 - hand, pose[:, 4:8])
    bow, turn = pose[:, 8], pose[:, 9] * (1 - 2 * hand)
    lean(angles, 0.6 * bow)
    angles[:, [LUMBAR, CHEST], 0] += 0.2 * bow[:, None]
    angles[:, LUMBAR, 2] += 0.3 * turn
    angles[:, CHEST, 2] += 0.7 * turn
    return angles


def bending(rng: np.random.Generator, frames: int, hand: int) -> np.ndarray:
    """Picks something up: with a bent back, with bent knees or with both."""
    angles = _stance(rng, frames)
    depth = steps(rng, frames, lambda n: rng.random(n) ** 0.6, hold=(0.1, 1.0), move=(0.7, 1.5))
    squat = rng.uniform()
    lean(angles, depth * (75 - 35 * squat))
    back = depth * rng.uniform(10, 30)
    angles[:, [LUMBAR, CHEST], 0] += back[:, None]
    bent = depth * (16 + 60 * squat)
    angles[:, SHIN, 0] += (2 * bent - 16 * depth)[:, None]
    angles[:, THIGH, 0] += bent[:, None] * rng.uniform(0.85, 1.05, 2)
    angles[:, THIGH, 1] += (depth * rng.uniform(0, 20))[:, None]
    # Arms point to the floor, whatever the trunk does.
    down = depth * (75 - 35 * squat) + 2 * back + depth * rng.uniform(-15, 25)
    reach = [1, 1] if rng.uniform() < 0.5 else [1, rng.uniform(0.2, 0.8)]
    angles[:, ARM, 0] += down[:, None] * (reach if hand == 0 else reach[::-1])
    angles[:, FOREARM, 0] += (depth * rng.uniform(-10, 40))[:, None]
    return angles


def sitting(rng: np.random.Generator, frames: int, hand: int) -> np.ndarray:
    """Sits down, shifts in the seat, gestures, gets up."""
    angles = _stance(rng, frames)
    seated = steps(rng, frames, lambda n: rng.random(n) < 0.85, hold=(1, 4), move=(0.8, 1.6))
    low = 30 * rng.uniform() ** 3  # a low seat lifts the knees

    def draw(count):
        thigh = rng.normal((86 + low, 7, 0), (4, 6, 6), (count, 2, 3))
        knee = rng.normal(86 + low / 2, 16, (count, 2, 1))
        crossed = np.flatnonzero(rng.uniform(size=count) < 0.2)
        thigh[crossed, rng.integers(0, 2, len(crossed))] += [12, -18, 0]
        return np.concatenate([thigh, knee], axis=2)

    legs = steps(rng, frames, draw, hold=(1, 4), move=(0.6, 1.2))
    share = seated[:, None]
    angles[:, THIGH] += share[..., None] * (legs[..., :3] - angles[:, THIGH])
    angles[:, SHIN, 0] += share * (legs[..., 3] - angles[:, SHIN, 0])
    between = 4 * seated * (1 - seated)
    angles[:, SHIN, 0] += 12 * between[:, None]
    slouch = steps(rng, frames, lambda n: rng.normal(0, 9, n), hold=(1, 4), move=(0.8, 1.6))
    lean(angles, rng.uniform(22, 38) * between + seated * slouch)
    angles[:, [LUMBAR, CHEST], 0] += share * rng.uniform(0, 14, 2)
    for side in (0, 1):
        set_arm(angles, side, gesture(rng, frames, SEATED_ARMS))
    return angles


MOTIONS = {
    motion.__name__: motion
    for motion in (walking, sitting, reaching, bending, waving, standing, running)
}
