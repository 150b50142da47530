"""Streets: a road between rows of houses, with parked cars, trees, lamps and signs.

The road winds gently. Frames along it have x to the right of the driver and z ahead.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from aign_tf.data.synthetic import street_furniture as furniture
from aign_tf.data.synthetic import world_pictures as pictures
from aign_tf.data.synthetic import world_textures as textures
from aign_tf.data.synthetic.street_furniture import Stock
from aign_tf.data.synthetic.world_builder import Builder, Place
from aign_tf.data.synthetic.world_textures import Material, colour
from aign_tf.data.synthetic.world_walks import smooth

BEHIND = 12.0  # metres of the road before the first frame
AHEAD = 55.0  # and after the last
KERB = 0.12  # metres
LANE = 1.5  # from the middle of the road to the car's


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


class Front(NamedTuple):
    """What a house shows to the street."""

    facade: Material
    wall: Material
    bay: float
    storey: float


def build_street(b: Builder, speeds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Builds a street and drives along it at `speeds` (metres a frame).

    Returns:
      Positions `[N, 2]` (x, z) of the car, and its headings `[N]`, radians.
    """
    rng = b.rng
    along = BEHIND + np.concatenate([[0.0], np.cumsum(speeds[:-1])])
    road = _road(rng, along[-1] + AHEAD)
    stock = _stock(rng)
    fronts = [_front(rng) for _ in range(5)]
    _ground(b, road, stock)
    _markings(b, road, stock)
    for side in (-1, 1):
        walk = rng.uniform(2.0, 3.2)
        _pavement(b, road, side, walk, stock)
        _houses(b, road, side, road.half + walk, fronts, stock)
        _kerbside(b, road, side, stock)
    _end(b, road, fronts[0])
    drift = LANE + 0.2 * smooth(rng, len(speeds), 40).clip(-1.5, 1.5)
    places = [road.place(s) for s in along]
    positions = np.array([p.world([(x, 0, 0)])[0, ::2] for p, x in zip(places, drift)])
    return positions, np.array([p.yaw for p in places])


def _road(rng: np.random.Generator, length: float) -> Road:
    swing, wave, phase = np.radians(rng.uniform(10, 32)), rng.uniform(110, 220), rng.uniform(0, 6.3)
    along = np.arange(int(length) + 2)
    headings = swing * np.sin(2 * np.pi * along / wave + phase)
    steps = np.stack([np.sin(headings), np.cos(headings)], axis=-1)
    return Road(np.cumsum(steps, axis=0) - steps[0], headings, rng.uniform(4.7, 5.6))


def _stock(rng: np.random.Generator) -> Stock:
    leaf = colour(rng.uniform(75, 125), rng.uniform(0.35, 0.65), rng.uniform(0.4, 0.6))
    grey = colour(rng.uniform(0, 360), 0.06, rng.uniform(0.35, 0.5))
    return Stock(
        textures.rough(rng, grey, 0.2, 5.0),
        textures.slabs(rng),
        textures.rough(rng, leaf, 0.35, 3.0),
        textures.rough(rng, leaf, 0.45, 2.0),
        textures.plaster(rng, np.full(3, 0.8), 2.0),
        textures.wood(rng),
        pictures.door(rng),
        pictures.paintings(rng),
    )


def _front(rng: np.random.Generator) -> Front:
    if rng.uniform() < 0.5:
        wall = textures.bricks(rng)
    else:
        base = colour(rng.uniform(15, 60), rng.uniform(0.05, 0.4), rng.uniform(0.6, 0.9))
        wall = textures.plaster(rng, base, 4.0)
    facade, storey = pictures.facade(rng, wall)
    return Front(facade, wall, facade.metres[0] / 3, storey)


def _ground(b: Builder, road: Road, stock: Stock) -> None:
    low, high = road.points.min(axis=0) - 60, road.points.max(axis=0) + 60
    b.lying(Place(0, 0), (*low, *high), 0.0, stock.asphalt)
    for along in np.arange(0, road.length, 7.0):
        if b.rng.uniform() < 0.7:
            x, wide, long = b.rng.uniform(-0.7, 0.7) * road.half, *b.rng.uniform(0.4, 2.0, 2)
            tint = b.rng.uniform(0.65, 1.25)
            spot = road.place(along + b.rng.uniform(0, 6))
            b.lying(spot, (x, -long, x + wide, long), -0.002, stock.asphalt, tint=tint)


def _markings(b: Builder, road: Road, stock: Stock) -> None:
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


def _pavement(b: Builder, road: Road, side: int, width: float, stock: Stock) -> None:
    near = road.half
    for along in np.arange(0, road.length, 4.0):
        spot = road.place(along + 2).at(side * near, 0, side * np.pi / 2)
        b.box(spot, (-2.1, -KERB, 0), (2.1, 0, 0.15), stock.paint, (0.8,) * 3, ("back", "bottom"))
        b.lying(spot, (-2.1, 0.15, 2.1, width), -KERB, stock.slabs, tint=b.rng.uniform(0.95, 1.05))


def _houses(
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
    b.box(spot, (-half, -height, 0), (half, 0, depth), front.wall, tint, ("front", "back", "bottom"))
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


def _kerbside(b: Builder, road: Road, side: int, stock: Stock) -> None:
    """Parked cars, and on the pavement trees, lamps, signs and bins."""
    rng, along = b.rng, rng_along(b.rng)
    while along < road.length - 3:
        if rng.uniform() < 0.7:
            x = side * (road.half - 1.05 + rng.uniform(-0.08, 0.08))
            turn = (0 if side > 0 else np.pi) + rng.normal(0, 0.02)
            furniture.car(b, road.place(along).at(x, 0, turn), stock)
        along += rng.uniform(5.2, 7.5)
    along = rng_along(rng)
    pieces = (furniture.tree, furniture.lamp, furniture.sign, furniture.bin_, furniture.bollard)
    while along < road.length:
        piece = pieces[rng.choice(len(pieces), p=(0.4, 0.2, 0.15, 0.1, 0.15))]
        piece(b, road.place(along).at(side * (road.half + 0.6), 0, side * np.pi / 2, -KERB), stock)
        along += rng.uniform(3.5, 8.0)


def rng_along(rng: np.random.Generator) -> float:
    return rng.uniform(0.0, 5.0)


def _end(b: Builder, road: Road, front: Front) -> None:
    """A house across both ends of the road."""
    _block(b, road.place(road.length), front, 16 * front.bay, 3 * front.storey, 8.0)
