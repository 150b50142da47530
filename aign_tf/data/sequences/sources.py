"""Recordings to predict for: video files, pictures, and whatever training reads."""

from __future__ import annotations

import dataclasses
import pathlib
from typing import NamedTuple

import numpy as np
from absl import logging

from aign_tf.data.pictures import UnreadablePicture
from aign_tf.data.sequences import plain
from aign_tf.data.sequences.cameras import find_intrinsics
from aign_tf.data.sequences.folders import layout_of, list_footage
from aign_tf.data.sequences.footage import Footage
from aign_tf.data.sequences.frame_files import pictures_in
from aign_tf.data.sequences.video import Video, read_video
from aign_tf.errors import UserError

_FPS = 25.0


class Source(NamedTuple):
    """A recording, its frames a second, and width and height of its pictures."""

    footage: Footage
    fps: float
    size: tuple[int, int]


def list_sources(
    path: pathlib.Path, intrinsics: str, usual: np.ndarray, width: int
) -> list[Source]:
    """The recordings at `path`: a video file, a folder of pictures, or recordings as in training.

    Args:
      intrinsics: "fx fy cx cy" in pixels of the pictures, for all of them; empty: as files say,
        else a camera whose view is as wide as that of `usual`.
      usual: fx, fy, cx, cy of pictures of `width`.

    Raises:
      UserError: nothing that can be read, or intrinsics that are none.
    """
    given = parse_intrinsics("intrinsics", intrinsics) if intrinsics else None
    pictures = _pictures_alone(path)
    if pictures is not None:
        video = dataclasses.replace(read_video(pictures), name=path.resolve().name)
        return [_source(video, given, usual[0] / width)]
    if not path.is_dir():
        return [_source(read_video(path), given, usual[0] / width)]
    sources = []
    for footage in list_footage(path):
        try:
            tall, wide = footage.read_image(0).shape[:2]
        except UnreadablePicture as error:
            raise UserError(str(error)) from error
        if given is not None:
            footage = dataclasses.replace(footage, focal=given[:2], principal_point=given[2:])
        sources.append(Source(footage, _FPS, (wide, tall)))
    return sources


def parse_intrinsics(name: str, text: str) -> np.ndarray:
    """fx, fy, cx, cy, float64 `[4]`; raises `UserError` that calls the setting `name`."""
    try:
        numbers = np.array([float(word) for word in text.replace(",", " ").split()])
    except ValueError:
        numbers = np.zeros(0)
    if numbers.shape != (4,) or not np.isfinite(numbers).all() or numbers[:2].min() <= 0:
        raise UserError(f"{name}={text}: expected fx fy cx cy in pixels, as in 500 500 320 240")
    return numbers


def _pictures_alone(folder: pathlib.Path) -> pathlib.Path | None:
    """Where the pictures lie, if the folder holds those of one video and tells no camera."""
    if not folder.is_dir() or find_intrinsics(folder) is not None:
        return None
    layout = layout_of(folder)
    if layout is plain:
        return folder / "images"
    return folder if layout is None and pictures_in(folder) else None


def _source(video: Video, given: np.ndarray | None, view: float) -> Source:
    """A video as a recording; without `given` it has this focal length by width, as in training."""
    wide, tall = video.size
    camera = given
    if camera is None:
        # Pixels are square, and the lens looks straight ahead, as nearly always.
        camera = np.array([view * wide, view * wide, (wide - 1) / 2, (tall - 1) / 2])
        shown = " ".join(f"{number:.1f}" for number in camera)
        logging.warning(
            "%s: the camera is not known; its view is taken to be as wide as in training: "
            '--set=intrinsics="%s"',
            video.name,
            shown,
        )
    footage = Footage(video.name, video.count, video.read_image, camera[:2], camera[2:])
    return Source(footage, video.fps or _FPS, video.size)
