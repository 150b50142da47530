"""Squares cut out of photos, and new faces pasted back so that no seam shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image

from aign_tf.data.augment import quantized
from aign_tf.data.face_boxes import Square
from aign_tf.data.pictures import MAX_PIXELS, middle
from aign_tf.errors import UserError


def replaced(
    picture: np.ndarray,
    squares: Sequence[Square],
    change: Callable[[np.ndarray, Square], np.ndarray],
    factor: int = 1,
) -> np.ndarray:
    """The photo, enlarged, with other faces.

    Args:
      picture: uint8 `[H, W, 3]`.
      squares: where the faces are.
      change: photo as it was, and a square of it -> another face, float `[S, S, 3]` in [-1, 1].
      factor: how many times larger the photo becomes.

    Returns:
      uint8 `[factor H, factor W, 3]`.

    Raises:
      UserError: as of `enlarged`.
    """
    result = enlarged(picture, factor)
    for square in squares:
        result = paste(result, scaled(square, factor), change(picture, square))
    return result


def centred(picture: np.ndarray, crop: float) -> Square:
    """The square in the middle of a photo `[H, W, 3]` that training pictures are cut to.

    Args:
      crop: its side as a share of the photo's shorter side, in (0, 1].
    """
    return Square(*middle(picture, crop))


def cut(picture: np.ndarray, square: Square, size: int) -> np.ndarray:
    """The square of a photo, resampled; where it reaches beyond, the photo's edge is repeated.

    Shrinking averages over the area that each new pixel covers (Lanczos).

    Args:
      picture: uint8 `[H, W, 3]`.
      square: which pixels.
      size: side of the result in pixels.

    Returns:
      uint8 `[size, size, 3]`.
    """
    height, width = picture.shape[:2]
    columns = np.arange(square.left, square.left + square.side).clip(0, width - 1)
    rows = np.arange(square.top, square.top + square.side).clip(0, height - 1)
    # Columns before rows, as Pillow does it; rows that are repeated only once they are short.
    wide = picture[rows[0] : rows[-1] + 1, columns]
    narrow = _resampled(wide, size, len(wide), Image.Resampling.LANCZOS)
    return _resampled(narrow[rows - rows[0]], size, size, Image.Resampling.LANCZOS)


def paste(
    picture: np.ndarray, square: Square, face: np.ndarray, feather: float = 0.1
) -> np.ndarray:
    """The photo with `face` in a square, blended in with edges that fade.

    The face counts fully in the middle and not at all at the border of the square, by a smoothstep
    between them. A side of the square on or beyond the photo's border needs no fading.

    Args:
      picture: uint8 `[H, W, 3]`.
      square: where; what lies beyond the photo is left out.
      face: float `[S, S, 3]` in [-1, 1].
      feather: length of the fade as a share of the side, in [0, 0.5].

    Returns:
      uint8 `[H, W, 3]`; pixels outside the square are unchanged.
    """
    result = Image.fromarray(picture)
    left, top, side = square
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + side, result.width), min(top + side, result.height)
    if x0 >= x1 or y0 >= y1:
        return picture.copy()
    zoom = len(face) / side
    drawn = Image.fromarray(quantized(face)).resize(
        (x1 - x0, y1 - y0),
        Image.Resampling.BICUBIC,
        box=((x0 - left) * zoom, (y0 - top) * zoom, (x1 - left) * zoom, (y1 - top) * zoom),
    )
    across = _weights(left, side, result.width, feather)
    down = _weights(top, side, result.height, feather)
    mask = np.rint(255 * np.outer(down, across)).astype(np.uint8)
    result.paste(drawn, (x0, y0), Image.fromarray(mask))
    return np.asarray(result)


def _weights(start: int, side: int, length: int, feather: float) -> np.ndarray:
    """How much a face counts in each pixel of one axis of a photo that its square covers."""
    covered = np.arange(max(start, 0), min(start + side, length), dtype=np.float32) + 0.5
    from_edge = np.full_like(covered, side)
    if start > 0:
        from_edge = np.minimum(from_edge, covered - start)
    if start + side < length:
        from_edge = np.minimum(from_edge, start + side - covered)
    # Pixel centres lie at least half a pixel inside: no fade is shorter.
    along = np.clip(from_edge / max(feather * side, 0.5), 0, 1)
    return along * along * (3 - 2 * along)


def enlarged(picture: np.ndarray, factor: int) -> np.ndarray:
    """uint8 `[H, W, 3]` -> `[factor H, factor W, 3]`, bicubic.

    Raises:
      UserError: the result would have more than `MAX_PIXELS`.
    """
    height, width = (factor * length for length in picture.shape[:2])
    if height * width > MAX_PIXELS:
        raise UserError(
            f"a photo of {picture.shape[1]}x{picture.shape[0]} pixels, enlarged {factor} times, "
            f"would have {height * width / 1e6:.0f} million: at most {MAX_PIXELS // 10**6} million "
            "are allowed"
        )
    return _resampled(picture, width, height, Image.Resampling.BICUBIC)


def scaled(square: Square, factor: int) -> Square:
    """The same pixels in the photo that `enlarged` returns."""
    return Square(square.left * factor, square.top * factor, square.side * factor)


def _resampled(
    picture: np.ndarray, width: int, height: int, resampling: Image.Resampling
) -> np.ndarray:
    return np.asarray(Image.fromarray(picture).resize((width, height), resampling))
