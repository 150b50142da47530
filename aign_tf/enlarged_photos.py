"""Photos in, larger faces or photos with other faces out."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Callable

import numpy as np
from absl import logging

from aign_tf import visualize
from aign_tf.config import setting
from aign_tf.data import face_boxes, pasting, photos
from aign_tf.data.augment import quantized
from aign_tf.data.face_boxes import Square
from aign_tf.data.pictures import write_picture
from aign_tf.errors import UserError

_SHOWN, _SIDE = 10, 128  # faces in the overview, and their size


@dataclasses.dataclass(frozen=True)
class PhotoOptions:
    """What people say of photos."""

    boxes: str = setting(
        "",
        'faces in a full-size photo: "x0 y0 x1 y1; ..." in pixels, or detect; '
        "empty: the photo is one aligned face",
    )
    enlarge: int = setting(1, "how many times larger a photo with boxes becomes", least=1, most=16)


def write_enlarged(
    source: pathlib.Path,
    output: pathlib.Path,
    enlarge: Callable[[np.ndarray, Square], np.ndarray],
    options: PhotoOptions,
    detected_box: str,
    crop: float,
) -> list[pathlib.Path]:
    """Enlarges the faces of a photo, or of all photos in a folder.

    Args:
      source: photo or folder.
      output: folder to write to.
      enlarge: photo and the square of a face in it -> large face, float `[S, S, 3]` in [-1, 1].
      options: where the faces of a photo are, as of `face_boxes.squares`. Without boxes it is one
        aligned face, of which the large face alone is written.
      detected_box: where a detector sees aligned faces, as of `face_boxes.parse_usual`.
      crop: the centred square of a photo that is one face, as a share of its shorter side.

    Returns:
      The files written: one for each photo, and an overview of the faces.

    Raises:
      UserError: a photo shall become larger but has no boxes; or as of `photos.read_pictures`,
        `face_boxes.squares` and `pasting.enlarged`.
    """
    boxes, factor = options.boxes, options.enlarge
    if factor > 1 and not boxes:
        raise UserError(
            f"enlarge={factor}: give boxes, too; without them the large face alone is written"
        )
    before, after, written = [], [], []

    def change(photo: np.ndarray, square: Square) -> np.ndarray:
        large = enlarge(photo, square)
        if len(before) < _SHOWN:
            before.append(pasting.cut(photo, square, _SIDE))
            after.append(large)
        return large

    for photo, target in photos.read_pictures(source, output):
        if boxes:
            squares = face_boxes.squares(boxes, photo, detected_box)
            if not squares:
                logging.warning("%s: no face found, so none is changed: give boxes", target.stem)
            sides = ", ".join(f"{square.side} pixels" for square in squares)
            logging.info("%s: %d faces: %s", target.stem, len(squares), sides or "none")
            result = pasting.replaced(photo, squares, change, factor)
        else:
            result = quantized(change(photo, pasting.centred(photo, crop)))
        write_picture(target, result)
        written.append(target)
    overview = output / photos.OVERVIEW
    write_picture(overview, visualize.captioned_grid({"before": before, "after": after}, _SIDE))
    return [*written, overview]
