"""The pictures of a recording as files, in the order of time."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Callable, Sequence

import numpy as np

from aign_tf.data.pictures import SUFFIXES, UnreadablePicture, read_picture
from aign_tf.data.sequences.footage import Footage
from aign_tf.errors import UserError


def pictures_in(folder: pathlib.Path) -> list[pathlib.Path]:
    """Pictures directly in a folder, which may be missing; 9.jpg stands before 10.jpg."""
    if not folder.is_dir():
        return []
    found = (
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    )
    return sorted(found, key=lambda path: in_time(path.name))


def some_pictures_in(folder: pathlib.Path) -> list[pathlib.Path]:
    """`pictures_in`; raises `UserError` if there are none."""
    pictures = pictures_in(folder)
    if not pictures:
        raise UserError(f"{folder}: no pictures in it")
    return pictures


def in_time(name: str) -> list:
    """What to sort names by so that the numbers in them count, not their digits."""
    parts = re.split(r"([0-9]+)", name)
    return [int(part) if odd % 2 else part for odd, part in enumerate(parts)]


def picture_reader(paths: Sequence[pathlib.Path]) -> Callable[[int], np.ndarray]:
    """Frame number -> uint8 `[h, w, 3]`."""
    return lambda frame: read_picture(paths[frame])


def footage_of(
    folder: pathlib.Path,
    pictures: Sequence[pathlib.Path],
    camera: tuple[np.ndarray, np.ndarray],
    read_depth: Callable[[int], np.ndarray] | None = None,
    poses: np.ndarray | None = None,
) -> Footage:
    """The recording called as its folder; `camera` is focal length and principal point."""
    focal, principal_point = camera
    return Footage(
        name=folder.name,
        count=len(pictures),
        read_image=picture_reader(pictures),
        focal=focal,
        principal_point=principal_point,
        read_depth=read_depth,
        poses=poses,
    )


def picture_size(path: pathlib.Path) -> tuple[int, int]:
    """Width and height.

    Raises:
      UserError: the picture cannot be read.
    """
    try:
        height, width = read_picture(path).shape[:2]
    except UnreadablePicture as error:
        raise UserError(str(error)) from error
    return width, height
