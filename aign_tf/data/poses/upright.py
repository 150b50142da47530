"""Axes and unit of motions that come without, found out from the bodies themselves.

Of all bodies the shoulders are above the ankles most of the time, legs and trunk together are about
1.4 m long, and knees bend forwards.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from absl import logging

from aign_tf.errors import UserError
from aign_tf.skeletons import Skeleton

# Key: what is up in the axes of a file. Rows: our x, y (down) and z (forward) in those axes.
# All are rotations: a reflection would swap left and right.
TURNS = {
    "y": ((1, 0, 0), (0, -1, 0), (0, 0, -1)),
    "z": ((1, 0, 0), (0, 0, -1), (0, 1, 0)),
    "-y": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "-z": ((1, 0, 0), (0, 0, 1), (0, -1, 0)),
    "x": ((0, 1, 0), (-1, 0, 0), (0, 0, 1)),
    "-x": ((0, -1, 0), (1, 0, 0), (0, 0, 1)),
}
# Metres, centimetres, millimetres, inches, and the unit of CMU's ASF files (1 / 0.45 inches).
_UNITS = (1.0, 0.01, 0.001, 0.0254, 0.0254 / 0.45)
_BODY = 1.4
_PLAUSIBLE = (0.5, 2.5)
# A second axis that has this share of the first one's height makes the first one doubtful.
_DOUBTFUL = 0.5
_BENT_BACKWARDS = -0.01


class Axes(NamedTuple):
    """What the numbers of a file mean.

    Attributes:
      up: a key of `TURNS`.
      metres: a unit.
    """

    up: str
    metres: float

    def turned(self, joints: np.ndarray) -> np.ndarray:
        """Joints `[..., 3]` of the file, in metres with gravity along +y, never mirrored."""
        return (joints @ (np.transpose(TURNS[self.up]) * self.metres)).astype(np.float32)


def upright(
    clips: dict[str, np.ndarray],
    skeleton: Skeleton,
    place: object,
    up: str = "auto",
    scale: str | float = "auto",
) -> dict[str, np.ndarray]:
    """Clips of one origin, turned (never mirrored) so that gravity is along +y, in metres.

    Args: as `find_axes`.

    Returns:
      name -> float32 `[T, J, 3]`.

    Raises:
      UserError: as `find_axes`.
    """
    axes = find_axes(clips, skeleton, place, up, scale)
    return {name: axes.turned(joints) for name, joints in clips.items()}


def find_axes(
    clips: dict[str, np.ndarray],
    skeleton: Skeleton,
    place: object,
    up: str = "auto",
    scale: str | float = "auto",
) -> Axes:
    """Axes and unit that clips share.

    Args:
      clips: name -> `[T, J, 3]`; all share axes and unit.
      skeleton: of the J joints; it has hips, knees, ankles and shoulders.
      place: file or folder of the clips, for messages.
      up: a key of `TURNS`, or "auto" for the axis along which the shoulders are highest above the
        ankles on average.
      scale: metres a unit, or "auto" for what brings the median body nearest to human size out of
        metres, centimetres, millimetres, inches and the unit of CMU's ASF files.

    Raises:
      UserError: `up` or `scale` means nothing, a body is not of human size, or the knees bend
        backwards, as they do where left and right are swapped.
    """
    bodies = [_Body(joints, skeleton) for joints in clips.values()]
    up = _find_up(np.concatenate([body.height for body in bodies]).mean(0), place, up)
    sizes = [np.median(body.size) for body in bodies]
    metres = _find_scale(sizes, list(clips), place, scale)
    bend = np.concatenate([body.knee_bend for body in bodies]).mean() * metres
    if bend < _BENT_BACKWARDS:
        raise UserError(
            f"{place}: knees bend backwards by {-100 * bend:.0f} cm on average: left and right are "
            "swapped, or an axis is mirrored"
        )
    logging.info(
        "%s: %d clips, up is %s, a unit is %g m, legs and trunk are %.2f m",
        *(place, len(clips), up, metres, np.median(sizes) * metres),
    )
    return Axes(up, metres)


class _Body:
    """Measures of a body in every frame, in the units and axes of the file."""

    def __init__(self, joints: np.ndarray, skeleton: Skeleton):
        def both(part: str) -> np.ndarray:
            """Left and right `[2, T, 3]`."""
            rows = [skeleton.joints.index(f"{side}_{part}") for side in ("left", "right")]
            return np.moveaxis(joints[:, rows], 1, 0)

        hips, knees, ankles, shoulders = map(both, ("hip", "knee", "ankle", "shoulder"))
        self.height = shoulders.mean(0) - ankles.mean(0)
        legs = np.linalg.norm([hips - knees, knees - ankles], axis=-1).sum(0).mean(0)
        self.size = legs + np.linalg.norm(shoulders.mean(0) - hips.mean(0), axis=-1)
        to_the_left = hips[0] - hips[1] + shoulders[0] - shoulders[1]
        forwards = np.cross(to_the_left, self.height)
        forwards /= np.maximum(np.linalg.norm(forwards, axis=-1, keepdims=True), 1e-9)
        self.knee_bend = ((knees - (hips + ankles) / 2) * forwards).sum(-1).mean(0)


def _find_up(height: np.ndarray, place: object, up: str) -> str:
    """A key of `TURNS`; `height` `[3]` is the mean way from the ankles to the shoulders."""
    best, second = np.argsort(-np.abs(height))[:2]
    found = "xyz"[best] if height[best] > 0 else f"-{'xyz'[best]}"
    if up == "auto":
        if abs(height[second]) > _DOUBTFUL * abs(height[best]):
            logging.warning("%s: up seems to be %s, but not clearly: set data.up", place, found)
        return found
    if up not in TURNS:
        raise UserError(f"up is {up!r}: use auto or one of {', '.join(TURNS)}")
    if up != found:
        logging.warning("%s: up is set to %s, but seems to be %s", place, up, found)
    return up


def _find_scale(sizes: list[float], names: list[str], place: object, scale: str | float) -> float:
    """Metres a unit; `sizes` are those of the clips' bodies."""
    if scale == "auto":
        body = max(np.median(sizes), 1e-9)  # No body at all is refused below.
        metres = min(_UNITS, key=lambda unit: abs(np.log(body * unit / _BODY)))
    else:
        metres = _positive(scale)
    for size, name in zip(sizes, names):
        if not _PLAUSIBLE[0] < size * metres < _PLAUSIBLE[1]:
            raise UserError(
                f"{place}, {name}: legs and trunk are {size:.4g} units long, with data.scale "
                f"{metres:g} that is {size * metres:.3g} m: about {_BODY} m is human"
            )
    return metres


def _positive(scale: str | float) -> float:
    try:
        value = float(scale)
    except ValueError:
        value = 0.0
    if not 0 < value < np.inf:
        raise UserError(f"scale is {scale!r}: use auto or the metres of a unit, such as 0.01")
    return value
