"""Picture files: finding, reading and writing them, and cutting them to squares."""

from __future__ import annotations

import concurrent.futures
import contextlib
import io
import os
import pathlib
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import psutil
from absl import logging
from PIL import Image, ImageOps, UnidentifiedImageError

from aign_tf.errors import UserError
from aign_tf.files import replacing, visible_files

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
MAX_PIXELS = 64_000_000
# Only these decoders may see a file: others start programs (EPS) or are rarely hardened.
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP")
_MEMORY_SHARE = 0.8
_SECONDS_BETWEEN_LOGS = 10.0


class UnreadablePicture(ValueError):
    """A file that cannot be used as a picture; `reason` says why without the file's name."""

    def __init__(self, name: object, reason: str):
        super().__init__(f"{name}: {reason}")
        self.reason = reason


def list_pictures(folder: str | os.PathLike) -> list[pathlib.Path]:
    """Sorted paths of all pictures below `folder`; hidden files and folders are left out.

    Raises:
      UserError: `folder` is missing, is not a folder, or holds no pictures.
    """
    folder = pathlib.Path(folder)
    if not folder.exists():
        raise UserError(f"{folder}: no such folder")
    if not folder.is_dir():
        raise UserError(f"{folder} is a file: a folder of pictures is needed")
    paths = visible_files(folder, SUFFIXES)
    if not paths:
        raise UserError(f"{folder}: no pictures below it ({' '.join(SUFFIXES)})")
    return paths


def read_picture(path: str | os.PathLike) -> np.ndarray:
    """The picture as uint8 `[H, W, 3]` RGB, upright (EXIF), transparency over white.

    Raises:
      UnreadablePicture: missing, broken, truncated, of an unknown format, or above `MAX_PIXELS`.
    """
    return _decode(path, path)


def decode_picture(content: bytes, name: str) -> np.ndarray:
    """`read_picture` for a file's content in memory; `name` is for the error message."""
    return _decode(io.BytesIO(content), name)


def _decode(source: str | os.PathLike | io.BytesIO, name: object) -> np.ndarray:
    with opened(source, name, _FORMATS, "a JPEG, PNG, WebP or BMP picture") as picture:
        return _rgb(ImageOps.exif_transpose(picture))


@contextlib.contextmanager
def opened(
    source: str | os.PathLike | io.BytesIO, name: object, formats: Sequence[str], wanted: str
) -> Iterator[Image.Image]:
    """A picture to be decoded, by none but the decoders of `formats`.

    Raises:
      UnreadablePicture: called `name`: missing, not what is `wanted`, above `MAX_PIXELS`, or
        whatever goes wrong while it is decoded.
    """
    try:
        with Image.open(source, formats=formats) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                size = f"{picture.width}x{picture.height} pixels"
                raise UnreadablePicture(name, f"{size}, more than {MAX_PIXELS // 10**6} million")
            yield picture
    except UnreadablePicture:
        raise
    except Image.DecompressionBombError as error:
        limit = f"more than {MAX_PIXELS // 10**6} million pixels"
        raise UnreadablePicture(name, limit) from error
    except UnidentifiedImageError as error:
        raise UnreadablePicture(name, f"not {wanted}") from error
    except Exception as error:  # Decoders raise nearly anything when a file is broken.
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UnreadablePicture(name, reason) from error


def _rgb(picture: Image.Image) -> np.ndarray:
    if picture.mode.startswith("I"):  # 16 bits a pixel, which Pillow's own conversion clips.
        grey = np.rint(np.asarray(picture, np.float32) / 257).clip(0, 255).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=-1)
    if "A" in picture.getbands() or "transparency" in picture.info:
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture.convert("RGBA"))
    return np.array(picture.convert("RGB"))


def write_picture(path: str | os.PathLike, image: np.ndarray) -> None:
    """Writes uint8 `[H, W, 3]` RGB as PNG or JPEG, whichever the suffix of `path` says."""
    suffix = pathlib.Path(path).suffix.lower()
    if suffix not in (".png", ".jpg", ".jpeg"):
        raise UserError(f"{path}: pictures are written as .png or .jpg")
    with replacing(path) as temporary:
        Image.fromarray(image).save(temporary, quality=95)


def middle(image: np.ndarray, crop: float) -> tuple[int, int, int]:
    """Left, top and side, in pixels, of the centred square of `crop` times the shorter side."""
    height, width = image.shape[:2]
    side = max(1, round(crop * min(height, width)))
    return (width - side) // 2, (height - side) // 2, side


def square(image: np.ndarray, size: int, crop: float = 1.0) -> tuple[np.ndarray, float, np.ndarray]:
    """The centred square of `crop` times the shorter side, resampled to `size` pixels.

    Shrinking averages over the area that each new pixel covers (Lanczos).

    Args:
      image: uint8 `[H, W, 3]`.
      size: side of the result in pixels.
      crop: share of the shorter side to keep, in (0, 1].

    Returns:
      `(picture, scale, offset)`: uint8 `[size, size, 3]`, and what moves coordinates `[..., 2]`
      (x, y) along: `new = (old - offset) * scale`.
    """
    if not 0 < crop <= 1:
        raise UserError(f"crop {crop:g}: give the share of the shorter side to keep, in (0, 1]")
    left, top, side = middle(image, crop)
    cut = image[top : top + side, left : left + side]
    if side != size:
        cut = np.asarray(Image.fromarray(cut).resize((size, size), Image.Resampling.LANCZOS))
    scale = size / side
    # Resampling maps edges, new + 1/2 = (old + 1/2 - left) * scale, but coordinates name centres.
    offset = np.array([left, top]) + (1 / scale - 1) / 2
    return cut, scale, offset


def allocate(count: int, size: int) -> np.ndarray:
    """An uninitialised uint8 `[count, size, size, 3]`.

    Raises:
      UserError: it would take more than 80 % of the memory that is available now.
    """
    if size < 1:
        raise UserError(f"picture size {size}: it must be at least 1 pixel")
    needed, allowed = count * size * size * 3, _MEMORY_SHARE * available_memory()
    if needed > allowed:
        fitting = int((allowed / (3 * count)) ** 0.5)
        raise UserError(
            f"{count} pictures of {size}x{size} take {needed / 1e9:.1f} GB, but "
            f"{allowed / 1e9:.1f} GB may be used: fewer pictures or a smaller "
            f"--set=data.image_size (at most {fitting}) would fit"
        )
    return np.empty((count, size, size, 3), np.uint8)


def available_memory() -> int:
    """Bytes that can be allocated without swapping."""
    return psutil.virtual_memory().available


def in_parallel(function: Callable, items: Sequence) -> Iterator:
    """Yields `function(item)` in order, computed by threads; logs the progress of long runs."""
    start = logged = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for done, result in enumerate(pool.map(function, items), start=1):
            yield result
            now = time.monotonic()
            if now - logged > _SECONDS_BETWEEN_LOGS:
                logged = now
                rate = done / (now - start)
                logging.info("%d of %d pictures, %.0f a second", done, len(items), rate)
