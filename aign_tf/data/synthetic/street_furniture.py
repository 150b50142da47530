"""Things in a street, of metric size. Places are on the ground: x to the right, y down.

What faces the road does so towards -z; a car drives towards z.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from aign_tf.data.synthetic.room_stock import any_tint, wood_tint
from aign_tf.data.synthetic.world_builder import Builder
from aign_tf.data.synthetic.world_paint import Material, colour
from aign_tf.data.synthetic.world_pictures import PAINTINGS
from aign_tf.data.synthetic.world_places import Place

GLASS = (0.22, 0.27, 0.33)
DARK = (0.16, 0.16, 0.17)


class Stock(NamedTuple):
    """The materials of a street."""

    asphalt: Material
    slabs: Material
    grass: Material
    leaves: Material
    paint: Material
    wood: Material
    door: Material
    paintings: Material


def car(b: Builder, p: Place, s: Stock) -> None:
    """A parked car 3.8 to 4.7 m long, about 1.75 m wide and 1.45 m high."""
    rng = b.rng
    long, half, high = rng.uniform(3.8, 4.7) / 2, rng.uniform(0.84, 0.92), rng.uniform(1.38, 1.6)
    waist = rng.uniform(0.82, 0.92)
    tint = 1.2 * colour(rng.uniform(0, 360), rng.choice([0.05, 0.1, 0.7]), rng.uniform(0.25, 0.95))
    b.box(p, (-half, -waist, -long), (half, -0.28, long), s.paint, tint)
    b.box(p, (-half - 0.01, -0.45, -long - 0.04), (half + 0.01, -0.3, long + 0.04), s.paint, DARK)
    back = -long + rng.uniform(0.05, 0.5)
    front = long - rng.uniform(1.0, 1.3)
    base = ((-half + 0.04, back), (half - 0.04, front))
    roof = (
        (-half + 0.2, back + rng.uniform(0.15, 0.5)),
        (half - 0.2, front - rng.uniform(0.6, 0.9)),
    )
    b.frustum(p, roof, -high, base, -waist, s.paint, GLASS)
    b.lying(p, (roof[0][0], roof[0][1], roof[1][0], roof[1][1]), -high - 0.01, s.paint, tint=tint)
    for z in (-0.62 * long, 0.62 * long):
        for side in (-1, 1):
            hub = p.at(side * (half + 0.015), z, -side * np.pi / 2, -0.31)
            b.disc(hub, 0.31, 10, s.paint, DARK)
            b.disc(hub.at(0, -0.01), 0.19, 8, s.paint, (0.75,) * 3)
    for x in (-half + 0.08, half - 0.36):
        lamp = (x, -waist + 0.1, x + 0.28, -waist + 0.24)
        b.facing(p, lamp, -long - 0.01, s.paint, tint=(0.9, 0.15, 0.1))
        b.facing(p.at(0, 0, np.pi), lamp, -long - 0.01, s.paint, tint=(1.2, 1.2, 1.1))
    for turn in (0, np.pi):
        plate = (-0.26, -0.58, 0.26, -0.47)
        b.facing(p.at(0, 0, turn), plate, -long - 0.02, s.paint, tint=(1.2,) * 3)
    b.shadow(p, (-half, -long, half, long), 0.4, 0.15)


def tree(b: Builder, p: Place, s: Stock) -> None:
    rng = b.rng
    high = rng.uniform(2.8, 4.2)
    b.prism(p, [(-high - 0.5, 0.08), (0, rng.uniform(0.11, 0.2))], 6, s.wood, (0.5, 0.42, 0.36))
    size = rng.uniform(0.9, 1.5)
    for _ in range(rng.integers(2, 5)):
        x, z = rng.uniform(-0.6, 0.6, 2) * size
        tuft = p.at(x, z, rng.uniform(0, 6), -high - rng.uniform(1.0, 1.9) * size)
        wide = size * rng.uniform(0.6, 1.0)
        rings = [(-0.2 * wide, 0.4 * wide), (0.5 * wide, wide), (1.2 * wide, 0.9 * wide)]
        b.prism(tuft, [*rings, (1.7 * wide, 0.3 * wide)], 8, s.leaves, rng.uniform(0.75, 1.2, 3))
    b.shadow(p, (-size, -size, size, size), 0.7, 0.4)


def lamp(b: Builder, p: Place, s: Stock) -> None:
    b.prism(p, [(-5.0, 0.05), (-1.0, 0.07), (0, 0.1)], 6, s.paint, (0.35, 0.38, 0.36))
    b.box(p, (-0.04, -5.05, -1.6), (0.04, -4.97, 0), s.paint, (0.35,) * 3)
    b.box(p, (-0.12, -5.1, -2.0), (0.12, -4.95, -1.4), s.paint, (0.8,) * 3)


def sign(b: Builder, p: Place, s: Stock) -> None:
    """A round traffic sign of 0.6 m or an advertisement, facing the traffic."""
    b.prism(p, [(-2.6, 0.035), (0, 0.035)], 6, s.paint, (0.6,) * 3)
    tint = ((0.2, 0.35, 1.0), (1.1, 0.2, 0.15), (1.2, 1.0, 0.2))[b.rng.integers(3)]
    for turn in (np.pi / 2, -np.pi / 2):
        front = p.at(0, 0, turn, -2.35).at(0, -0.05)
        b.disc(front, 0.32, 10, s.paint, tint)
        b.disc(front.at(0, -0.005), 0.22, 8, s.paint, (1.2,) * 3)
        b.facing(front.at(0, -0.01), (-0.15, -0.04, 0.15, 0.04), 0, s.paint, tint=DARK)


def bin_(b: Builder, p: Place, s: Stock) -> None:
    tint = any_tint(b.rng)
    b.prism(p, [(-0.95, 0.27), (0, 0.22)], 8, s.paint, tint)
    b.prism(p, [(-1.05, 0.2), (-0.95, 0.3)], 8, s.paint, 0.7 * tint)


def bollard(b: Builder, p: Place, s: Stock) -> None:
    for x in (-1.2, 0.0, 1.2):
        post = p.at(x, 0)
        b.prism(post, [(-0.9, 0.05), (-0.15, 0.07), (0, 0.09)], 6, s.paint, (0.3,) * 3)
        b.prism(post, [(-0.8, 0.07), (-0.68, 0.07)], 6, s.paint, (1.15,) * 3)


def entrance(b: Builder, p: Place, s: Stock) -> None:
    """A door of 1 x 2.1 m with its frame, a step and a canopy."""
    frame = 0.4 + 0.6 * any_tint(b.rng)
    b.box(p, (-0.7, -2.45, -0.12), (0.7, 0, 0), s.paint, frame, ("back", "bottom"))
    b.facing(p, (-0.5, -2.25, 0.5, -0.15), -0.13, s.door, tint=wood_tint(b.rng), fit=(0, 0, 1, 1))
    b.box(p, (-0.8, -0.15, -0.5), (0.8, 0, 0), s.slabs, (0.9,) * 3, ("back", "bottom"))
    if b.rng.uniform() < 0.5:
        b.box(p, (-0.9, -2.75, -0.9), (0.9, -2.6, 0), s.paint, frame, ("back",))


def shop(b: Builder, p: Place, s: Stock, width: float) -> None:
    """A window with goods, a board above and sometimes an awning."""
    half, tint = width / 2, any_tint(b.rng)
    b.box(p, (-half, -2.6, -0.1), (half, 0, 0), s.paint, tint, ("back", "bottom"))
    row, column = b.rng.integers(PAINTINGS), b.rng.integers(PAINTINGS - 1)
    goods = (column, row, column + 2, row + 1)
    b.facing(p, (-half + 0.15, -2.2, half - 0.15, -0.5), -0.11, s.paintings, tint=0.6, fit=goods)
    b.box(p, (-half, -3.0, -0.16), (half, -2.6, 0), s.paint, 0.4 + any_tint(b.rng), ("back",))
    if b.rng.uniform() < 0.5:
        cloth = any_tint(b.rng)
        corners = [
            (-half, -2.6, -0.1),
            (half, -2.6, -0.1),
            (half, -2.25, -1.1),
            (-half, -2.25, -1.1),
        ]
        b.panel(p.world(corners), s.paint, cloth)
        b.panel(p.world([corners[k] for k in (3, 2, 1, 0)]), s.paint, 0.6 * cloth)
        b.box(p, (-half, -2.25, -1.12), (half, -2.05, -1.1), s.paint, cloth)


def balcony(b: Builder, p: Place, s: Stock, width: float) -> None:
    half = width / 2
    b.box(p, (-half, -0.15, -0.9), (half, 0, 0), s.paint, (0.8,) * 3, ("back",))
    if b.rng.uniform() < 0.5:
        b.box(p, (-half, -1.0, -0.9), (half, -0.15, -0.85), s.paint, any_tint(b.rng))
    else:
        b.box(p, (-half, -1.02, -0.9), (half, -0.97, -0.85), s.paint, DARK)
        for x in np.arange(-half, half, 0.3):
            b.box(p, (x, -0.97, -0.9), (x + 0.05, -0.15, -0.86), s.paint, DARK, ("back", "top"))
