"""Furniture of metric size.

The place of a piece is on the floor, in the middle of its back: x to the right, y down, its front
towards -z.
"""

from __future__ import annotations

import numpy as np

from aign_tf.data.synthetic.room_stock import Stock, any_tint, body, ornaments
from aign_tf.data.synthetic.world_builder import Builder
from aign_tf.data.synthetic.world_paint import colour
from aign_tf.data.synthetic.world_places import Place


def _legs(b: Builder, p: Place, width: float, depth: float, height: float, thick: float, *look):
    for x in (-width / 2 + 0.03, width / 2 - 0.03 - thick):
        for z in (-depth + 0.03, -0.03 - thick):
            b.box(p, (x, -height, z), (x + thick, 0, z + thick), *look, ("top", "bottom"), True)


def cupboard(b: Builder, p: Place, s: Stock, width: float, height: float, depth: float) -> None:
    """With doors or drawers, and handles."""
    rng = b.rng
    look = body(rng, s)
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
    ornaments(b, p, s, width, depth, -height)


def bookshelf(b: Builder, p: Place, s: Stock, width: float, height: float, depth: float) -> None:
    """Boards with rows of books between them."""
    rng, look, thick = b.rng, body(b.rng, s), 0.025
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
    look = body(b.rng, s)
    b.box(p, (-width / 2, -height, -depth), (width / 2, -height + 0.04, 0), *look)
    _legs(b, p, width, depth, height - 0.04, b.rng.uniform(0.04, 0.08), *look)
    ornaments(b, p, s, width, depth, -height)
    b.shadow(p, (-width / 2, -depth, width / 2, 0), 0.5, 0.2)


def dining(b: Builder, p: Place, s: Stock, width: float, height: float, depth: float) -> None:
    """A table with chairs on two sides."""
    rng = b.rng
    table(b, p, s, width, height, depth)
    middle = p.at(0, -depth / 2)
    for side in (0, np.pi):
        for x in (-width / 4, width / 4) if width > 1.3 else (0.0,):
            if rng.uniform() < 0.8:
                spot = middle.at(0, 0, side).at(x, depth / 2 + rng.uniform(0.15, 0.4))
                spot = spot.at(0, 0, rng.normal(0, 0.15))
                chair(b, spot, s, 0.44, rng.uniform(0.85, 1.0), 0.44)


def chair(b: Builder, p: Place, s: Stock, width: float, height: float, depth: float) -> None:
    look = body(b.rng, s)
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
    rng, look, half = b.rng, body(b.rng, s), width / 2
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
    b.prism(
        spot, [(-height, 0.12), (-height + 0.32, 0.22)], 10, s.fabric, 0.5 + 0.6 * any_tint(b.rng)
    )


def plant(b: Builder, p: Place, s: Stock, width: float, height: float, depth: float) -> None:
    rng, spot = b.rng, p.at(0, -depth / 2)
    b.prism(spot, [(-0.35, 0.18), (0, 0.13)], 8, s.paint, any_tint(rng))
    b.prism(spot, [(-height + 0.2, 0.02), (-0.35, 0.03)], 5, s.wood, (0.4, 0.3, 0.2))
    for _ in range(3):
        tuft = spot.at(
            *rng.uniform(-0.12, 0.12, 2), rng.uniform(0, 6), -rng.uniform(0.7, 1) * height
        )
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
