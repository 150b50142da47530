"""Pictures for people: grids of pictures with captions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PIL import Image, ImageDraw

from aign_tf.data.augment import quantized

_CAPTION_HEIGHT = 16
_GAP = 2


def captioned_grid(columns: Mapping[str, np.ndarray], side: int = 96) -> np.ndarray:
    """One captioned column for each entry, one picture below the other.

    Args:
      columns: caption -> pictures `[N, H, W, 3]`, or `[N, H, W, 1]` if grey, uint8 or float in
        [-1, 1]; N may differ.
      side: every picture is shown `side` pixels wide; all have the proportions of the first.

    Returns:
      uint8 `[height, width, 3]`.
    """
    rows = max(len(pictures) for pictures in columns.values())
    shapes = [np.shape(pictures) for pictures in columns.values() if len(pictures)]
    tall = round(side * shapes[0][1] / shapes[0][2]) if shapes else side
    width = len(columns) * (side + _GAP) - _GAP
    height = _CAPTION_HEIGHT + rows * (tall + _GAP) - _GAP
    sheet = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(sheet)
    for column, (caption, pictures) in enumerate(columns.items()):
        left = column * (side + _GAP)
        draw.text((left + 2, 2), caption, fill="black")
        pictures = np.asarray(pictures)
        for row, picture in enumerate(
            pictures if pictures.dtype == np.uint8 else quantized(pictures)
        ):
            colours = np.broadcast_to(picture, (*picture.shape[:2], 3))
            shown = Image.fromarray(colours).resize((side, tall), Image.Resampling.BICUBIC)
            sheet.paste(shown, (left, _CAPTION_HEIGHT + row * (tall + _GAP)))
    return np.asarray(sheet)
