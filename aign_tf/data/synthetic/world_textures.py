"""Procedural materials of known size: their tiles, planks and bricks are those of real houses.

Every function paints a picture that repeats in both directions and says how many metres it spans.
All carry noise from the size of the picture down to its texels, so that no part of a surface is
plain at any distance.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from aign_tf.data.synthetic.world_atlas import SIDE, thrice
from aign_tf.data.synthetic.world_paint import Material, colour, noise, picture


class _Cells(NamedTuple):
    """Cells in rows: which one each texel lies in, and how far it is from the nearest joint."""

    row: np.ndarray
    column: np.ndarray
    joint: np.ndarray  # metres, [SIDE, SIDE]
    metres: tuple[float, float]

    def each(self, values: np.ndarray) -> np.ndarray:
        """One of `values` `[rows, columns, ...]` for each texel."""
        return values[self.row, self.column]


def _cells(
    width: float, height: float, span: float, shift: np.ndarray | float = 0.0
) -> tuple[_Cells, tuple[int, int]]:
    """Cells of `width` x `height` metres on about `span` metres; rows begin `shift` cells later."""
    rows, columns = max(round(span / height), 1), max(round(span / width), 1)
    rows += rows % 2
    steps = (np.arange(SIDE, dtype=np.float32) + 0.5) / SIDE
    v = (steps * rows)[:, None]
    row = v.astype(np.int32)
    begin = shift[row % len(shift)] if np.ndim(shift) else np.float32(shift) * (row % 2)
    u = (steps * columns)[None] + begin.astype(np.float32)
    column = u.astype(np.int32) % columns
    across, down = u - np.floor(u), v - np.floor(v)
    joint = np.minimum(
        np.minimum(across, 1 - across) * width, np.minimum(down, 1 - down) * height
    ).astype(np.float32)
    cells = _Cells(
        np.broadcast_to(row, joint.shape), column, joint, (columns * width, rows * height)
    )
    return cells, (rows, columns)


def _jointed(
    rng: np.random.Generator,
    cells: _Cells,
    shape: tuple[int, int],
    base: np.ndarray,
    seam: np.ndarray,
    width: float,
    variety: float,
    grain: np.ndarray,
) -> Material:
    """Cells that differ by `variety`, with joints of colour `seam` and `width` metres."""
    tone = 1 + variety * rng.standard_normal((*shape, 1), np.float32)
    tone = tone * (1 + 0.35 * variety * rng.standard_normal((*shape, 3), np.float32))
    paint = cells.each((base * tone).astype(np.float32))
    open_joint = thrice((1.5 - cells.joint / (width / 2)).clip(0, 1))
    paint += open_joint * (seam.astype(np.float32) - paint)
    return Material(picture(paint, 1 + grain), cells.metres)


def panels(rng: np.random.Generator) -> Material:
    """Bright panels of 0.6 m at a ceiling."""
    cells, shape = _cells(0.6, 0.6, 4.8)
    base = colour(rng.uniform(30, 60), rng.uniform(0, 0.1), rng.uniform(0.75, 0.9))
    return _jointed(rng, cells, shape, base, 0.5 * base, 0.02, 0.05, 0.1 * noise(rng))


def tiles(rng: np.random.Generator) -> Material:
    """Square tiles of 0.3 to 0.6 m, sometimes a chessboard of two colours."""
    side = rng.choice([0.3, 0.33, 0.4, 0.45, 0.5, 0.6])
    cells, shape = _cells(side, side, 4.8)
    base = colour(rng.uniform(0, 60), rng.uniform(0.03, 0.35), rng.uniform(0.5, 0.8))
    base = np.broadcast_to(base, (*shape, 3)).copy()
    if rng.uniform() < 0.4:
        odd = np.add.outer(np.arange(shape[0]), np.arange(shape[1])) % 2 == 1
        base[odd] *= rng.uniform(0.35, 0.75)
    seam = np.float32(rng.choice([0.3, 0.9])) * np.ones(3, np.float32)
    return _jointed(rng, cells, shape, base, seam, 0.012, 0.07, 0.1 * noise(rng))


def planks(rng: np.random.Generator) -> Material:
    """Boards 0.1 to 0.2 m wide and 0.8 to 1.6 m long, along u."""
    width, length = rng.choice([0.1, 0.12, 0.15, 0.18, 0.2]), rng.choice([0.8, 1.0, 1.2, 1.6])
    rows = max(round(4.8 / width), 1) + 1
    cells, shape = _cells(length, width, 4.8, rng.random(rows, np.float32))
    base = colour(rng.uniform(18, 38), rng.uniform(0.25, 0.6), rng.uniform(0.35, 0.75))
    grain = 0.09 * noise(rng, 0.95, 8) + 0.05 * noise(rng)
    return _jointed(rng, cells, shape, base, 0.45 * base, 0.008, 0.14, grain)


def bricks(rng: np.random.Generator, hue: tuple[float, float] = (5, 30)) -> Material:
    """Bricks of 0.24 x 0.08 m, the mortar included, laid in half bond."""
    cells, shape = _cells(0.24, 0.08, 3.84, 0.5)
    base = colour(rng.uniform(*hue), rng.uniform(0.3, 0.65), rng.uniform(0.45, 0.75))
    seam = np.float32(rng.uniform(0.55, 0.85)) * np.ones(3, np.float32)
    return _jointed(rng, cells, shape, base, seam, 0.012, 0.17, 0.11 * noise(rng))


def slabs(rng: np.random.Generator) -> Material:
    """Pavement of grey slabs of 0.5 x 0.5 m."""
    cells, shape = _cells(0.5, 0.5, 5.0, rng.choice([0.0, 0.5]))
    base = colour(rng.uniform(20, 50), rng.uniform(0.02, 0.15), rng.uniform(0.5, 0.7))
    return _jointed(rng, cells, shape, base, 0.5 * base, 0.02, 0.1, 0.12 * noise(rng))


def plaster(rng: np.random.Generator, base: np.ndarray, span: float = 4.0) -> Material:
    """A painted wall with stains and a rough surface."""
    return Material(picture(base, 1 + 0.1 * noise(rng, 0.9)), (span, span))


def wallpaper(rng: np.random.Generator, base: np.ndarray) -> Material:
    """Stripes, spots or diamonds, repeated every 0.12 to 0.4 m."""
    pitch = rng.choice([0.12, 0.16, 0.2, 0.25, 0.32, 0.4])
    repeats = round(4.0 / pitch)
    turn = 2 * np.pi * repeats * (np.arange(SIDE, dtype=np.float32) + 0.5) / SIDE
    across, down = np.cos(turn)[None], np.cos(turn)[:, None]
    kind = rng.integers(4)
    motif = (
        np.broadcast_to(across + 0.4 * np.cos(3 * turn)[None], (SIDE, SIDE)),
        across + down,
        across * down * 2,
        np.cos(turn[None] + down),
    )[kind]
    figure = (4 * motif).clip(-1, 1) * rng.choice([-1, 1]) * rng.uniform(0.08, 0.2)
    return Material(picture(base, 1 + figure + 0.07 * noise(rng)), (repeats * pitch,) * 2)


def rough(
    rng: np.random.Generator, base: np.ndarray, strength: float, span: float, fading: float = 1.0
) -> Material:
    """Asphalt, carpet, grass, leaves: spots of all sizes, in two colours."""
    tint = 0.3 * strength * noise(rng, 0.9)
    paint = cv2.merge([b * (1 + tint * np.float32(rng.uniform(-0.5, 0.5))) for b in base])
    return Material(picture(paint, 1 + strength * noise(rng, fading)), (span, span))


def wood(rng: np.random.Generator) -> Material:
    """Grain along u, nearly white: furniture is dyed."""
    veins = 0.12 * noise(rng, 0.95, 16) + 0.05 * noise(rng)
    return Material(picture(np.float32([0.8, 0.78, 0.75]), 1 + veins), (1.6, 1.6))


def fabric(rng: np.random.Generator) -> Material:
    """Checks of 4 to 10 cm, nearly white: furniture is dyed."""
    repeats = round(1.6 / rng.uniform(0.04, 0.1))
    turn = 2 * np.pi * repeats * (np.arange(SIDE, dtype=np.float32) + 0.5) / SIDE
    band = np.sign(np.cos(turn) + rng.uniform(-0.5, 0.5))
    check = rng.uniform(0.04, 0.12) * (band[None] + rng.choice([0, 1]) * band[:, None])
    return Material(picture(np.full(3, 0.8), 1 + check + 0.12 * noise(rng)), (1.6, 1.6))
