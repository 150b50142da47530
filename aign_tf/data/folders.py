"""Folders of faces, whichever layout they have, read into memory."""

from __future__ import annotations

import dataclasses
import os
import pathlib

import numpy as np
from absl import logging

from aign_tf.data import celeba, plain, utkface
from aign_tf.data.faces import FaceSet
from aign_tf.data.pictures import (
    UnreadablePicture,
    allocate,
    in_parallel,
    read_picture,
    square,
)
from aign_tf.data.records import is_prepared, read_shards
from aign_tf.errors import UserError

_UNREADABLE_SHARE = 0.05
_NAMES_IN_ERROR = 20


def list_faces(data_dir: pathlib.Path) -> tuple[str, list[pathlib.Path], FaceSet]:
    """Name of the layout, paths and, without pixels, the faces of a folder of picture files.

    Boxes are in pixels of the picture files.
    """
    for name, layout in {"celeba": celeba, "utkface": utkface}.items():
        if layout.recognises(data_dir):
            return name, *layout.list_faces(data_dir)
    return "plain", *plain.list_faces(data_dir)


def read_faces(data_dir: str | os.PathLike, size: int, crop: float = 1.0) -> FaceSet:
    """Reads prepared shards, CelebA, UTKFace or a plain folder; finds out by itself which.

    Args:
      data_dir: the folder.
      size: side in pixels to which the pictures are resampled.
      crop: share of the shorter side that is kept, around the centre, in (0, 1]. Shards were
        cropped when they were prepared: it does not apply to them.

    Returns:
      The faces whose picture can be read; each of the others is named in a warning.

    Raises:
      UserError: nothing to read, a description that cannot be used, more than 5 % of the pictures
        unreadable, or too little memory.
    """
    data_dir = pathlib.Path(data_dir)
    if is_prepared(data_dir):
        if crop != 1:
            logging.info("%s was cropped when it was prepared: crop does not apply", data_dir)
        return read_shards(data_dir, size)
    layout, paths, known = list_faces(data_dir)
    logging.info("%s: %d pictures, %s layout", data_dir, len(paths), layout)
    images = allocate(len(paths), size)
    scale, offset = np.ones(len(paths)), np.zeros((len(paths), 2))

    def load(row: int) -> UnreadablePicture | None:
        try:
            images[row], scale[row], offset[row] = square(read_picture(paths[row]), size, crop)
        except UnreadablePicture as error:
            return error

    errors = list(in_parallel(load, range(len(paths))))
    readable = np.array([error is None for error in errors])
    if not readable.all():
        _report_unreadable(data_dir, known.names[~readable], list(filter(None, errors)), len(paths))
    boxes = {region: _moved(box, scale, offset) for region, box in known.boxes.items()}
    faces = dataclasses.replace(known, boxes=boxes).select(readable)
    return dataclasses.replace(faces, images=_compact(images, readable))


def _report_unreadable(
    data_dir: pathlib.Path, names: np.ndarray, errors: list[UnreadablePicture], count: int
) -> None:
    """Logs which pictures cannot be read; a UserError where they are too many."""
    if len(names) > _UNREADABLE_SHARE * count:
        more = len(names) - _NAMES_IN_ERROR
        rest = f" and {more} more" if more > 0 else ""
        raise UserError(
            f"{data_dir}: {len(names)} of {count} pictures cannot be read "
            f"(the first: {errors[0].reason}): {', '.join(names[:_NAMES_IN_ERROR])}{rest}"
        )
    logging.warning("%d of %d pictures cannot be read and are left out", len(names), count)
    for error in errors:
        logging.warning("left out: %s", error)


def _compact(images: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """`images[keep]` in place: the pictures may fill most of the memory."""
    rows = np.flatnonzero(keep)
    for new, old in enumerate(rows):
        if new != old:
            images[new] = images[old]
    return images[: len(rows)]


def _moved(boxes: np.ndarray, scale: np.ndarray, offset: np.ndarray) -> np.ndarray:
    corners = (boxes.reshape(-1, 2, 2) - offset[:, None]) * scale[:, None, None]
    return corners.reshape(-1, 4).astype(np.float32)
