"""Anti-aliased shapes on batches of pictures: signed distances, their coverage, and a canvas.

Lengths are fractions of the picture's side, x to the right and y down. Shapes are described by
one-dimensional curves, so that most of the arithmetic is done on rows and columns: `[B, 1, w]` for
what depends on x, `[B, h, 1]` for what depends on y, `[B, h, w]` for the distances. A distance is
exact to first order: the defining function over the length of its gradient.
"""

from __future__ import annotations

import dataclasses
from typing import NamedTuple, Union

import numpy as np

Number = Union[float, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Canvas:
    """Pictures under the brush. Windows share their memory with the canvas they look at.

    Attributes:
      colour: float32 `[B, 3, h, w]`, sRGB values in [0, 1].
      labels: uint8 `[B, h, w]`, which part of the scene each pixel shows.
      x: float32 `[B, 1, w]` and y: float32 `[B, h, 1]`, positions of the pixels' centres.
      pixel: float32 `[B, 1, 1]`, side of a pixel.
    """

    colour: np.ndarray
    labels: np.ndarray
    x: np.ndarray
    y: np.ndarray
    pixel: np.ndarray

    def window(self, left: float, top: float, right: float, bottom: float) -> Canvas:
        """The part between the given fractions of this canvas."""
        height, width = self.labels.shape[1:]
        rows = slice(int(top * height), int(np.ceil(bottom * height)))
        columns = slice(int(left * width), int(np.ceil(right * width)))
        return Canvas(
            self.colour[:, :, rows, columns],
            self.labels[:, rows, columns],
            self.x[:, :, columns],
            self.y[:, rows],
            self.pixel,
        )

    def shifted(self, dx: Number) -> Canvas:
        """The same pixels seen from an origin that lies `dx` to the right."""
        return dataclasses.replace(self, x=self.x - dx)

    def mirrored(self, dx: Number = 0.0) -> Canvas:
        """Both sides at once: x is the distance from the middle, less `dx`."""
        return dataclasses.replace(self, x=np.abs(self.x) - dx)

    def paint(self, coverage: np.ndarray, colour: np.ndarray, label: int | None = None) -> None:
        """Lays `colour`, `[B, 3, 1, 1]` or `[B, 3, h, w]`, over the share `coverage` of pixels."""
        change = colour - self.colour
        change *= coverage[:, None]
        self.colour[:] += change
        if label is not None:
            self.labels[coverage > 0.5] = label

    def darken(self, coverage: np.ndarray, amount: Number) -> None:
        """Takes the share `amount` of the light away where `coverage` is 1."""
        self.colour[:] *= (1 - coverage * amount)[:, None]

    def fill(self, distance: np.ndarray) -> np.ndarray:
        """Share `[B, h, w]` of each pixel inside a shape, from the signed distance to its edge."""
        # A straight edge parallel to the pixels' sides crosses a pixel in just this way.
        return np.clip(0.5 - distance / self.pixel, 0, 1)

    def stroke(self, distance: np.ndarray, half_width: Number) -> np.ndarray:
        """Share of each pixel under a line; a line thinner than a pixel grows faint instead."""
        share = np.clip((half_width - np.abs(distance)) / self.pixel + 0.5, 0, 1)
        return np.minimum(share, np.minimum(2 * half_width / self.pixel, 1))

    def wave(self, phase: np.ndarray, frequency: Number) -> np.ndarray:
        """Sine of `phase`, which advances `frequency` radians a unit, as the pixels average it."""
        return np.sin(phase) * np.exp(-((0.5 * frequency * self.pixel) ** 2))


def slope(curve: np.ndarray, positions: np.ndarray, axis: int) -> np.ndarray:
    """Derivative of a curve given at evenly spaced positions."""
    step = np.diff(np.take(positions, [0, 1], axis=axis), axis=axis)
    return np.gradient(curve, axis=axis) / step


def profile(canvas: Canvas, squared_half_width: np.ndarray, centre: Number = 0.0) -> np.ndarray:
    """Distance to a shape that is symmetric about x = `centre`.

    `squared_half_width` `[B, h, 1]` is a smooth function of y, negative above and below the shape.
    """
    x = canvas.x - centre
    gradient = slope(squared_half_width, canvas.y, axis=1)
    squared_length = 4 * x * x + gradient * gradient
    return (x * x - squared_half_width) / np.sqrt(squared_length + canvas.pixel**2)


def ellipse(
    canvas: Canvas, x: Number, y: Number, half_width: Number, half_height: Number
) -> np.ndarray:
    """Distance to an axis-aligned ellipse around (x, y)."""
    across = (canvas.x - x) / half_width
    down = (canvas.y - y) / half_height
    squared_length = (across / half_width) ** 2 + (down / half_height) ** 2
    return 0.5 * (across**2 + down**2 - 1) / np.sqrt(squared_length + 1)


def line(canvas: Canvas, curve: np.ndarray) -> np.ndarray:
    """Distance below the curve y = `curve` `[B, 1, w]`; negative above it."""
    gradient = slope(curve, canvas.x, axis=2)
    return (canvas.y - curve) / np.sqrt(1 + gradient * gradient)


def band(canvas: Canvas, top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """Distance to the shape between two curves `[B, 1, w]`; it ends where the curves cross."""
    return np.maximum(-line(canvas, top), line(canvas, bottom))


class Spot(NamedTuple):
    """A soft spot of light (positive strength) or shade around (x, y), with a Gaussian fall-off."""

    x: Number
    y: Number
    width: Number
    height: Number
    strength: Number
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)


def soft_spots(canvas: Canvas, spots: list[Spot]) -> np.ndarray:
    """Sum `[B, 3, h, w]` of the spots, by one product of matrices: each is separable in x and y."""
    batch = len(canvas.x)

    def column(values) -> np.ndarray:
        rows = [np.broadcast_to(np.asarray(v, np.float32).reshape(-1), batch) for v in values]
        return np.stack(rows, axis=1)[..., None]

    x, y, width, height, strength, _ = zip(*spots)
    across = np.exp(-0.5 * ((canvas.x - column(x)) / column(width)) ** 2)
    down = np.exp(-0.5 * ((canvas.y.transpose(0, 2, 1) - column(y)) / column(height)) ** 2)
    tints = np.array([spot.tint for spot in spots], np.float32).T
    weighted = (down * column(strength))[:, None] * tints[:, :, None]
    return np.ascontiguousarray(weighted.swapaxes(2, 3)) @ across[:, None]
