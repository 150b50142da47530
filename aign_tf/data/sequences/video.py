"""Video of an unknown camera: a file, or a folder with its frames as pictures."""

from __future__ import annotations

import dataclasses
import math
import os
import pathlib
import threading
from collections.abc import Callable

import cv2
import numpy as np
from absl import logging

from aign_tf.data.pictures import MAX_PIXELS, SUFFIXES, UnreadablePicture
from aign_tf.data.sequences.frame_files import picture_reader, picture_size, pictures_in
from aign_tf.errors import UserError

MAX_FRAMES = 10_000
_TRUSTED = 0.9  # Headers often promise a few frames too many.
# How files of these kinds begin, from the byte given. FFmpeg looks at nothing else, and would also
# follow playlists to other files and to the network.
_KINDS = {
    "MP4 or MOV": (4, (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")),
    "AVI": (8, (b"AVI ",)),
    "MKV or WebM": (0, (b"\x1a\x45\xdf\xa3",)),
}

# FFmpeg writes a line for each broken block of a picture, and would bury what we say.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")


@dataclasses.dataclass(frozen=True)
class Video:
    """N frames that are decoded when they are asked for, as in `Footage`.

    Attributes:
      name: of the file or folder, without a suffix.
      count: N.
      size: width and height in pixels.
      fps: frames a second; None if it is not known, as for a folder.
      read_image: frame number -> uint8 `[h, w, 3]`; raises `UnreadablePicture`. Any thread may call
        it; a file is quick where frames are asked for about in order.
    """

    name: str
    count: int
    size: tuple[int, int]
    fps: float | None
    read_image: Callable[[int], np.ndarray]


def read_video(path: str | os.PathLike) -> Video:
    """Opens a video file (MP4, MOV, AVI, MKV, WebM), or a folder of pictures in order of names.

    The frames of a file are counted by decoding them all: what its header says may be wrong.

    Raises:
      UserError: nothing there, no video or pictures, a frame above `pictures.MAX_PIXELS`, or more
        than `MAX_FRAMES`.
    """
    path = pathlib.Path(os.path.abspath(path))
    if path.is_dir():
        return _from_folder(path)
    if not path.is_file():
        raise UserError(f"{path}: no such file or folder")
    return _from_file(path)


def _from_folder(folder: pathlib.Path) -> Video:
    paths = pictures_in(folder)
    if not paths:
        raise UserError(f"{folder}: no pictures in it ({' '.join(SUFFIXES)})")
    if len(paths) > MAX_FRAMES:
        raise _too_long(folder, f"{len(paths):,} pictures")
    return Video(folder.name, len(paths), picture_size(paths[0]), None, picture_reader(paths))


def _from_file(path: pathlib.Path) -> Video:
    capture = _opened(path)
    size = (
        int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
        int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
    )
    if size[0] * size[1] > MAX_PIXELS:
        raise UserError(
            f"{path}: {size[0]}x{size[1]} pixels, more than {MAX_PIXELS // 10**6} million"
        )
    fps = capture.get(cv2.CAP_PROP_FPS)
    count = 0
    while capture.grab():
        count += 1
        if count > MAX_FRAMES:
            raise _too_long(path, f"more than {MAX_FRAMES:,} frames")
    if not count:
        raise UserError(f"{path}: no frame of this video can be decoded")
    promised = capture.get(cv2.CAP_PROP_FRAME_COUNT)
    if count < _TRUSTED * promised:
        logging.warning("%s: %d of %d frames can be decoded", path, count, promised)
    known = math.isfinite(fps) and fps > 0
    return Video(path.stem, count, size, fps if known else None, _Frames(path))


def _too_long(path: pathlib.Path, found: str) -> UserError:
    return UserError(f"{path}: {found}; at most {MAX_FRAMES:,} are read: cut it into parts")


def _opened(path: pathlib.Path) -> cv2.VideoCapture:
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error
    if not any(start[at:].startswith(marks) for at, marks in _KINDS.values()):
        raise UserError(f"{path}: not a video ({', '.join(_KINDS)})")
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    if not capture.isOpened():
        raise UserError(f"{path}: a video that cannot be opened: broken, or of an unknown codec")
    return capture


class _Frames:
    """Frames of a video file by number.

    Decoding only goes forward, while threads ask for frames a little out of order, and so frames
    that are passed over are kept for a while. What lies farther back is decoded from the start.
    """

    _KEPT = 2 * (os.cpu_count() or 1)

    def __init__(self, path: pathlib.Path):
        self._path = path
        self._lock = threading.Lock()
        self._restart()

    def __call__(self, frame: int) -> np.ndarray:
        with self._lock:
            if frame < self._next and frame not in self._passed:
                self._restart()
            while self._next <= frame:
                self._decode()
            return self._passed.pop(frame)

    def _restart(self) -> None:
        self._capture = _opened(self._path)
        self._next, self._passed = 0, {}

    def _decode(self) -> None:
        found, image = self._capture.read()
        if not found:
            raise UnreadablePicture(f"{self._path}, frame {self._next}", "it cannot be decoded")
        self._passed[self._next] = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        self._next += 1
        if len(self._passed) > self._KEPT:
            del self._passed[min(self._passed)]
