"""Rows of houses along a street."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from aign_tf.data.synthetic import street_furniture as furniture
from aign_tf.data.synthetic import world_pictures as pictures
from aign_tf.data.synthetic import world_textures as textures
from aign_tf.data.synthetic.street_furniture import Stock
from aign_tf.data.synthetic.street_ground import KERB, Road
from aign_tf.data.synthetic.world_builder import Builder
from aign_tf.data.synthetic.world_paint import Material, colour
from aign_tf.data.synthetic.world_places import Place


class Front(NamedTuple):
    """What a house shows to the street; widths of bays and heights of storeys in metres."""

    facade: Material
    wall: Material
    bay: float
    storey: float


def draw_front(rng: np.random.Generator) -> Front:
    """Brick or plaster, with windows."""
    if rng.uniform() < 0.5:
        wall = textures.bricks(rng)
    else:
        base = colour(rng.uniform(15, 60), rng.uniform(0.05, 0.4), rng.uniform(0.6, 0.9))
        wall = textures.plaster(rng, base, 4.0)
    facade, storey = pictures.facade(rng, wall)
    return Front(facade, wall, facade.metres[0] / 3, storey)


def houses(
    b: Builder, road: Road, side: int, near: float, fronts: list[Front], stock: Stock
) -> None:
    """A row of houses from one end of the road to the other, and a second one behind it."""
    rng, along = b.rng, 0.0
    while along < road.length:
        front = fronts[rng.integers(len(fronts))]
        width = front.bay * rng.integers(3, 6)
        setback = rng.choice([0.0, 0.0, 0.6, 1.5, 3.5])
        spot = road.place(along + width / 2).at(side * near, 0, side * np.pi / 2)
        yard = stock.grass if setback > 1 else stock.slabs
        half = width / 2 + 2.5
        b.lying(spot, (-half, 0, half, 30), -KERB + 0.01, yard)
        if setback > 1:
            _hedge(b, spot, width, stock)
        _house(b, spot.at(0, setback, y=-KERB), front, width, stock)
        if rng.uniform() < 0.4:
            along += rng.uniform(1.0, 4.0)
        along += width
    for along in np.arange(0, road.length + 10, 22.0):
        front = fronts[rng.integers(len(fronts))]
        spot = road.place(along).at(side * (near + rng.uniform(18, 24)), 0, side * np.pi / 2)
        _block(b, spot, front, 26.0, front.storey * rng.integers(2, 5), 8.0)


def _block(
    b: Builder, spot: Place, front: Front, width: float, height: float, depth: float, tint=1.0
) -> None:
    """Walls and a hipped roof."""
    half = width / 2
    origin = spot.world([(-half, 0, 0)])[0]
    b.facing(spot, (-half, -height, half, 0), 0, front.facade, tint=tint, origin=origin)
    b.box(
        spot, (-half, -height, 0), (half, 0, depth), front.wall, tint, ("front", "back", "bottom")
    )
    eaves = ((-half - 0.3, -0.3), (half + 0.3, depth + 0.3))
    ridge = ((-half + 2, depth / 2 - 0.1), (half - 2, depth / 2 + 0.1))
    roof = b.rng.choice([0.35, 0.5, 0.7]) * np.array([1.1, 0.85, 0.75])
    rise = b.rng.uniform(1.5, 3.5)
    b.frustum(spot, ridge, -height - 0.2 - rise, eaves, -height - 0.2, front.wall, roof)
    low, high = (-half - 0.3, -height - 0.2, -0.3), (half + 0.3, -height, depth)
    b.box(spot, low, high, front.wall, 0.9, ("back", "top"))


def _house(b: Builder, spot: Place, front: Front, width: float, stock: Stock) -> None:
    rng = b.rng
    storeys = rng.integers(2, 5)
    tint = rng.uniform(0.85, 1.12) * (1 + 0.06 * rng.standard_normal(3))
    _block(b, spot, front, width, storeys * front.storey, rng.uniform(7, 10), tint)
    half = width / 2
    b.box(spot, (-half, -0.35, -0.05), (half, 0, 0), stock.paint, (0.6,) * 3, ("back", "bottom"))
    bays = round(width / front.bay)
    entrance = rng.integers(bays)
    middle = (entrance + 0.5) * front.bay - half
    furniture.entrance(b, spot.at(middle, 0), stock)
    for bay in range(bays):
        x = (bay + 0.5) * front.bay - half
        if bay != entrance and rng.uniform() < 0.2:
            furniture.shop(b, spot.at(x, 0), stock, front.bay - 0.3)
        for floor in range(1, storeys):
            if rng.uniform() < 0.15:
                y = -floor * front.storey
                furniture.balcony(b, spot.at(x, 0, y=y), stock, min(front.bay - 0.2, 2.4))


def _hedge(b: Builder, spot: Place, width: float, stock: Stock) -> None:
    half, high = width / 2, b.rng.uniform(0.7, 1.4)
    look = (stock.leaves, (1.0,) * 3) if b.rng.uniform() < 0.6 else (stock.slabs, (0.9,) * 3)
    for left, right in ((-half, -0.8), (0.8, half)):
        b.box(spot, (left, -high, 0.1), (right, -KERB, 0.5), *look, ("bottom",))


def end(b: Builder, road: Road, front: Front) -> None:
    """A house across the end of the road."""
    _block(b, road.place(road.length), front, 16 * front.bay, 3 * front.storey, 8.0)
