"""What every motion of a body is made of: steps in time, arms, gaze, posture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aign_tf.data.synthetic.body_joints import (
    ARM,
    CHEST,
    FOREARM,
    HEAD,
    NECK,
    PELVIS,
    SHOULDER,
    SPREAD,
    THIGH,
)

RATE = 25  # frames a second

# Flexion, abduction and rotation of the arm and flexion of the elbow, in degrees.
HANGING = (2, 8, 0, 18)
STANDING_ARMS = (
    HANGING,
    (-12, 14, -15, 45),  # in the pocket
    (-25, 42, -55, 88),  # on the hip
    (25, 8, -25, 85),  # held in front
    (38, 4, -65, 100),  # across the chest
    (45, 28, -8, 132),  # at the ear
    (50, 12, -35, 128),  # at the chin
    (80, 15, 0, 18),  # pointing ahead
    (35, 70, 10, 25),  # out to the side
    (40, 25, 15, 70),  # palm up, talking
    (75, 90, 60, 125),  # behind the head
)
SEATED_ARMS = (
    (22, 6, -12, 52),  # hand on the thigh
    (8, 10, -30, 85),  # hands in the lap
    (42, 22, -25, 72),  # on a table
    *STANDING_ARMS[3:],
)
ARM_SPREAD = (10, 8, 12, 12)


def steps(
    rng: np.random.Generator,
    frames: int,
    draw: Callable[[int], np.ndarray],
    hold: tuple[float, float],
    move: tuple[float, float],
) -> np.ndarray:
    """Levels held for a while, with smooth moves of least jerk from one to the next.

    Args:
      draw: count K -> levels `[K, ...]`.
      hold: shortest and longest time at a level, in seconds.
      move: shortest and longest time from one level to the next, in seconds.

    Returns:
      float64 `[frames, ...]`; the first frame falls anywhere within the first hold and move.
    """
    time = np.arange(frames) / RATE
    count = int(time[-1] / (hold[0] + move[0])) + 3
    levels = np.asarray(draw(count), np.float64)
    pause, travel = rng.uniform(*hold, count), rng.uniform(*move, count)
    end = np.cumsum(pause + travel)
    end -= rng.uniform(0, end[0])
    current = np.searchsorted(end, time)
    done = np.clip(1 - (end[current] - time) / travel[current], 0, 1)
    eased = (done**3 * (10 - 15 * done + 6 * done**2)).reshape(-1, *[1] * (levels.ndim - 1))
    return levels[current] + eased * (levels[current + 1] - levels[current])


def lean(angles: np.ndarray, amount: np.ndarray) -> None:
    """Bends angles `[T, 17, 3]` at the hips by `[T]` degrees: the legs stay where they are."""
    angles[:, PELVIS, 0] += amount
    angles[:, THIGH, 0] += amount[:, None]


def tilt(angles: np.ndarray, amount: np.ndarray) -> None:
    """Drops the right hip of angles `[T, 17, 3]` by `[T]` degrees: the legs stay parallel."""
    angles[:, PELVIS, 1] += amount
    angles[:, THIGH, 1] += amount[:, None] * [1, -1]


def set_arm(angles: np.ndarray, side: int, arm: np.ndarray) -> None:
    """Writes `[T, 4]` (as `HANGING`) into angles `[T, 17, 3]`; side 0 is right, 1 is left."""
    angles[:, ARM[side]] = arm[:, :3]
    angles[:, FOREARM[side], 0] = arm[:, 3]


def gesture(rng: np.random.Generator, frames: int, arms: tuple) -> np.ndarray:
    """An arm `[frames, 4]` that goes from one of `arms` to another; the first is the commonest."""
    means = np.array(arms, np.float64)
    chance = np.append(0.35, np.full(len(arms) - 1, 0.65 / (len(arms) - 1)))

    def draw(count):
        return means[rng.choice(len(arms), count, p=chance)] + rng.normal(0, ARM_SPREAD, (count, 4))

    return steps(rng, frames, draw, hold=(0.2, 2.5), move=(0.4, 1.2))


def look_around(rng: np.random.Generator, angles: np.ndarray) -> None:
    """Turns and nods the head of angles `[T, 17, 3]`; the chest follows a little."""
    gaze = steps(
        rng,
        len(angles),
        lambda count: rng.normal((6, 0), (9, 20), (count, 2)),
        hold=(0.3, 2.5),
        move=(0.3, 0.9),
    )
    angles[:, [NECK, HEAD], 0] += gaze[:, :1] / 2
    angles[:, [NECK, HEAD], 2] += gaze[:, 1:] * 0.4
    angles[:, CHEST, 2] += gaze[:, 1] * 0.2


def raise_shoulders(angles: np.ndarray) -> None:
    """Lets the shoulder blades of angles `[T, 17, 3]` take their share of a raised arm."""
    raised = np.hypot(angles[:, ARM, 0], angles[:, ARM, 1])
    angles[:, SHOULDER, 1] += 0.15 * np.maximum(0, raised - 30)


def posture(rng: np.random.Generator) -> np.ndarray:
    """A lasting deviation `[17, 3]` in degrees of all angles, of a person or of a clip."""
    return SPREAD * rng.normal(0, 1, SPREAD.shape).clip(-2.5, 2.5)


def sway(rng: np.random.Generator, frames: int) -> np.ndarray:
    """A smooth wavering `[frames, 17, 3]` in degrees of all angles, each on its own."""
    phase = 2 * np.pi * rng.uniform(0.1, 1.0, 5) * np.arange(frames)[:, None] / RATE
    waves = np.concatenate([np.cos(phase), np.sin(phase)], axis=1)
    weight = rng.normal(0, len(phase[0]) ** -0.5, (waves.shape[1], SPREAD.size))
    return 0.6 * SPREAD * (waves @ weight).reshape(frames, *SPREAD.shape)
