"""Recordings to predict for: video files, pictures, and whatever training reads."""

from __future__ import annotations

import dataclasses
import pathlib
from typing import NamedTuple

import numpy as np
from absl import logging

from aign_tf.data.sequences.folders import list_footage
from aign_tf.data.sequences.footage import Footage
from aign_tf.data.sequences.resampling import moved_camera
from aign_tf.data.sequences.video import read_video
from aign_tf.errors import UserError

_FPS = 25.0


class Source(NamedTuple):
    """A recording, its frames a second, and width and height of its pictures."""

    footage: Footage
    fps: float
    size: tuple[int, int]


def list_sources(
    path: pathlib.Path, intrinsics: str, usual: np.ndarray, height: int, width: int
) -> list[Source]:
    """The recordings at `path`: a video file, a folder of pictures, or recordings as in training.

    Args:
      intrinsics: "fx fy cx cy" in pixels of the pictures, for all of them; empty: as files say,
        else a camera with the view of `usual`.
      usual: fx, fy, cx, cy of pictures of `height` by `width`.

    Raises:
      UserError: nothing that can be read, or intrinsics that are none.
    """
    given = parse_intrinsics("intrinsics", intrinsics) if intrinsics else None
    found = _recordings(path) if path.is_dir() else None
    if found is None:
        return [_video(path, given, usual, height, width)]
    sources = []
    for footage in found:
        tall, wide = footage.read_image(0).shape[:2]
        footage = footage if given is None else _with_camera(footage, given)
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


def _recordings(folder: pathlib.Path) -> list[Footage] | None:
    """Recordings as in training, or None for a folder that has pictures and says no more."""
    try:
        return list_footage(folder)
    except UserError as error:
        try:
            read_video(folder)
        except UserError:
            raise error from None
        return None


def _video(
    path: pathlib.Path, given: np.ndarray | None, usual: np.ndarray, height: int, width: int
) -> Source:
    video = read_video(path)
    wide, tall = video.size
    camera = given
    if camera is None:
        parts = moved_camera(usual[:2], usual[2:], (height, width), (tall, wide))
        camera = np.concatenate(parts)
        shown = " ".join(f"{number:.1f}" for number in camera)
        logging.warning("%s: intrinsics as in training, %s; --set=intrinsics=", path, shown)
    footage = Footage(video.name, video.count, video.read_image, camera[:2], camera[2:])
    return Source(footage, video.fps or _FPS, video.size)


def _with_camera(footage: Footage, camera: np.ndarray) -> Footage:
    return dataclasses.replace(footage, focal=camera[:2], principal_point=camera[2:])
