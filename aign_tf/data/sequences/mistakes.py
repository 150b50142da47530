"""Which usual mistake in depths, poses or intrinsics explains why they do not fit the pictures."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from aign_tf.data.sequences.cameras import inverse
from aign_tf.data.sequences.check_motion import Fit, Pairs, fit

_BETTER = 0.85  # a mistake must lower the difference to this share to be named
_AS_GOOD = 1.03  # of mistakes that explain about as much, the first in order is named
_MOST_MISTAKES = 2
_PLAUSIBLE = 0.1, 100.0  # metres, a median depth

# Where x, y and z point.
_OURS = ("right", "down", "forward")
_AXES = {
    _OURS: "",
    ("right", "up", "backward"): " (OpenGL)",
    ("forward", "left", "up"): " (ROS)",
    ("forward", "right", "up"): " (Unreal)",
}
_DIRECTIONS = {1: "right", -1: "left"}, {1: "down", -1: "up"}, {1: "forward", -1: "backward"}

# What depths must be multiplied by to be metres -> what they are and were read as.
_UNITS = {
    0.001: " (millimetres read as metres?)",
    0.01: " (centimetres read as metres?)",
    0.2: " (1/5000 m, as of TUM RGB-D, read as millimetres?)",
    1000 / 256: " (1/256 m, as of KITTI, read as millimetres?)",
    0.1: "",
    10.0: " (centimetres read as millimetres?)",
    100.0: "",
    1000.0: " (metres read as millimetres?)",
}
_FACTORS = [round(2.0 ** (k / 10), 2) for k in range(-10, 11) if abs(k) > 2]


class Mistake(NamedTuple):
    """A usual mistake.

    Attributes:
      looks: what the data look like.
      mending, mend: what helps, as in "inverting them" and "invert the poses".
      undo: makes of what is believed what would be believed without the mistake.
    """

    looks: str
    mending: str
    mend: str
    undo: Callable[[Pairs], Pairs]


def explained(pairs: Pairs, turned: bool) -> Iterator[tuple[Mistake, Fit]]:
    """The mistakes that explain the pictures, each on top of those before it; none if all is well.

    Args:
      pairs: what is believed.
      turned: whether wrong poses are thought of; they never lower a difference by much.
    """
    best = fit(pairs)
    for _ in range(_MOST_MISTAKES):
        mistakes = [*(_pose_mistakes() if turned else ()), *_scale_mistakes(pairs)]
        overall = [fit(mistake.undo(pairs)).overall for mistake in mistakes]
        as_good = _AS_GOOD * min(overall)
        mistake = next(each for each, left in zip(mistakes, overall) if left <= as_good)
        undone = mistake.undo(pairs)
        found = fit(undone)
        if found.gain_on(best) > _BETTER:
            return
        pairs, best = undone, found
        yield mistake, best


def _pose_mistakes() -> list[Mistake]:
    """Poses the wrong way round, cameras with other axes, and both; usual ones first."""
    turns = []
    for axes in itertools.permutations(range(3)):
        for signs in itertools.product((1, -1), repeat=3):
            names = tuple(_DIRECTIONS[axis][sign] for axis, sign in zip(axes, signs))
            file_from_ours = np.eye(4)
            file_from_ours[:3, :3] = np.eye(3)[list(axes)] * np.array(signs)[:, None]
            turns.append((names, file_from_ours))
    # Where few directions of motion leave several, the first is taken. Mirrored ones are rare.
    turns.sort(key=lambda turn: (turn[0] not in _AXES, np.linalg.det(turn[1]) < 0))
    ways = [(inverted, *turn) for turn in turns for inverted in (False, True)]
    return [_wrong_poses(*way) for way in ways if way[0] or way[1] != _OURS]


def _wrong_poses(inverted: bool, names: tuple[str, ...], file_from_ours: np.ndarray) -> Mistake:
    looks, mending, mend = [], [], []
    if inverted:
        looks.append("camera-from-world")
        mending.append("inverting them")
        mend.append("invert the poses")
    if names != _OURS:
        axes = ", ".join(f"{axis} {name}" for axis, name in zip("xyz", names))
        looks.append(f"those of a camera with {axes}{_AXES.get(names, '')}")
        mending.append("turning their axes")
        mend.append("turn the axes of the cameras to x right, y down, z forward")

    def undo(pairs: Pairs) -> Pairs:
        poses = pairs.first_pose, pairs.second_pose
        if inverted:
            poses = map(inverse, poses)
        first, second = (pose @ file_from_ours for pose in poses)
        return pairs._replace(first_pose=first, second_pose=second)

    texts = (" and ".join(words) for words in (looks, mending, mend))
    return Mistake(f"poses look like {next(texts)}", *texts, undo)


def _scale_mistakes(pairs: Pairs) -> Iterator[Mistake]:
    """Units, focal lengths, and what depths are measured along; usual ones first."""
    depth = float(np.median(pairs.depth[pairs.depth > 0]))
    for factor in (*_UNITS, *_FACTORS):
        yield _wrong_unit(factor, depth)
    for factor in _FACTORS:
        yield _wrong_focal(factor)
    yield Mistake(
        "depths look like distances from the camera instead of along its axis",
        "converting them",
        "convert the distances to depths along the optical axis",
        _along_axis,
    )


def _wrong_unit(factor: float, depth: float) -> Mistake:
    """Depths, a median one of `depth` metres, that `factor` makes fit the positions.

    Pictures tell no more than that the two do not fit; how far away things usually are may.
    """
    near, far = _PLAUSIBLE
    usual, usual_then = near <= depth <= far, near <= factor * depth <= far
    depths, positions = f"the depths by {_short(factor)}", f"the positions by {_short(1 / factor)}"
    if usual and not usual_then:
        looks = f"positions look {_too(1 / factor)} for the depths"
        mend = positions
    else:
        looks = f"depths look {_too(factor)} for the positions{_UNITS.get(factor, '')}"
        mend = f"{depths} or {positions}" if usual else depths
    return Mistake(
        looks,
        f"multiplying {mend}",
        f"multiply {mend}",
        lambda pairs: pairs._replace(depth=pairs.depth * factor),
    )


def _wrong_focal(factor: float) -> Mistake:
    return Mistake(
        f"focal lengths look {_too(factor)}",
        f"multiplying them by {factor:g}",
        f"multiply fx and fy by {factor:g}",
        lambda pairs: pairs._replace(focal=pairs.focal * factor),
    )


def _too(factor: float) -> str:
    size = "small" if factor > 1 else "large"
    return f"about {_short(max(factor, 1 / factor))} times too {size}"


def _short(factor: float) -> str:
    return f"{float(f'{factor:.3g}'):g}"


def _along_axis(pairs: Pairs) -> Pairs:
    height, width = pairs.depth.shape[1:]
    pixels = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1)
    slopes = (pixels - pairs.principal_point) / pairs.focal
    return pairs._replace(depth=pairs.depth / np.sqrt(1 + (slopes**2).sum(axis=-1)))
