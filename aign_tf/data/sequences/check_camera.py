"""Whether intrinsics and poses can be right, as far as numbers alone tell."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from aign_tf.data.sequences.clips import relative_motions

_VIEW = 20, 140  # degrees
_MIDDLE = 1 / 3, 2 / 3  # of the picture
_SAME_SCALE = 0.15
_SHARES = 5.0  # pixels: below, a focal length is none in pixels
_RIGID = 5e-3
_JUMP = 10  # times the usual motion, and more than
_JUMP_METRES, _JUMP_DEGREES = 0.1, 10.0


class Fault(NamedTuple):
    """Something wrong with a recording: what it looks like, and what to do about it."""

    looks: str
    mend: str


def view(size: np.ndarray, focal: np.ndarray) -> np.ndarray:
    """Angles of view in degrees, horizontal and vertical, of pictures of `size` (x, y) pixels."""
    return np.degrees(2 * np.arctan(np.asarray(size) / (2 * np.asarray(focal))))


def camera_faults(size: np.ndarray, focal: np.ndarray, centre: np.ndarray) -> list[Fault]:
    """What is wrong with intrinsics.

    Args:
      size: width and height of the pictures.
      focal, centre: `[2]`, x and y, pixels of these pictures.
    """
    size, focal, centre = (np.asarray(each, np.float64) for each in (size, focal, centre))
    if focal.min() < _SHARES:
        looks = "focal lengths of {:.3g} and {:.3g} pixels look like shares of a picture's size"
        mend = "give intrinsics in pixels: times the width in x, times the height in y"
        return [Fault(looks.format(*focal), mend)]
    low, high = _MIDDLE
    place = (centre + 0.5) / size
    if not (low <= place.min() and place.max() <= high):
        return [_off_centre(size, place)]
    angle = view(size, focal)[0]
    if not _VIEW[0] <= angle <= _VIEW[1]:
        small = "large" if angle < _VIEW[0] else "small"
        looks = f"a field of view of {angle:.0f} degrees: the focal length looks too {small}"
        return [Fault(looks, "look at fx and fy: they are in pixels of the pictures as stored")]
    return []


def _off_centre(size: np.ndarray, place: np.ndarray) -> Fault:
    scale = 2 * place
    if abs(scale[0] / scale[1] - 1) < _SAME_SCALE:
        width, height = (scale * size).round().astype(int)
        looks = f"intrinsics look like those of pictures of about {width}x{height} pixels"
        return Fault(looks, f"multiply the intrinsics by {1 / scale.mean():.3g}")
    looks = "the principal point lies at {:.0%} of the width and {:.0%} of the height"
    return Fault(looks.format(*place), "look at the principal point")


def pose_faults(poses: np.ndarray) -> list[Fault]:
    """What is wrong with poses `[N, 4, 4]`; nothing if all are rigid motions."""
    rotation = poses[:, :3, :3]
    length = np.sqrt((rotation**2).sum(axis=(1, 2)) / 3)
    unit = rotation / np.maximum(length, 1e-9)[:, None, None]
    bent = np.abs(unit @ unit.transpose(0, 2, 1) - np.eye(3)).max(axis=(1, 2)) > _RIGID
    if bent.any():
        first = f"{bent.sum()} of {len(bent)}, the first is that of frame {bent.argmax()}"
        looks = f"poses are not rigid: {first}"
        return [Fault(looks, "look at the rotations: their columns must be perpendicular")]
    if np.abs(length - 1).max() > _RIGID:
        looks = f"rotations are scaled by {np.median(length):.3g}"
        return [Fault(looks, "divide the 3x3 part of the poses by its scale")]
    if np.linalg.det(rotation).min() < 0:
        return [Fault("rotations have determinant -1", "write poses in right-handed axes")]
    return []


def motions(poses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Metres and degrees from each of the poses `[N, 4, 4]` to the next, `[N - 1]` each."""
    rotation, translation = relative_motions(poses)
    return np.linalg.norm(translation, axis=1), np.degrees(np.linalg.norm(rotation, axis=1))


def jumps(metres: np.ndarray, degrees: np.ndarray) -> np.ndarray:
    """Rows of motions that are far larger than usual."""
    far = metres > _JUMP * np.median(metres) + _JUMP_METRES
    turned = degrees > _JUMP * np.median(degrees) + _JUMP_DEGREES
    return np.flatnonzero(far | turned)
