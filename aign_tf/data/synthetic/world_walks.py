"""Motions of a hand-held camera in a room and of a car's camera along a road.

World axes: x and z horizontal, y down. Poses are world from camera, `[N, 4, 4]`.
"""

from __future__ import annotations

import cv2
import numpy as np

CELL = 0.05  # metres, of the map of where one can walk
CLEARANCE = 0.4  # metres between the camera and what stands about
EASY = 0.8  # metres that are kept where there is room
SPEEDS = (0.032, 0.115)  # metres a frame, walking
TURN = np.radians(3.3)  # a frame, of the view about the vertical
STEER = np.radians(12)  # a frame, of the direction of walking
AHEAD = 14  # frames that the walker looks ahead


def smooth(rng: np.random.Generator, length: int, frames: float) -> np.ndarray:
    """A random curve `[length]` of mean 0 and deviation 1 that changes over `frames` frames."""
    reach = int(3 * frames)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / frames) ** 2)
    kernel /= np.sqrt((kernel**2).sum())
    return np.convolve(rng.standard_normal(length + 2 * reach), kernel, mode="valid")


def clearance_map(size: np.ndarray, footprints: list, above: float = 0.02) -> np.ndarray:
    """Metres to the nearest wall or thing, float32 `[x, z]` in steps of `CELL`, of a room."""
    cells = np.ceil(size / CELL).astype(int)
    free = np.zeros(cells + 2, np.uint8)
    free[1:-1, 1:-1] = 1
    for corners, low, high in footprints:
        if low < 1.95 and high > above:
            polygon = np.round(corners[:, ::-1] / CELL + 0.5).astype(np.int32)
            cv2.fillConvexPoly(free, polygon, 0)
    return cv2.distanceTransform(free, cv2.DIST_L2, 5)[1:-1, 1:-1] * CELL


def walk(rng: np.random.Generator, length: int, clearance: np.ndarray) -> np.ndarray | None:
    """Poses of someone who strolls about a room and looks around; None if that leads nowhere."""
    at = _start(rng, clearance)
    if at is None:
        return None
    middle = (SPEEDS[0] + SPEEDS[1]) / 2
    speed = np.clip(middle + 0.03 * smooth(rng, length, 12), *SPEEDS)
    wish = np.radians(3) * smooth(rng, length, 10)
    heading, pace = _best_heading(clearance, at), speed[0]
    positions, headings = np.empty((length, 2)), np.empty(length)
    for frame in range(length):
        positions[frame], headings[frame] = at, heading
        paces = np.array([min(speed[frame], 1.2 * pace), max(SPEEDS[0], 0.75 * pace)])
        heading, pace = _steered(clearance, at, heading, paces, wish[frame])
        at = at + pace * np.array([np.sin(heading), np.cos(heading)])
    if _look_up(clearance, positions).min() < CLEARANCE:
        return None
    aim = headings + np.radians(35) * smooth(rng, length, 25)
    height = np.clip(rng.normal(1.45, 0.1), 1.25, 1.65) + 0.015 * smooth(rng, length, 6)
    pitch = np.radians(np.clip(rng.normal(-6, 4) + 3.5 * smooth(rng, length, 18), -14, 14))
    roll = np.radians(np.clip(1.2 * smooth(rng, length, 14), -4, 4))
    return _poses(positions, -height, _followed(aim), pitch, roll)


def drive(
    rng: np.random.Generator, length: int, positions: np.ndarray, headings: np.ndarray
) -> np.ndarray:
    """Poses of a camera in a car at `positions` `[N, 2]` (x, z), driving along `headings`."""
    height = rng.uniform(1.32, 1.58) + 0.008 * smooth(rng, length, 3)
    pitch = np.radians(rng.normal(-1, 1) + 0.35 * smooth(rng, length, 5))
    roll = np.radians(0.3 * smooth(rng, length, 8))
    yaw = headings + np.radians(1.0 * smooth(rng, length, 20))
    return _poses(positions, -height, yaw, pitch, roll)


def speeds_of_a_car(rng: np.random.Generator, length: int) -> np.ndarray:
    """Metres from each frame to the next along a road, `[length]`, 0.22 to 0.57."""
    return np.clip(rng.uniform(0.28, 0.52) + 0.06 * smooth(rng, length, 15), 0.22, 0.57)


def _start(rng: np.random.Generator, clearance: np.ndarray) -> np.ndarray | None:
    """A place (x, z) with room around it."""
    need = max(CLEARANCE + 0.1, min(EASY, 0.8 * clearance.max()))
    places = np.argwhere(clearance >= need)
    return (places[rng.integers(len(places))] + 0.5) * CELL if len(places) else None


def _look_up(clearance: np.ndarray, positions: np.ndarray) -> np.ndarray:
    cells = (positions / CELL).astype(int)
    inside = ((cells >= 0) & (cells < clearance.shape)).all(axis=-1)
    cells = cells.clip(0, np.array(clearance.shape) - 1)
    return np.where(inside, clearance[cells[..., 0], cells[..., 1]], 0)


def _ahead(at: np.ndarray, headings: np.ndarray, paces: np.ndarray) -> np.ndarray:
    """Positions `[C, T, 2]` after going along each of headings `[C, T]` at a pace, `[C]`."""
    steps = np.stack([np.sin(headings), np.cos(headings)], axis=-1) * paces[:, None, None]
    return at + np.cumsum(steps, axis=1)


def _best_heading(clearance: np.ndarray, at: np.ndarray) -> float:
    headings = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    paths = _ahead(at, np.repeat(headings[:, None], 2 * AHEAD, axis=1), np.full(24, 0.07))
    return headings[_look_up(clearance, paths).min(axis=1).argmax()]


def _steered(
    clearance: np.ndarray, at: np.ndarray, heading: float, paces: np.ndarray, wish: float
) -> tuple[float, float]:
    """The next heading and pace: near the wish and the first of `paces`, but around obstacles."""
    turns = np.append(np.linspace(-STEER, STEER, 13), np.clip(wish, -STEER, STEER))
    # A turn takes a few frames, after which one goes straight on, or one turns round altogether.
    turn, frames, pace = (
        grid.ravel() for grid in np.meshgrid(turns, (6, AHEAD), paces, indexing="ij")
    )
    turned = turn[:, None] * np.minimum(np.arange(1, AHEAD + 1), frames[:, None])
    space = _look_up(clearance, _ahead(at, heading + turned, pace))
    closest = space.min(axis=1)
    cost = 6 * np.maximum(EASY - closest, 0) + 60 * np.maximum(CLEARANCE + 0.06 - closest, 0)
    cost += 1.5 * ((turn - wish) / STEER) ** 2 - 0.3 * space[:, -1].clip(0, 1.5)
    cost += 0.5 * (pace < paces[0])
    best = cost.argmin()
    return heading + turn[best], pace[best]


def _followed(aim: np.ndarray) -> np.ndarray:
    """Angles that follow `aim` without turning faster than `TURN` or starting abruptly."""
    yaw, rate, result = aim[0], 0.0, np.empty_like(aim)
    for frame, target in enumerate(aim):
        result[frame] = yaw
        wanted = np.clip(0.12 * (target - yaw), -TURN, TURN)
        rate += np.clip(wanted - rate, -TURN / 5, TURN / 5)
        yaw += rate
    return result


def _poses(
    positions: np.ndarray, y: np.ndarray, yaw: np.ndarray, pitch: np.ndarray, roll: np.ndarray
) -> np.ndarray:
    """Poses of cameras at (x, y, z), turned about the vertical, then up, then about their axis."""
    poses = np.tile(np.eye(4), (len(positions), 1, 1))
    poses[:, :3, :3] = _turn(1, yaw) @ _turn(0, pitch) @ _turn(2, roll)
    poses[:, 0, 3], poses[:, 1, 3], poses[:, 2, 3] = positions[:, 0], y, positions[:, 1]
    return poses


def _turn(axis: int, angle: np.ndarray) -> np.ndarray:
    """Rotations `[N, 3, 3]` about one axis."""
    result = np.zeros((len(angle), 3, 3))
    one, two = (axis + 1) % 3, (axis + 2) % 3
    result[:, axis, axis] = 1
    result[:, one, one] = result[:, two, two] = np.cos(angle)
    result[:, two, one], result[:, one, two] = np.sin(angle), -np.sin(angle)
    return result
