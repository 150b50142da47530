"""Pictures of any size in, pictures of the same size out: what prediction does round a network."""

from __future__ import annotations

import collections
import dataclasses
import pathlib
from collections.abc import Iterator

import numpy as np
from absl import logging
from PIL import Image

from aign_tf.data.augment import quantized
from aign_tf.data.face_boxes import Square
from aign_tf.data.pasting import centred, cut
from aign_tf.data.pictures import UnreadablePicture, list_pictures, read_picture
from aign_tf.errors import UserError

# Name of the picture of all predictions, beside the predictions themselves.
OVERVIEW = pathlib.PurePath("before_after.png")


@dataclasses.dataclass(frozen=True)
class Photo:
    """A photo of one aligned face, and the square of it that a network sees.

    Attributes:
      full: uint8 `[H, W, 3]`.
      square: which pixels of `full`.
      face: uint8 `[S, S, 3]`, the square, resampled.
    """

    full: np.ndarray
    square: Square
    face: np.ndarray

    def with_pixels(self, face: np.ndarray, hidden: np.ndarray) -> np.ndarray:
        """The photo with predicted pixels where `hidden`, and its own everywhere else.

        Args:
          face: float `[S, S, 3]` in [-1, 1].
          hidden: bool `[S, S]`.

        Returns:
          uint8 `[H, W, 3]`.
        """
        left, top, side = self.square
        size = (side, side)
        drawn = Image.fromarray(quantized(face)).resize(size, Image.Resampling.BICUBIC)
        where = Image.fromarray(hidden).resize(size, Image.Resampling.NEAREST)
        result = Image.fromarray(self.full)
        result.paste(drawn, (left, top), where)
        return np.asarray(result)


def read_pictures(
    source: pathlib.Path, output: pathlib.Path
) -> Iterator[tuple[np.ndarray, pathlib.Path]]:
    """Yields the picture at `source`, or every one below it, and the PNG to write for it.

    Pictures are uint8 `[H, W, 3]`. In a folder, what cannot be read is left out and named in the
    log.

    Raises:
      UserError: `source` is missing, or not a readable picture, or a folder without one; or its
        result would overwrite a picture.
    """
    if not source.exists():
        raise UserError(f"{source}: no such file or folder")
    paths = [source] if source.is_file() else list_pictures(source)
    targets = _targets(paths, source if source.is_dir() else source.parent, output)
    unreadable = []
    for path, target in zip(paths, targets):
        try:
            picture = read_picture(path)
        except UnreadablePicture as error:
            unreadable.append(error)
        else:
            yield picture, target
    if len(unreadable) == len(paths):
        raise UserError(f"cannot read {unreadable[0]}")
    for error in unreadable:
        logging.warning("left out: %s", error)


def read_photos(
    source: pathlib.Path, output: pathlib.Path, size: int, crop: float
) -> Iterator[tuple[Photo, pathlib.Path]]:
    """`read_pictures` as photos, of whose faces a network sees `size` pixels."""
    for picture, target in read_pictures(source, output):
        yield _photo(picture, size, crop), target


def read_photo(path: pathlib.Path, size: int, crop: float) -> Photo:
    """The photo at `path`; raises `UnreadablePicture`."""
    return _photo(read_picture(path), size, crop)


def _photo(picture: np.ndarray, size: int, crop: float) -> Photo:
    square = centred(picture, crop)
    return Photo(picture, square, cut(picture, square, size))


def read_mask(path: pathlib.Path, size: int, crop: float) -> np.ndarray:
    """Where the picture at `path` is white: bool `[size, size, 1]`, cut out as photos are."""
    try:
        return read_photo(path, size, crop).face.mean(axis=-1, keepdims=True) > 127
    except UnreadablePicture as error:
        raise UserError(f"mask {path}: {error.reason}") from None


def _targets(
    paths: list[pathlib.Path], root: pathlib.Path, output: pathlib.Path
) -> list[pathlib.Path]:
    """A PNG below `output` for each of `paths`, all different."""
    named = [output / path.relative_to(root).with_suffix(".png") for path in paths]
    taken = collections.Counter([*named, output / OVERVIEW])
    targets = [
        target if taken[target] == 1 else target.with_name(f"{path.name}.png")
        for path, target in zip(paths, named)
    ]
    twice = [target for target, count in collections.Counter(targets).items() if count > 1]
    if twice:
        raise UserError(f"two photos would be written to {twice[0]}: rename one of them")
    inputs = {path.resolve() for path in paths}
    overwritten = [t for t in [*targets, output / OVERVIEW] if t.resolve() in inputs]
    if overwritten:
        raise UserError(f"{overwritten[0]} would be overwritten: choose another --output")
    return targets
