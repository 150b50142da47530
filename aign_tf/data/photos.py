"""Pictures of any size in, pictures of the same size out: what prediction does round a network."""

from __future__ import annotations

import dataclasses
import pathlib

import numpy as np
from PIL import Image

from aign_tf.data.augment import quantized
from aign_tf.data.pictures import UnreadablePicture, list_pictures, read_picture, square
from aign_tf.errors import UserError


@dataclasses.dataclass(frozen=True)
class Photo:
    """A photo of one aligned face, and the square of it that a network sees.

    Attributes:
      path: where it came from.
      full: uint8 `[H, W, 3]`.
      face: uint8 `[S, S, 3]`, the centred square, resampled.
      corner: x and y of the square's top left pixel in `full`.
      side: of the square in pixels of `full`.
    """

    path: pathlib.Path
    full: np.ndarray
    face: np.ndarray
    corner: tuple[int, int]
    side: int

    def with_pixels(self, face: np.ndarray, hidden: np.ndarray) -> np.ndarray:
        """The photo with predicted pixels where `hidden`, and its own everywhere else.

        Args:
          face: float `[S, S, 3]` in [-1, 1].
          hidden: bool `[S, S]`.

        Returns:
          uint8 `[H, W, 3]`.
        """
        left, top = self.corner
        size = (self.side, self.side)
        drawn = Image.fromarray(quantized(face)).resize(size, Image.Resampling.BICUBIC)
        where = Image.fromarray(hidden).resize(size, Image.Resampling.NEAREST)
        result = Image.fromarray(self.full)
        result.paste(drawn, (left, top), where)
        return np.asarray(result)


def read_photos(source: pathlib.Path, size: int, crop: float) -> list[Photo]:
    """The photo at `source`, or all photos below it.

    Raises:
      UserError: a file that is missing or not a readable picture, or a folder without pictures.
    """
    return [read_photo(path, size, crop) for path in picture_paths(source)]


def picture_paths(source: pathlib.Path) -> list[pathlib.Path]:
    """`source` itself if it is a file, else the pictures below it."""
    return [source] if source.is_file() else list_pictures(source)


def read_photo(path: pathlib.Path, size: int, crop: float) -> Photo:
    try:
        full = read_picture(path)
    except UnreadablePicture as error:
        raise UserError(f"cannot read {error}") from None
    face, scale, offset = square(full, size, crop)
    left, top = np.rint(offset - (1 / scale - 1) / 2).astype(int)
    return Photo(path, full, face, (int(left), int(top)), round(size / scale))
