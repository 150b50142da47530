"""What furniture is made of, and what stands on it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from aign_tf.data.synthetic.world_builder import Builder
from aign_tf.data.synthetic.world_paint import Material, colour
from aign_tf.data.synthetic.world_places import Place


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


def body(rng: np.random.Generator, stock: Stock) -> tuple[Material, np.ndarray]:
    if rng.uniform() < 0.7:
        return stock.wood, wood_tint(rng)
    return stock.paint, any_tint(rng)


def ornaments(b: Builder, p: Place, s: Stock, width: float, depth: float, y: float) -> None:
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
                b.box(
                    spot.at(0, 0, rng.uniform(-0.2, 0.2)),
                    low,
                    (wide, top, 0.09),
                    s.paint,
                    any_tint(rng),
                )
                top -= high
        elif kind == 3:
            b.prism(spot, [(-0.25, 0.012), (0, 0.05)], 6, s.wood, wood_tint(rng))
            b.prism(spot, [(-0.42, 0.07), (-0.22, 0.13)], 8, s.fabric, any_tint(rng))
        x += rng.uniform(0.25, 0.5)
