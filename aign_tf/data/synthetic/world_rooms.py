"""Furnished rooms: a box of 3 to 8 m, lined with furniture, and some of it in the middle."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from aign_tf.data.synthetic import world_pictures as pictures
from aign_tf.data.synthetic import world_textures as textures
from aign_tf.data.synthetic.room_fittings import ceiling_lamp
from aign_tf.data.synthetic.room_layout import FREE, Floor, drawn
from aign_tf.data.synthetic.room_stock import Stock
from aign_tf.data.synthetic.room_walls import Wall
from aign_tf.data.synthetic.world_builder import Builder
from aign_tf.data.synthetic.world_paint import Material, colour
from aign_tf.data.synthetic.world_places import Place

SIDES = (3.0, 6.5, 8.0)  # metres: least, most often, most
HEIGHTS = (2.4, 3.0)
PATH = 0.5  # metres kept free around what stands in the middle


class Looks(NamedTuple):
    """The materials of a room."""

    floor: Material
    ceiling: Material
    walls: tuple[Material, Material]
    rug: Material
    stock: Stock


def draw_looks(rng: np.random.Generator) -> Looks:
    """Materials that go together, more or less."""
    white = colour(rng.uniform(30, 60), rng.uniform(0, 0.12), rng.uniform(0.75, 0.95))
    ceiling = textures.plaster(rng, white) if rng.uniform() < 0.6 else textures.panels(rng)
    hue = rng.uniform(0, 360)
    walls = tuple(
        _wall(rng, colour(hue + rng.normal(0, 30), rng.uniform(0.05, 0.4), rng.uniform(0.6, 0.95)))
        for _ in range(2)
    )
    leaf = colour(rng.uniform(80, 130), rng.uniform(0.4, 0.7), rng.uniform(0.4, 0.65))
    stock = Stock(
        textures.wood(rng),
        textures.plaster(rng, np.full(3, 0.8), 1.6),
        textures.fabric(rng),
        pictures.books(rng),
        pictures.paintings(rng),
        textures.rough(rng, leaf, 0.4, 1.0),
        pictures.outdoors(rng),
        pictures.door(rng),
    )
    return Looks(_floor(rng), ceiling, walls, pictures.rug(rng), stock)


def _floor(rng: np.random.Generator) -> Material:
    kind = rng.uniform()
    if kind < 0.4:
        return textures.planks(rng)
    if kind < 0.75:
        return textures.tiles(rng)
    base = colour(rng.uniform(0, 360), rng.uniform(0.05, 0.4), rng.uniform(0.3, 0.65))
    return textures.rough(rng, base, 0.16, 3.0)


def _wall(rng: np.random.Generator, base: np.ndarray) -> Material:
    kind = rng.uniform()
    if kind < 0.4:
        return textures.wallpaper(rng, base)
    if kind < 0.75:
        return textures.plaster(rng, base)
    if kind < 0.88:
        return textures.bricks(rng, (0, 45))
    return textures.planks(rng)


def build_room(b: Builder, looks: Looks) -> np.ndarray:
    """Builds a room and all that stands in it, from the origin. Returns its size in x and z."""
    rng = b.rng
    size, height = rng.triangular(*SIDES, 2), rng.uniform(*HEIGHTS)
    walls = _shell(b, size, height, looks)
    floor = Floor(size)
    door = rng.integers(len(walls))
    for number in rng.permutation(len(walls)):
        walls[number].line(b, looks.stock, floor, number == door or rng.uniform() < 0.15)
    _middle(b, floor, height, looks)
    return size


def _shell(b: Builder, size: np.ndarray, height: float, looks: Looks) -> list[Wall]:
    """Floor, ceiling and walls."""
    rng, (width, length) = b.rng, size
    turned = rng.uniform() < 0.5
    b.lying(Place(0, 0), (0, 0, *size), 0.0, looks.floor, origin=np.zeros(3), turned=turned)
    roof = [(0, -height, 0), (width, -height, 0), (width, -height, length), (0, -height, length)]
    b.panel(np.array(roof), looks.ceiling, tint=1.15)
    walls = []
    for turn, (x, z) in enumerate([(0, length), (width, length), (width, 0), (0, 0)]):
        across, place = size[turn % 2], Place(x, z, turn * np.pi / 2)
        look = looks.walls[int(rng.uniform() < 0.4)]
        origin = place.world([(0, -height, 0)])[0]
        b.facing(place, (0, -height, across, 0), 0.0, look, origin=origin)
        skirting = (0, -0.08, -0.015), (across, 0, 0)
        b.box(place, *skirting, looks.stock.paint, 0.9, ("back", "left", "right"))
        walls.append(Wall(place, across, height))
    return walls


def _middle(b: Builder, floor: Floor, height: float, looks: Looks) -> None:
    """A rug, what stands away from the walls, and lamps at the ceiling."""
    rng, size = b.rng, floor.size
    if rng.uniform() < 0.6:
        half = size * rng.uniform(0.15, 0.27, 2)
        place = Place(*(size * rng.uniform(0.4, 0.6, 2)), rng.choice([0.0, rng.normal(0, 0.3)]))
        b.lying(place, (*-half, *half), -0.01, looks.rug, fit=(0, 0, 1, 1))
    for _ in range(int(rng.uniform(0.4, 1.2) * size.prod() / 4)):
        kind, (width, high, depth) = drawn(rng, FREE)
        place = Place(*(size * rng.uniform(0.2, 0.8, 2)), rng.integers(4) * np.pi / 2)
        place = place.at(0, 0, rng.normal(0, 0.2)).at(0, depth / 2)
        if floor.take(place, width, depth, PATH):
            kind.build(b, place, looks.stock, width, high, depth)
    for _ in range(rng.integers(1, 3)):
        ceiling_lamp(b, Place(*(size * rng.uniform(0.3, 0.7, 2)), 0, -height), looks.stock)
