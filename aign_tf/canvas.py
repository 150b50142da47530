"""A square to draw on, in shares of its side."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

Colour = tuple[int, int, int]

WHITE = (255, 255, 255)
_SUPERSAMPLING = 3
_FARTHEST = 9.0  # Pillow's coordinates have 32 bits; wild points must not overflow them.


class Canvas:
    """A white square whose side is 1, drawn larger and then reduced for smooth edges.

    Points `[2]` go right and down from its upper left corner. Widths and radii are shares of its
    side, colours RGB from 0 to 255. What has a point that is not finite is left out.
    """

    def __init__(self, side: int):
        """`side` is in pixels."""
        self._scale = side * _SUPERSAMPLING
        self._image = Image.new("RGB", (self._scale, self._scale), WHITE)
        self._draw = ImageDraw.Draw(self._image)

    def line(self, ends: np.ndarray, width: float, colour: Colour) -> None:
        """From one to the other of `ends` `[2, 2]`; at least a third of a pixel wide."""
        width = max(1, round(width * self._scale))
        self._put(self._draw.line, ends, fill=colour, width=width)

    def dot(self, centre: np.ndarray, radius: float, colour: Colour) -> None:
        self._put(self._draw.ellipse, centre + radius * np.array([[-1], [1]]), fill=colour)

    def polygon(self, corners: np.ndarray, colour: Colour) -> None:
        """Filled, with `corners` `[N, 2]`."""
        self._put(self._draw.polygon, corners, fill=colour)

    def picture(self) -> np.ndarray:
        """uint8 `[side, side, 3]`."""
        return np.asarray(self._image.reduce(_SUPERSAMPLING))

    def _put(self, draw: Callable, points: np.ndarray, **style) -> None:
        if np.isfinite(points).all():
            pixels = np.clip(points, -_FARTHEST, _FARTHEST) * self._scale
            draw(pixels.ravel().tolist(), **style)
