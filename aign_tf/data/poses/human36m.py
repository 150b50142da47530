"""Human3.6M in the folder layout of the 3d-pose-baseline project.

    cameras.h5                                   subjectN/cameraM/{R, T, f, c, k, p, Name}
    S9/MyPoses/3D_positions/Walking 1.h5         3D_positions [96, T]: 32 joints, mm, world, z up
    S9/StackedHourglass/Walking_1.54138969.h5    poses [T, 16, 2]: pixels, joints as in MPII

Everything is at 50 Hz; each subject performs every action twice. What is missing or cannot be
opened is named in one warning and left out.

Sources: Ionescu et al., "Human3.6M", TPAMI 2014 (recordings); Martinez et al., "A simple yet
effective baseline for 3d human pose estimation", ICCV 2017 (layout, detections).
"""

from __future__ import annotations

import pathlib
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import h5py
import numpy as np
from absl import logging

from aign_tf.data.poses.clips import Clip3D
from aign_tf.data.poses.hourglass import hourglass_skeleton
from aign_tf.data.poses.human36m_camera import CAMERAS, View, read_views
from aign_tf.errors import UserError
from aign_tf.skeletons import SKELETONS

KEYPOINTS = ("gt", "detected")
# The pictures are 1000 pixels wide, seen at a focal length of about 1145 pixels.
IMAGE_SIZE_NORMALISED = 1000 / 1145

_LAYOUT = (
    "the layout of 3d-pose-baseline: cameras.h5, S9/MyPoses/3D_positions/Walking 1.h5 and, for "
    "detected joints, S9/StackedHourglass/Walking_1.54138969.h5"
)
_ACTIONS = (
    *("Directions", "Discussion", "Eating", "Greeting", "Phoning", "Photo", "Posing", "Purchases"),
    *("Sitting", "SittingDown", "Smoking", "Waiting", "WalkDog", "WalkTogether", "Walking"),
)
_TAKES = 2
# S1's recordings came under names of their own.
_ALIASES = {"TakingPhoto": "Photo", "WalkingDog": "WalkDog"}
_SEQUENCE = re.compile(r"([A-Za-z]+)(?:[ _](\d+))?")
_DAMAGED_VIDEOS = {("S11", "Directions", "54138969")}

# The 17 of the 32 recorded joints that move on their own, in the order of "h36m17".
_MOVING = (0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 15, 17, 18, 19, 25, 26, 27)


class Recording(NamedTuple):
    """One sequence seen by one camera: T frames of the 17 joints of "h36m17".

    Attributes:
      subject: e.g. "S9".
      action: e.g. "Walking".
      sequence: the action and, for the second and later ones, its number: "Walking 1".
      camera: e.g. "54138969".
      joints: float32 `[T, 17, 2]`, undistorted image coordinates of focal length 1.
      confidence: float32 `[T, 17]`: 1, or 0 for a joint that was not detected, whose coordinates
        are 0 and mean nothing.
      truth: float32 `[T, 17, 3]`, metres in the camera frame: x right, y down, z forward.
    """

    subject: str
    action: str
    sequence: str
    camera: str
    joints: np.ndarray
    confidence: np.ndarray
    truth: np.ndarray


def is_human36m(path: str | pathlib.Path) -> bool:
    """Whether the folder `path` holds Human3.6M in this layout."""
    return (pathlib.Path(path) / "cameras.h5").is_file()


def present_subjects(path: str | pathlib.Path) -> list[str]:
    """The subjects that have a folder, in order: ["S1", "S5", ...]."""
    names = (place.name for place in pathlib.Path(path).iterdir())
    return sorted(filter(re.compile(r"S\d+").fullmatch, names), key=lambda name: int(name[1:]))


def read_recordings(
    path: str | pathlib.Path, subjects: list[str], keypoints: str, step: int = 5
) -> list[Recording]:
    """Every sequence of `subjects` in every camera, one frame in `step`.

    The joints are "gt", the truth projected, or "detected" by Stacked Hourglass, without the one
    damaged video (S11, Directions, 54138969). Projecting the truth through a lens and undoing the
    distortion of the same lens cancel, so "gt" is X/Z and Y/Z of the truth.

    Raises:
      UserError: another folder, an unknown subject or `keypoints`, a file of another shape, or a
        subject of whom nothing can be read.
    """
    if keypoints not in KEYPOINTS:
        raise UserError(f"no keypoints {keypoints!r}: use one of {', '.join(KEYPOINTS)}")
    read = _read_true if keypoints == "gt" else _read_detected
    return _read_subjects(path, subjects, lambda *subject: read(*subject, step))


def read_memory(path: str | pathlib.Path, subjects: list[str], step: int = 5) -> list[Clip3D]:
    """Every sequence of `subjects` once, one frame in `step`, named as "S7/Walking 1".

    The joints are where they were in the room, which is turned so that y is down along gravity.

    Raises:
      UserError: as `read_recordings`.
    """

    def read(folder, subject, skipped):
        for sequence, world in _motions(folder / subject, step, skipped):
            upright = np.stack([world[..., 0], -world[..., 2], world[..., 1]], axis=-1)
            skeleton = SKELETONS["h36m17"]
            yield Clip3D(f"{subject}/{sequence}", upright.astype(np.float32), skeleton)

    return _read_subjects(path, subjects, read)


def _read_subjects(path: str | pathlib.Path, subjects: list[str], read: Callable) -> list:
    """What `read(folder, subject, skipped)` yields for all subjects; it appends to `skipped`."""
    folder = pathlib.Path(path)
    if not is_human36m(folder):
        raise UserError(f"{folder} has no cameras.h5: expected {_LAYOUT}")
    present = present_subjects(folder)
    results, skipped = [], []
    for subject in subjects:
        found = list(read(folder, subject, skipped)) if subject in present else []
        if not found:
            skipped.append(f"all of {subject}")
        results += found
    if not results:
        existing = ", ".join(present) or "none"
        raise UserError(
            f"{folder} has nothing to read of {', '.join(subjects)}, there are: {existing}; "
            f"expected {_LAYOUT}"
        )
    if skipped:
        logging.warning(
            "%s: %d parts missing or unreadable, left out: %s",
            folder,
            len(skipped),
            ", ".join(skipped),
        )
    return results


def _read_true(folder, subject, skipped, step) -> Iterator[Recording]:
    for sequence, camera, _, truth in _seen_motions(folder, subject, skipped, step):
        yield _recording(subject, sequence, camera, truth[..., :2] / truth[..., 2:], truth)


def _read_detected(folder, subject, skipped, step) -> Iterator[Recording]:
    files = _detection_files(folder / subject)
    for sequence, camera, view, truth in _seen_motions(folder, subject, skipped, step):
        if (subject, sequence, camera) in _DAMAGED_VIDEOS:
            continue
        file = files.get((sequence, camera))
        pixels = None if file is None else _read(file, "poses", (None, 16, 2))
        if pixels is None:
            skipped.append(f"{subject}/StackedHourglass/{sequence}.{camera}")
            continue
        # The video and the motion capture may end some frames apart.
        points = _as_recorded(view.from_pixels(pixels[::step][: len(truth)]))
        yield _recording(subject, sequence, camera, points, truth[: len(points)])


def _as_recorded(points: np.ndarray) -> np.ndarray:
    """Detections `[T, 16, 2]` as the 17 joints, those that the network does not know NaN."""
    known = hourglass_skeleton(points).joints
    order = [known.index(joint) if joint in known else -1 for joint in SKELETONS["h36m17"].joints]
    padded = np.concatenate([points, np.full_like(points[:, :1], np.nan)], axis=1)
    return padded[:, order]


def _recording(subject, sequence, camera, points, truth) -> Recording:
    seen = np.isfinite(points).all(axis=-1)
    joints = np.where(seen[..., None], points, 0).astype(np.float32)
    action = sequence.split()[0]
    return Recording(subject, action, sequence, camera, joints, seen.astype(np.float32), truth)


def _seen_motions(folder, subject, skipped, step) -> Iterator[tuple[str, str, View, np.ndarray]]:
    """Sequence, name of the camera, camera and truth `[T, 17, 3]` in its frame."""
    views = read_views(folder / "cameras.h5", subject)
    skipped += [f"{subject}/camera {name}" for name in CAMERAS if name not in views]
    for sequence, world in _motions(folder / subject, step, skipped):
        for camera, view in views.items():
            yield sequence, camera, view, view.from_world(world).astype(np.float32)


def _motions(folder, step, skipped) -> Iterator[tuple[str, np.ndarray]]:
    """Sequences of the subject in `folder`: joints `[T, 17, 3]`, metres, world frame, z up."""
    places = (folder / "MyPoses" / "3D_positions").glob("*.h5")
    files = {_sequence_name(file.stem): file for file in places}
    performed = [sequence.split()[0] for sequence in files]
    for action in _ACTIONS:
        if performed.count(action) < _TAKES:
            skipped.append(f"{folder.name}/{action} ({performed.count(action)} of {_TAKES})")
    for sequence, file in sorted(files.items()):
        stored = _read(file, "3D_positions", (96, None))
        if stored is None:
            skipped.append(f"{folder.name}/{sequence}")
        else:
            yield sequence, stored.T[::step].reshape(-1, 32, 3)[:, _MOVING] / 1000


def _detection_files(folder: pathlib.Path) -> dict[tuple[str, str], pathlib.Path]:
    """Files of the subject in `folder`, by sequence and camera."""
    files = (folder / "StackedHourglass").glob("*.*.h5")
    parts = {file: file.stem.rsplit(".", 1) for file in files}
    return {(_sequence_name(name), camera): file for file, (name, camera) in parts.items()}


def _sequence_name(stem: str) -> str:
    """The 3D file's name of a sequence: "Walking 1" of "Walking_1", "Photo" of "TakingPhoto"."""
    match = _SEQUENCE.fullmatch(stem)
    if not match:
        return stem
    action, take = match.groups()
    return " ".join(filter(None, [_ALIASES.get(action, action), take]))


def _read(file: pathlib.Path, name: str, shape: tuple) -> np.ndarray | None:
    """A float64 array; `shape` is checked (None: any number of frames). None if unreadable."""
    try:
        with h5py.File(file, "r") as content:
            stored = content[name][()].astype(np.float64)
    except (OSError, KeyError):
        return None
    frames = stored.shape[shape.index(None)] if stored.ndim == len(shape) else 0
    if stored.shape != tuple(size or frames for size in shape):
        expected = ", ".join(str(size or "frames") for size in shape)
        raise UserError(f"{file}: {name} has shape {stored.shape}; expected ({expected})")
    return stored
