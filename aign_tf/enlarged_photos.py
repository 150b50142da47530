"""Photos in, larger faces or photos with other faces out."""

from __future__ import annotations

import pathlib
from collections.abc import Callable

import numpy as np
from absl import logging

from aign_tf import visualize
from aign_tf.data import face_boxes, pasting, photos
from aign_tf.data.augment import quantized
from aign_tf.data.face_boxes import Square
from aign_tf.data.pictures import write_picture

_SHOWN, _SIDE = 10, 128  # faces in the overview, and their size


def write_enlarged(
    source: pathlib.Path,
    output: pathlib.Path,
    enlarge: Callable[[np.ndarray, Square], np.ndarray],
    boxes: str,
    factor: int,
    detected_box: str,
    crop: float,
) -> list[pathlib.Path]:
    """Enlarges the faces of a photo, or of all photos in a folder.

    Args:
      source: photo or folder.
      output: folder to write to.
      enlarge: photo and the square of a face in it -> large face, float `[S, S, 3]` in [-1, 1].
      boxes: where the faces of a photo are, as of `face_boxes.squares`; "" takes the whole photo
        for one aligned face, of which the large face alone is written.
      factor: how many times larger a photo with boxes becomes.
      detected_box: where a detector sees aligned faces, as of `face_boxes.parse_usual`.
      crop: the centred square of a photo that is one face, as a share of its shorter side.

    Returns:
      The files written: one for each photo, and an overview of the faces.

    Raises:
      UserError: as of `photos.read_photos` and `face_boxes.squares`.
    """
    before, after, written = [], [], []

    def change(photo: np.ndarray, square: Square) -> np.ndarray:
        large = enlarge(photo, square)
        if len(before) < _SHOWN:
            before.append(pasting.cut(photo, square, _SIDE))
            after.append(large)
        return large

    for photo, target in photos.read_photos(source, output, _SIDE, crop):
        if boxes:
            squares = face_boxes.squares(boxes, photo.full, detected_box)
            if not squares:
                logging.warning("%s: no face found, so none is changed: give boxes", target.stem)
            sides = ", ".join(f"{square.side} pixels" for square in squares)
            logging.info("%s: %d faces: %s", target.stem, len(squares), sides or "none")
            result = pasting.replaced(photo.full, squares, change, factor)
        else:
            result = quantized(change(photo.full, Square(*photo.corner, photo.side)))
        write_picture(target, result)
        written.append(target)
    overview = output / photos.OVERVIEW
    write_picture(overview, visualize.captioned_grid({"before": before, "after": after}, _SIDE))
    return [*written, overview]
