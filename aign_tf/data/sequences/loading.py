"""Recordings from files, decoded into memory in the size that networks see."""

from __future__ import annotations

import collections

import numpy as np

from aign_tf.data.pictures import UnreadablePicture, available_memory, in_parallel
from aign_tf.data.sequences.footage import Footage, Sequence
from aign_tf.data.sequences.resampling import moved_camera, nearest_readings, stretched
from aign_tf.errors import UserError

# Training holds two more copies of what it has loaded.
_MEMORY_SHARE = 0.3
_PICTURE, _DEPTH = 3, 4  # bytes a pixel


def load(footage: Footage, height: int, width: int) -> Sequence:
    """One recording, as `load_all` loads it."""
    return load_all([footage], height, width)[0]


def load_all(recordings: list[Footage], height: int, width: int) -> list[Sequence]:
    """Decodes recordings in threads and stretches their pictures.

    Args:
      recordings: as `list_footage` finds them.
      height, width: of the pictures afterwards.

    Returns:
      Sequences in the same order. Depth is not averaged, see `nearest_readings`.

    Raises:
      UserError: too little memory, noticed before anything is decoded; a picture or depth map that
        cannot be read; or pictures of several sizes in one recording.
    """
    _require_memory(recordings, height, width)
    frames = [np.empty((item.count, height, width, 3), np.uint8) for item in recordings]
    depth = [
        None if item.read_depth is None else np.empty((item.count, height, width), np.float32)
        for item in recordings
    ]
    sizes = {}

    def decode(job: tuple[int, int]) -> None:
        index, frame = job
        item = recordings[index]
        image = item.read_image(frame)
        size = image.shape[:2]
        first = sizes.setdefault(index, size)
        if size != first:
            raise _size_error(item.name, f"picture {frame}", size, "the first", first)
        frames[index][frame] = stretched(image, height, width)
        if item.read_depth is not None:
            readings = item.read_depth(frame)
            if readings.shape != size:
                what = f"depth map {frame}"
                raise _size_error(item.name, what, readings.shape, "its picture", size)
            depth[index][frame] = nearest_readings(readings, height, width)

    jobs = [(index, frame) for index, item in enumerate(recordings) for frame in range(item.count)]
    try:
        # First frames first: the others are compared with them.
        for part in ([job for job in jobs if job[1] == 0], [job for job in jobs if job[1]]):
            collections.deque(in_parallel(decode, part), maxlen=0)
    except UnreadablePicture as error:
        raise UserError(str(error)) from error
    return [_sequence(item, frames[i], depth[i], sizes[i]) for i, item in enumerate(recordings)]


def _size_error(name: str, what: str, size: tuple, other: str, other_size: tuple) -> UserError:
    (height, width), (other_height, other_width) = size, other_size
    return UserError(
        f"{name}: {what} (from 0) has {width}x{height} pixels, {other} has "
        f"{other_width}x{other_height}: all of a recording must have one size"
    )


def _sequence(
    item: Footage, frames: np.ndarray, depth: np.ndarray | None, size: tuple[int, int]
) -> Sequence:
    focal, principal_point = moved_camera(item.focal, item.principal_point, size, frames.shape[1:3])
    return Sequence(
        name=item.name,
        frames=frames,
        focal=focal.astype(np.float32),
        principal_point=principal_point.astype(np.float32),
        depth=depth,
        poses=item.poses,
    )


def _require_memory(recordings: list[Footage], height: int, width: int) -> None:
    if min(height, width) < 1:
        raise UserError(f"pictures of {width}x{height}: they must be at least 1 pixel")
    count = sum(item.count for item in recordings)
    with_depth = sum(item.count for item in recordings if item.read_depth is not None)
    needed = (_PICTURE * count + _DEPTH * with_depth) * height * width
    allowed = _MEMORY_SHARE * available_memory()
    if needed > allowed:
        scale = (allowed / needed) ** 0.5
        raise UserError(
            f"{count} pictures of {width}x{height} and {with_depth} depth maps take "
            f"{needed / 1e9:.1f} GB, but {allowed / 1e9:.1f} GB may be used: fewer recordings or "
            f"smaller pictures (at most {int(scale * width)}x{int(scale * height)}) would fit"
        )
