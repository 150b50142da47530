"""What is fixed to walls and ceilings.

Places at walls are at their foot: x to the right, y down, z into the wall.
"""

from __future__ import annotations

import numpy as np

from aign_tf.data.synthetic.room_stock import Stock, any_tint, body, ornaments, wood_tint
from aign_tf.data.synthetic.world_builder import Builder
from aign_tf.data.synthetic.world_pictures import PAINTINGS
from aign_tf.data.synthetic.world_places import Place


def picture(b: Builder, p: Place, s: Stock, width: float, height: float, y: float) -> None:
    """Hangs on a wall with its middle at `y`."""
    column, row = b.rng.integers(PAINTINGS, size=2)
    box = (-width / 2, y - height / 2, width / 2, y + height / 2)
    b.box(
        p, (box[0], box[1], -0.03), (box[2], box[3], 0), s.wood, wood_tint(b.rng), ("front", "back")
    )
    b.facing(p, box, -0.03, s.paintings, fit=(column, row, column + 1, row + 1))


def hung_shelf(b: Builder, p: Place, s: Stock, width: float, y: float) -> None:
    """A board on a wall with things on it."""
    look = body(b.rng, s)
    b.box(p, (-width / 2, y, -0.24), (width / 2, y + 0.03, 0), *look, ("back",))
    if b.rng.uniform() < 0.5:
        half, high = width / 2, b.rng.uniform(0.17, 0.27)
        b.box(p, (-half, y - high, -0.2), (half * b.rng.uniform(0, 0.8), y, -0.02), s.books)
    else:
        ornaments(b, p, s, width, 0.24, y)


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


def ceiling_lamp(b: Builder, p: Place, s: Stock) -> None:
    """Hangs from `p`."""
    drop = b.rng.uniform(0.05, 0.3)
    b.prism(p, [(0, 0.01), (drop, 0.01)], 4, s.paint, (0.4,) * 3)
    shade = [(drop, 0.1), (drop + 0.15, 0.2)]
    b.prism(p, shade, 8, s.fabric, 0.6 + 0.6 * any_tint(b.rng))
