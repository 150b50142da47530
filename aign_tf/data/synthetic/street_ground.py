"""The road of a street, what is painted on it, and the pavements."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from aign_tf.data.synthetic.street_furniture import Stock
from aign_tf.data.synthetic.world_builder import Builder
from aign_tf.data.synthetic.world_places import Place

KERB = 0.12  # metres


class Road(NamedTuple):
    """The middle of a road in steps of a metre, and half its width."""

    points: np.ndarray
    headings: np.ndarray
    half: float

    def place(self, along: float) -> Place:
        steps = np.arange(len(self.points))
        x, z = (np.interp(along, steps, self.points[:, axis]) for axis in range(2))
        return Place(x, z, np.interp(along, steps, self.headings))

    @property
    def length(self) -> float:
        return len(self.points) - 1.0


def ground(b: Builder, road: Road, stock: Stock) -> None:
    low, high = road.points.min(axis=0) - 60, road.points.max(axis=0) + 60
    b.lying(Place(0, 0), (*low, *high), 0.0, stock.asphalt)
    for along in np.arange(0, road.length, 7.0):
        if b.rng.uniform() < 0.7:
            x, wide, long = b.rng.uniform(-0.7, 0.7) * road.half, *b.rng.uniform(0.4, 2.0, 2)
            tint = b.rng.uniform(0.65, 1.25)
            spot = road.place(along + b.rng.uniform(0, 6))
            b.lying(spot, (x, -long, x + wide, long), -0.002, stock.asphalt, tint=tint)


def markings(b: Builder, road: Road, stock: Stock) -> None:
    """Dashes of 3 m in the middle, lines along the parked cars, and zebra crossings."""
    rng, white = b.rng, (1.15,) * 3
    gap = rng.choice([3.0, 4.5, 6.0])
    for along in np.arange(rng.uniform(0, 3), road.length - 3, 3 + gap):
        b.lying(road.place(along + 1.5), (-0.07, -1.5, 0.07, 1.5), -0.005, stock.paint, tint=white)
    edge = road.half - 2.1
    for along in np.arange(0, road.length, 4.0):
        for x in (-edge, edge):
            box = (x - 0.06, -2.0, x + 0.06, 2.0)
            b.lying(road.place(along + 2), box, -0.005, stock.paint, tint=white)
    for along in np.arange(rng.uniform(10, 35), road.length, rng.uniform(35, 60)):
        spot = road.place(along)
        for x in np.arange(-road.half + 0.4, road.half - 0.5, 1.0):
            b.lying(spot, (x, -1.5, x + 0.5, 1.5), -0.006, stock.paint, tint=white)


def pavement(b: Builder, road: Road, side: int, width: float, stock: Stock) -> None:
    near = road.half
    for along in np.arange(0, road.length, 4.0):
        spot = road.place(along + 2).at(side * near, 0, side * np.pi / 2)
        b.box(spot, (-2.1, -KERB, 0), (2.1, 0, 0.15), stock.paint, (0.8,) * 3, ("back", "bottom"))
        b.lying(spot, (-2.1, 0.15, 2.1, width), -KERB, stock.slabs, tint=b.rng.uniform(0.95, 1.05))
