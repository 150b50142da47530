"""Streets: a road between rows of houses, with parked cars, trees, lamps and signs.

The road winds gently. Frames along it have x to the right of the driver and z ahead.
"""

from __future__ import annotations

import numpy as np

from aign_tf.data.synthetic import street_furniture as furniture
from aign_tf.data.synthetic import world_pictures as pictures
from aign_tf.data.synthetic import world_textures as textures
from aign_tf.data.synthetic.street_furniture import Stock
from aign_tf.data.synthetic.street_ground import KERB, Road, ground, markings, pavement
from aign_tf.data.synthetic.street_houses import draw_front, end, houses
from aign_tf.data.synthetic.world_builder import Builder
from aign_tf.data.synthetic.world_paint import colour
from aign_tf.data.synthetic.world_walks import smooth

BEHIND = 12.0  # metres of the road before the first frame
AHEAD = 55.0  # and after the last
LANE = 1.5  # from the middle of the road to the car's


def build_street(b: Builder, speeds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Builds a street and drives along it at `speeds` (metres a frame).

    Returns:
      Positions `[N, 2]` (x, z) of the car, and its headings `[N]`, radians.
    """
    rng = b.rng
    along = BEHIND + np.concatenate([[0.0], np.cumsum(speeds[:-1])])
    road = _road(rng, along[-1] + AHEAD)
    stock = _stock(rng)
    fronts = [draw_front(rng) for _ in range(5)]
    ground(b, road, stock)
    markings(b, road, stock)
    for side in (-1, 1):
        walk = rng.uniform(2.0, 3.2)
        pavement(b, road, side, walk, stock)
        houses(b, road, side, road.half + walk, fronts, stock)
        _kerbside(b, road, side, stock)
    end(b, road, fronts[0])
    drift = LANE + 0.2 * smooth(rng, len(speeds), 40).clip(-1.5, 1.5)
    places = [road.place(s) for s in along]
    positions = np.array([place.at(x, 0).origin[::2] for place, x in zip(places, drift)])
    return positions, np.array([place.yaw for place in places])


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


def _kerbside(b: Builder, road: Road, side: int, stock: Stock) -> None:
    """Parked cars, and on the pavement trees, lamps, signs and bins."""
    rng, along = b.rng, b.rng.uniform(0.0, 5.0)
    while along < road.length - 3:
        if rng.uniform() < 0.7:
            x = side * (road.half - 1.05 + rng.uniform(-0.08, 0.08))
            turn = (0 if side > 0 else np.pi) + rng.normal(0, 0.02)
            furniture.car(b, road.place(along).at(x, 0, turn), stock)
        along += rng.uniform(5.2, 7.5)
    along = rng.uniform(0.0, 5.0)
    pieces = (furniture.tree, furniture.lamp, furniture.sign, furniture.bin_, furniture.bollard)
    while along < road.length:
        piece = pieces[rng.choice(len(pieces), p=(0.4, 0.2, 0.15, 0.1, 0.15))]
        piece(b, road.place(along).at(side * (road.half + 0.6), 0, side * np.pi / 2, -KERB), stock)
        along += rng.uniform(3.5, 8.0)
