"""BVH files, in which motions are joint angles, read and turned into joint positions.

A file holds a HIERARCHY of joints, each with an offset from its parent and a list of channels, and
a MOTION of one line of channel values a frame. BVH names no axes and no unit: positions here are in
the file's own, whatever they are (see `mocap.py` for finding out).
"""

from __future__ import annotations

import dataclasses
import os
import pathlib
import re
from collections.abc import Iterator

import numpy as np
from scipy.spatial.transform import Rotation

from aign_tf.errors import UserError

MAX_BYTES = 256 * 2**20
POSITIONS = ("Xposition", "Yposition", "Zposition")
ROTATIONS = ("Zrotation", "Xrotation", "Yrotation")
_CHANNELS = {name.lower(): name for name in POSITIONS + ROTATIONS}


@dataclasses.dataclass(frozen=True)
class Bvh:
    """A motion as the file tells it.

    Attributes:
      joints: `J` names in file order; the end site of a joint `NAME` is called `NAME_end`.
      parents: index of each joint's parent, which is smaller than its own; -1 for the root.
      offsets: float64 `[J, 3]` from the parent.
      channels: of each joint, e.g. `("Zrotation", "Xrotation", "Yrotation")`; end sites have none.
      frames: float64 `[T, C]` values of all channels, joint after joint; angles in degrees.
      frame_time: seconds from one frame to the next.
    """

    joints: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: np.ndarray
    channels: tuple[tuple[str, ...], ...]
    frames: np.ndarray
    frame_time: float


def read_bvh(path: str | os.PathLike) -> Bvh:
    """Reads a file with any hierarchy and any order of channels.

    Raises:
      UserError: no such file, more than `MAX_BYTES`, or not BVH; it names the line.
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise UserError(f"{path}: no such BVH file")
    if path.stat().st_size > MAX_BYTES:
        raise UserError(f"{path}: more than {MAX_BYTES // 2**20} MiB: cut the motion into pieces")
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        lines = _Lines(path, file)
        joints, parents, offsets, channels = map(tuple, _read_hierarchy(lines))
        frames, frame_time = _read_motion(lines, sum(map(len, channels)))
    return Bvh(joints, parents, np.stack(offsets), channels, frames, frame_time)


class _Lines:
    """The words of one line after the other, blank lines left out, braces on lines of their own."""

    def __init__(self, path, file):
        self._path, self._number = path, 0
        self._words = self._split(file)

    def _split(self, file) -> Iterator[list[str]]:
        for number, line in enumerate(file, 1):
            self._number = number
            for part in line.replace("{", "\n{\n").replace("}", "\n}\n").split("\n"):
                if part.strip():
                    yield part.split()

    def __iter__(self):
        return self._words

    def next(self, wanted: str) -> list[str]:
        words = next(self._words, None)
        if words is None:
            raise self.error(f"the file ends where {wanted} should be")
        return words

    def match(self, pattern: str, wanted: str) -> str:
        """What is in the brackets of `pattern`, which is all of the next line."""
        line = " ".join(self.next(wanted))
        found = re.fullmatch(pattern, line, re.IGNORECASE)
        if not found:
            raise self.error(f"{line!r} where {wanted} should be")
        return found[1]

    def numbers(self, words: list[str]) -> np.ndarray:
        try:
            values = np.array(words, np.float64)
        except ValueError as error:
            raise self.error(str(error)) from error
        if not np.isfinite(values).all():
            raise self.error("a value is not finite")
        return values

    def error(self, message: str) -> UserError:
        return UserError(f"{self._path}, line {self._number}: {message[:200]}")


def _read_hierarchy(lines: _Lines) -> tuple[list, list, list, list]:
    """Names, parents, offsets and channels of all joints; stops behind the word MOTION."""
    joints, parents, offsets, channels, opened = [], [], [], [], []
    if lines.next("HIERARCHY")[0].upper() != "HIERARCHY":
        raise lines.error("a BVH file starts with HIERARCHY")
    while True:
        words = lines.next("MOTION")
        keyword = words[0].upper()
        if keyword == "MOTION":
            break
        if keyword in ("ROOT", "JOINT", "END"):
            if (keyword == "ROOT") != (not joints) or (joints and not opened):
                raise lines.error(f"{keyword} outside the braces of the one ROOT")
            parents.append(opened[-1] if opened else -1)
            joints.append(f"{joints[opened[-1]]}_end" if keyword == "END" else " ".join(words[1:]))
            offsets.append(None)
            channels.append(())
            if len(words) == 1 or lines.next("{") != ["{"]:
                raise lines.error(f"{keyword} needs a name and a {{ behind it")
            opened.append(len(joints) - 1)
        elif not opened:
            raise lines.error(f"{words[0]!r} outside the braces of the one ROOT")
        elif keyword == "OFFSET":
            if len(words) != 4:
                raise lines.error(f"OFFSET needs 3 numbers, not {len(words) - 1}")
            offsets[opened[-1]] = lines.numbers(words[1:])
        elif keyword == "CHANNELS":
            channels[opened[-1]] = _channels(lines, words[1:])
        elif keyword == "}":
            if offsets[opened[-1]] is None:
                raise lines.error(f"{joints[opened[-1]]} has no OFFSET")
            opened.pop()
        else:
            raise lines.error(f"{words[0]!r} where a joint, OFFSET, CHANNELS or }} should be")
    if opened or not joints:
        raise lines.error("MOTION before the } of the ROOT")
    return joints, parents, offsets, channels


def _channels(lines: _Lines, words: list[str]) -> tuple[str, ...]:
    names = tuple(_CHANNELS.get(word.lower(), "") for word in words[1:])
    if words[:1] != [str(len(names))] or "" in names or len(set(names)) < len(names):
        raise lines.error(
            f"{' '.join(words)!r} where CHANNELS needs a count and as many different ones of "
            + ", ".join(_CHANNELS.values())
        )
    return names


def _read_motion(lines: _Lines, columns: int) -> tuple[np.ndarray, float]:
    count = int(lines.match(r"Frames:\s*(\d{1,9})", "Frames: COUNT"))
    if count == 0:
        raise lines.error("a motion has at least one frame")
    time = lines.match(r"Frame\s+Time:\s*(\S+)", "Frame Time: SECONDS")
    frame_time = float(lines.numbers([time])[0])
    if frame_time <= 0:
        raise lines.error("Frame Time must be positive")
    frames = []
    for words in lines:
        if len(words) != columns:
            raise lines.error(f"{len(words)} values for {columns} channels")
        frames.append(lines.numbers(words))
    if len(frames) != count:
        raise lines.error(f"{len(frames)} frames where Frames: says {count}")
    return np.stack(frames), frame_time


def world_positions(bvh: Bvh) -> np.ndarray:
    """Forward kinematics: float64 `[T, J, 3]` in the units and axes of the file.

    A joint is turned by its rotation channels from left to right, each about the axis that the
    ones before have turned. A position channel stands in for the offset along its axis.
    """
    ends = np.cumsum([0, *map(len, bvh.channels)])
    positions = np.empty((len(bvh.frames), len(bvh.joints), 3))
    turns = np.empty((len(bvh.joints), len(bvh.frames), 3, 3))
    for joint, (parent, names) in enumerate(zip(bvh.parents, bvh.channels)):
        values = dict(zip(names, bvh.frames[:, ends[joint] : ends[joint + 1]].T))
        offset = np.tile(bvh.offsets[joint], (len(bvh.frames), 1))
        for axis, name in enumerate(POSITIONS):
            offset[:, axis] = values.get(name, offset[:, axis])
        turn = _turn({name[0]: values[name] for name in names if name in ROTATIONS})
        if parent < 0:
            positions[:, joint], turns[joint] = offset, turn
        else:
            positions[:, joint] = positions[:, parent] + _apply(turns[parent], offset)
            turns[joint] = turns[parent] @ turn
    return positions


def _turn(angles: dict[str, np.ndarray]) -> np.ndarray:
    """Matrices of rotations about the axes X, Y, Z in the order of the keys, in degrees."""
    if not angles:
        return np.eye(3)
    values = np.stack(list(angles.values()), axis=-1)
    return Rotation.from_euler("".join(angles), values, degrees=True).as_matrix()


def _apply(turns: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    return np.einsum("tij,tj->ti", turns, vectors)
