"""Photos in, larger faces or photos with other faces out."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from absl import logging

from aign_tf import visualize
from aign_tf.data import face_boxes, pasting, photos
from aign_tf.data.augment import quantized
from aign_tf.data.pictures import write_picture

_SHOWN = 10  # faces in the overview


class Small(NamedTuple):
    """The faces that a generator takes.

    Attributes:
      side: in pixels.
      crop: the centred square of a photo of one face, as a share of its shorter side.
      detected_box: where a detector sees the faces, as of `face_boxes.parse_usual`.
    """

    side: int
    crop: float
    detected_box: str


def write_enlarged(
    source: pathlib.Path,
    output: pathlib.Path,
    enlarge: Callable[[np.ndarray], np.ndarray],
    small: Small,
    boxes: str,
    factor: int,
) -> list[pathlib.Path]:
    """Enlarges the faces of a photo, or of all photos in a folder.

    Args:
      source: photo or folder.
      output: folder to write to.
      enlarge: small face uint8 `[s, s, 3]` -> large one, float `[S, S, 3]` in [-1, 1].
      small: what faces `enlarge` takes.
      boxes: where the faces of a photo are, as of `face_boxes.squares`; "" takes the whole photo
        for one aligned face, of which the large face alone is written.
      factor: how many times larger a photo with boxes becomes.

    Returns:
      The files written: one for each photo, and an overview of the faces.

    Raises:
      UserError: as of `photos.read_photos` and `face_boxes.squares`.
    """
    before, after, written = [], [], []

    def change(face: np.ndarray) -> np.ndarray:
        large = enlarge(face)
        if len(before) < _SHOWN:
            before.append(face)
            after.append(large)
        return large

    for photo, target in photos.read_photos(source, output, small.side, small.crop):
        if boxes:
            squares = face_boxes.squares(boxes, photo.full, small.detected_box)
            logging.info("%s: %d faces", target.stem, len(squares))
            result = pasting.replaced(photo.full, squares, small.side, change, factor)
        else:
            result = quantized(change(photo.face))
        write_picture(target, result)
        written.append(target)
    overview = output / photos.OVERVIEW
    write_picture(overview, visualize.captioned_grid({"before": before, "after": after}, 128))
    return [*written, overview]
