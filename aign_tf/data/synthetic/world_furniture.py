"""Furniture of metric size. Each piece stands in a frame whose origin is on the floor, in the
middle of its back: x to the right, y down, and its front towards -z."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from aign_tf.data.synthetic.world_builder import Builder, Place
from aign_tf.data.synthetic.world_pictures import PAINTINGS
from aign_tf.data.synthetic.world_textures import Material, colour


class Stock(NamedTuple):
    """The materials that the furniture of a room is made of."""

    wood: Material
    paint: Material
    fabric: Material
    books: Material
    paintings: Material
    leaves: Material
    outdoors: Material
    door: Material


def wood_tint(rng: np.random.Generator) -> np.ndarray:
    return 1.2 * colour(rng.uniform(15, 40), rng.uniform(0.15, 0.65), rng.uniform(0.4, 1.0))


def any_tint(rng: np.random.Generator) -> np.ndarray:
    return 1.2 * colour(rng.uniform(0, 360), rng.uniform(0.05, 0.65), rng.uniform(0.3, 0.95))


def _body(rng: np.random.Generator, stock: Stock) -> tuple[Material, np.ndarray]:
    if rng.uniform() < 0.7:
        return stock.wood, wood_tint(rng)
    return stock.paint, any_tint(rng)


def _legs(b: Builder, p: Place, width: float, depth: float, height: float, thick: float, *look):
    for x in (-width / 2 + 0.03, width / 2 - 0.03 - thick):
        for z in (-depth + 0.03, -0.03 - thick):
            b.box(p, (x, -height, z), (x + thick, 0, z + thick), *look, ("top", "bottom"), True)


def _ornaments(b: Builder, p: Place, s: Stock, width: float, depth: float, y: float) -> None:
    """Vases, boxes, piles of books and lamps on a board of a height of -y."""
    rng = b.rng
    x = -width / 2 + 0.1
    while x < width / 2 - 0.15:
        kind, z = rng.integers(6), -depth * rng.uniform(0.35, 0.65)
        spot = p.at(x + 0.08, z, rng.uniform(-0.6, 0.6), y)
        if kind == 0:
            size = rng.uniform(0.05, 0.09)
            rings = [(-3.2 * size, 0.6 * size), (-2 * size, size), (0, 0.6 * size)]
            b.prism(spot, rings, 8, s.paint, any_tint(rng))
        elif kind == 1:
            wide, high, deep = rng.uniform(0.08, 0.16, 3)
            b.box(spot, (-wide, -high, -deep / 2), (wide, 0, deep / 2), s.paint, any_tint(rng))
        elif kind == 2:
            top = 0.0
            for _ in range(rng.integers(2, 6)):
                wide, high = rng.uniform(0.1, 0.14), rng.uniform(0.02, 0.05)
                low = (-wide, top - high, -0.09)
                b.box(spot.at(0, 0, rng.uniform(-0.2, 0.2)), low, (wide, top, 0.09), s.paint, any_tint(rng))
                top -= high
        elif kind == 3:
            b.prism(spot, [(-0.25, 0.012), (0, 0.05)], 6, s.wood, wood_tint(rng))
            b.prism(spot, [(-0.42, 0.07), (-0.22, 0.13)], 8, s.fabric, any_tint(rng))
        x += rng.uniform(0.25, 0.5)


def cupboard(b: Builder, p: Place, s: Stock, width: float, height: float, depth: float) -> None:
    """With doors or drawers, and handles."""
    rng = b.rng
    look = _body(rng, s)
    b.box(p, (-width / 2, -height, -depth), (width / 2, 0, 0), *look, ("back", "bottom"), True)
    columns = max(round(width / rng.uniform(0.4, 0.6)), 1)
    rows = 1 if height > 1.3 else int(rng.integers(1, 4))
    front = look[0], look[1] * rng.uniform(0.8, 1.15)
    across, down = width / columns, (height - 0.1) / rows
    for column in range(columns):
        for row in range(rows):
            left, top = -width / 2 + column * across, -height + 0.02 + row * down
            low = (left + 0.012, top + 0.012, -depth - 0.02)
            high = (left + across - 0.012, top + down - 0.012, -depth)
            b.box(p, low, high, *front, ("back", "bottom"), height > 1.3)
            x, y = left + across * (0.5 if rows > 1 else 0.12), top + 0.4 * down
            handle = (x + 0.05, y + 0.02) if rows > 1 else (x + 0.02, y + 0.16)
            b.box(p, (x - 0.02, y, -depth - 0.05), (*handle, -depth - 0.02), s.paint, (0.35,) * 3)
    b.shadow(p, (-width / 2, -depth, width / 2, 0), 0.55)


def sideboard(b: Builder, p: Place, s: Stock, width: float, height: float, depth: float) -> None:
    cupboard(b, p, s, width, height, depth)
    _ornaments(b, p, s, width, depth, -height)


def bookshelf(b: Builder, p: Place, s: Stock, width: float, height: float, depth: float) -> None:
    """Boards with rows of books between them."""
    rng, look, thick = b.rng, _body(b.rng, s), 0.025
    for x in (-width / 2, width / 2 - thick):
        b.box(p, (x, -height, -depth), (x + thick, 0, 0), *look, ("back", "bottom"), True)
    b.facing(p, (-width / 2, -height, width / 2, 0), -0.02, look[0], tint=look[1] * 0.7)
    rows = max(round((height - 0.1) / 0.33), 1)
    for row in range(rows + 1):
        y = -0.06 - row * (height - 0.06 - thick) / rows
        inside = width / 2 - thick
        b.box(p, (-inside, y - thick, -depth), (inside, y, 0), *look, ("back", "left", "right"))
        x = -inside
        while row < rows and x < inside - 0.12:
            wide = min(rng.uniform(0.15, 0.5), inside - x)
            if rng.uniform() < 0.75:
                low = (x, y - thick - rng.uniform(0.17, 0.27), -depth + rng.uniform(0.02, 0.12))
                high = (x + wide, y - thick, -0.02)
                b.box(p, low, high, s.books, without=("back", "bottom"))
            x += wide
    b.shadow(p, (-width / 2, -depth, width / 2, 0), 0.55)


def table(b: Builder, p: Place, s: Stock, width: float, height: float, depth: float) -> None:
    look = _body(b.rng, s)
    b.box(p, (-width / 2, -height, -depth), (width / 2, -height + 0.04, 0), *look)
    _legs(b, p, width, depth, height - 0.04, b.rng.uniform(0.04, 0.08), *look)
    _ornaments(b, p, s, width, depth, -height)
    b.shadow(p, (-width / 2, -depth, width / 2, 0), 0.5, 0.2)


def chair(b: Builder, p: Place, s: Stock, width: float, height: float, depth: float) -> None:
    look = _body(b.rng, s)
    seat = (s.fabric, any_tint(b.rng)) if b.rng.uniform() < 0.5 else look
    b.box(p, (-width / 2, -0.46, -depth), (width / 2, -0.42, 0), *seat)
    _legs(b, p, width, depth, 0.42, 0.04, *look)
    for x in (-width / 2, width / 2 - 0.04):
        b.box(p, (x, -height, -0.04), (x + 0.04, -0.46, 0), *look, (), True)
    b.box(p, (-width / 2, -height, -0.035), (width / 2, -height + 0.25, -0.005), *seat)
    b.shadow(p, (-width / 2, -depth, width / 2, 0), 0.6, 0.12)


def sofa(b: Builder, p: Place, s: Stock, width: float, height: float, depth: float) -> None:
    rng, look, half = b.rng, (s.fabric, any_tint(b.rng)), width / 2
    b.box(p, (-half, -0.38, -depth), (half, -0.08, 0), *look)
    b.box(p, (-half, -height, -0.22), (half, -0.38, 0), *look)
    for x in (-half, half - 0.18):
        b.box(p, (x, -0.6, -depth), (x + 0.18, -0.38, -0.22), *look)
    seats = max(round((width - 0.36) / 0.65), 1)
    each = (width - 0.36) / seats
    for k in range(seats):
        x = -half + 0.18 + k * each
        tint = look[1] * rng.uniform(0.85, 1.1)
        b.box(p, (x + 0.01, -0.5, -depth - 0.02), (x + each - 0.01, -0.38, -0.22), s.fabric, tint)
        if rng.uniform() < 0.6:
            spot = p.at(x + each / 2, -0.34, rng.uniform(-0.5, 0.5), -0.5)
            b.box(spot, (-0.2, -0.38, -0.06), (0.2, 0, 0.06), s.fabric, any_tint(rng))
    b.shadow(p, (-half, -depth, half, 0), 0.5)


def bed(b: Builder, p: Place, s: Stock, width: float, height: float, depth: float) -> None:
    rng, look, half = b.rng, _body(b.rng, s), width / 2
    b.box(p, (-half, -0.3, -depth), (half, -0.05, 0), *look, ("back",))
    b.box(p, (-half, -height, -0.06), (half, 0, 0), *look, ("back", "bottom"))
    b.box(p, (-half + 0.03, -0.48, -depth + 0.03), (half - 0.03, -0.3, -0.06), s.paint, (1.1,) * 3)
    cover = any_tint(rng)
    b.box(p, (-half + 0.01, -0.52, -depth + 0.01), (half - 0.01, -0.36, -0.65), s.fabric, cover)
    for x in (-half / 2, half / 2) if width > 1.2 else (0.0,):
        spot = p.at(x, -0.35, rng.uniform(-0.2, 0.2), -0.48)
        b.box(spot, (-0.32, -0.14, -0.2), (0.32, 0, 0.2), s.fabric, 0.6 + 0.6 * any_tint(rng))
    b.shadow(p, (-half, -depth, half, 0), 0.5)


def lamp(b: Builder, p: Place, s: Stock, width: float, height: float, depth: float) -> None:
    spot = p.at(0, -depth / 2)
    b.prism(spot, [(-0.03, 0.14), (0, 0.15)], 8, s.paint, (0.4,) * 3)
    b.prism(spot, [(-height + 0.1, 0.015), (0, 0.02)], 5, s.paint, (0.4,) * 3)
    b.prism(spot, [(-height, 0.12), (-height + 0.32, 0.22)], 10, s.fabric, 0.5 + 0.6 * any_tint(b.rng))


def plant(b: Builder, p: Place, s: Stock, width: float, height: float, depth: float) -> None:
    rng, spot = b.rng, p.at(0, -depth / 2)
    b.prism(spot, [(-0.35, 0.18), (0, 0.13)], 8, s.paint, any_tint(rng))
    b.prism(spot, [(-height + 0.2, 0.02), (-0.35, 0.03)], 5, s.wood, (0.4, 0.3, 0.2))
    for _ in range(3):
        tuft = spot.at(*rng.uniform(-0.12, 0.12, 2), rng.uniform(0, 6), -rng.uniform(0.7, 1) * height)
        size = rng.uniform(0.15, 0.25)
        rings = [(0, 0.3 * size), (0.5 * size, size), (1.3 * size, 0.8 * size), (1.8 * size, 0)]
        b.prism(tuft, rings, 7, s.leaves, rng.uniform(0.8, 1.2, 3))
    b.shadow(p, (-0.2, -depth / 2 - 0.2, 0.2, -depth / 2 + 0.2), 0.6, 0.12)


def cartons(b: Builder, p: Place, s: Stock, width: float, height: float, depth: float) -> None:
    rng, top = b.rng, 0.0
    while top < height - 0.2:
        wide, high, deep = rng.uniform(0.28, 0.5), rng.uniform(0.2, 0.4), rng.uniform(0.25, 0.45)
        spot = p.at(rng.uniform(-0.05, 0.05), -depth / 2, rng.uniform(-0.5, 0.5), -top)
        low, tint = (-wide / 2, -high, -deep / 2), 1.2 * colour(30, 0.4, rng.uniform(0.5, 0.8))
        b.box(spot, low, (wide / 2, 0, deep / 2), s.paint, tint)
        tape = (-0.03, -deep / 2, 0.03, deep / 2)
        b.lying(spot, tape, -high - 0.002, s.paint, tint=1.3 * tint)
        top += high
    b.shadow(p, (-width / 2, -depth, width / 2, 0), 0.6, 0.12)


def picture(b: Builder, p: Place, s: Stock, width: float, height: float, y: float) -> None:
    """Hangs on a wall with its middle at `y`."""
    column, row = b.rng.integers(PAINTINGS, size=2)
    box = (-width / 2, y - height / 2, width / 2, y + height / 2)
    b.box(p, (box[0], box[1], -0.03), (box[2], box[3], 0), s.wood, wood_tint(b.rng), ("front", "back"))
    b.facing(p, box, -0.03, s.paintings, fit=(column, row, column + 1, row + 1))


def hung_shelf(b: Builder, p: Place, s: Stock, width: float, y: float) -> None:
    """A board on a wall with things on it."""
    look = _body(b.rng, s)
    b.box(p, (-width / 2, y, -0.24), (width / 2, y + 0.03, 0), *look, ("back",))
    if b.rng.uniform() < 0.5:
        half, high = width / 2, b.rng.uniform(0.17, 0.27)
        b.box(p, (-half, y - high, -0.2), (half * b.rng.uniform(0, 0.8), y, -0.02), s.books)
    else:
        _ornaments(b, p, s, width, 0.24, y)


def doorway(b: Builder, p: Place, s: Stock, width: float, height: float) -> None:
    look, half = (s.paint, 0.5 + 0.6 * any_tint(b.rng)), width / 2
    for x in (-half - 0.08, half):
        b.box(p, (x, -height - 0.08, -0.03), (x + 0.08, 0, 0), *look, ("back", "bottom"), True)
    b.box(p, (-half, -height - 0.08, -0.03), (half, -height, 0), *look, ("back",))
    b.facing(p, (-half, -height, half, 0), -0.005, s.door, tint=wood_tint(b.rng), fit=(0, 0, 1, 1))
    b.box(p, (half - 0.14, -1.06, -0.06), (half - 0.04, -1.03, -0.01), s.paint, (0.5,) * 3)


def window(b: Builder, p: Place, s: Stock, width: float, height: float, y: float) -> None:
    """With frame, sill, radiator and sometimes curtains; its lower edge at `y`."""
    rng, look, half, top = b.rng, (s.paint, (1.15,) * 3), width / 2, y - height
    b.facing(p, (-half, top, half, y), -0.01, s.outdoors, fit=(0, 0, 1, 1))
    for x in (-half - 0.06, half):
        b.box(p, (x, top - 0.06, -0.05), (x + 0.06, y, 0), *look, ("back",))
    b.box(p, (-half, top - 0.06, -0.05), (half, top, 0), *look, ("back",))
    b.box(p, (-half - 0.1, y, -0.2), (half + 0.1, y + 0.03, 0), *look, ("back",))
    if rng.uniform() < 0.6:
        cloth = any_tint(rng)
        for left in (-half - 0.25, half - 0.05):
            right = left + 0.3
            b.box(p, (left, top - 0.15, -0.12), (right, -0.1, -0.06), s.fabric, cloth, (), True)
    if rng.uniform() < 0.7:
        b.box(p, (-0.4 * width, y + 0.2, -0.12), (0.4 * width, -0.12, -0.02), *look, (), True)
        for k in np.arange(-0.38 * width, 0.36 * width, 0.09):
            b.box(p, (k, y + 0.22, -0.14), (k + 0.04, -0.14, -0.12), *look, ("back",))
