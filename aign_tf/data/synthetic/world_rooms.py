"""Furnished rooms: a box of 3 to 8 m, its walls lined with furniture, doors and windows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from aign_tf.data.synthetic import world_furniture as furniture
from aign_tf.data.synthetic import world_pictures as pictures
from aign_tf.data.synthetic import world_textures as textures
from aign_tf.data.synthetic.world_builder import Builder, Place
from aign_tf.data.synthetic.world_furniture import Stock
from aign_tf.data.synthetic.world_textures import Material, colour


class Kind(NamedTuple):
    """A piece of furniture, its ranges in metres, and how often it is met."""

    build: callable
    width: tuple[float, float]
    height: tuple[float, float]
    depth: tuple[float, float]
    weight: float


AT_WALLS = (
    Kind(furniture.cupboard, (0.8, 1.8), (1.7, 2.15), (0.5, 0.62), 2),
    Kind(furniture.sideboard, (0.8, 1.8), (0.7, 1.0), (0.4, 0.5), 3),
    Kind(furniture.bookshelf, (0.7, 1.6), (1.1, 2.1), (0.28, 0.36), 3),
    Kind(furniture.table, (1.0, 1.6), (0.72, 0.76), (0.6, 0.75), 2),
    Kind(furniture.sofa, (1.5, 2.3), (0.75, 0.9), (0.8, 0.95), 1.5),
    Kind(furniture.bed, (0.9, 1.8), (0.7, 1.1), (2.0, 2.1), 0.8),
    Kind(furniture.chair, (0.42, 0.48), (0.85, 1.0), (0.42, 0.48), 1),
    Kind(furniture.lamp, (0.4, 0.4), (1.4, 1.8), (0.4, 0.4), 1),
    Kind(furniture.plant, (0.45, 0.45), (1.0, 1.7), (0.45, 0.45), 1),
    Kind(furniture.cartons, (0.55, 0.55), (0.4, 1.2), (0.55, 0.55), 1),
)
OVER = 0.9  # metres; lower furniture may stand below windows and pictures


def build_room(b: Builder) -> np.ndarray:
    """Builds a room and all that stands in it. Returns its width and length, metres."""
    rng = b.rng
    width, length = rng.uniform(3.0, 8.0, 2)
    height = rng.uniform(2.4, 3.0)
    stock = _stock(rng)
    _shell(b, width, length, height)
    sides = ((0, length, 0, width), (width, length, 1, length), (width, 0, 2, width), (0, 0, 3, length))
    taken = []
    for number, (x, z, turn, across) in enumerate(rng.permutation(sides)):
        wall = Place(x, z, turn * np.pi / 2)
        _skirting(b, wall, across, stock)
        _line(b, wall, across, height, stock, number, taken, np.array([width, length]))
    _middle(b, width, length, height, stock, taken)
    return np.array([width, length])


def _stock(rng: np.random.Generator) -> Stock:
    leaf = colour(rng.uniform(80, 130), rng.uniform(0.4, 0.7), rng.uniform(0.35, 0.6))
    return Stock(
        textures.wood(rng),
        textures.plaster(rng, np.full(3, 0.8), 1.6),
        textures.fabric(rng),
        pictures.books(rng),
        pictures.paintings(rng),
        textures.rough(rng, leaf, 0.4, 1.0),
        pictures.outdoors(rng),
        pictures.door(rng),
    )


def _wall(rng: np.random.Generator, base: np.ndarray) -> Material:
    kind = rng.uniform()
    if kind < 0.4:
        return textures.wallpaper(rng, base)
    if kind < 0.75:
        return textures.plaster(rng, base)
    if kind < 0.88:
        return textures.bricks(rng, (0, 45))
    return textures.planks(rng)


def _shell(b: Builder, width: float, length: float, height: float) -> None:
    """Floor, ceiling and four walls, of which two or three look the same."""
    rng = b.rng
    kind = rng.uniform()
    if kind < 0.4:
        floor = textures.planks(rng)
    elif kind < 0.75:
        floor = textures.tiles(rng)
    else:
        base = colour(rng.uniform(0, 360), rng.uniform(0.05, 0.4), rng.uniform(0.3, 0.65))
        floor = textures.rough(rng, base, 0.16, 3.0)
    room = Place(0, 0)
    turned = rng.uniform() < 0.5
    b.lying(room, (0, 0, width, length), 0.0, floor, origin=np.zeros(3), turned=turned)
    roof = [(0, -height, 0), (width, -height, 0), (width, -height, length), (0, -height, length)]
    white = colour(rng.uniform(30, 60), rng.uniform(0, 0.12), rng.uniform(0.75, 0.95))
    ceiling = textures.plaster(rng, white) if rng.uniform() < 0.6 else textures.tiles(rng, 0.6)
    b.panel(roof, ceiling, 1.15 if ceiling.metres[0] < 4.5 else 1.3 * white)
    hue = rng.uniform(0, 360)
    bases = [
        colour(hue + rng.normal(0, 30), rng.uniform(0.05, 0.4), rng.uniform(0.55, 0.9))
        for _ in range(2)
    ]
    looks = [_wall(rng, base) for base in bases]
    corners = [(0, length), (width, length), (width, 0), (0, 0)]
    for turn, (x, z) in enumerate(corners):
        across = width if turn % 2 == 0 else length
        place = Place(x, z, turn * np.pi / 2)
        look = looks[0] if rng.uniform() < 0.6 else looks[1]
        origin = place.world([(0, -height, 0)])[0]
        b.facing(place, (0, -height, across, 0), 0.0, look, origin=origin)


def _skirting(b: Builder, wall: Place, across: float, stock: Stock) -> None:
    b.box(wall, (0, -0.08, -0.015), (across, 0, 0), stock.paint, (0.9,) * 3, ("back", "left", "right"))


def _line(
    b: Builder,
    wall: Place,
    across: float,
    height: float,
    stock: Stock,
    number: int,
    taken: list[np.ndarray],
    room: np.ndarray,
) -> None:
    """Puts doors and windows on a wall and furniture along it, from its left end to the right."""
    rng, x = b.rng, b.rng.uniform(0.0, 0.3)
    door = number == 0 or rng.uniform() < 0.15
    while x < across - 0.5:
        if door and across - x > 1.2:
            wide = rng.uniform(0.8, 0.95)
            furniture.doorway(b, wall.at(x + wide / 2 + 0.1, 0), stock, wide, rng.uniform(1.98, 2.1))
            # Nothing may block the way in.
            taken.append(_corners(wall, x, x + wide + 0.2, 0.9))
            x, door = x + wide + 0.3, False
            continue
        if rng.uniform() < 0.3 and across - x > 1.6:
            wide, low = rng.uniform(0.9, min(1.8, across - x - 0.4)), -rng.uniform(0.85, 1.0)
            top = min(height - 0.25, 2.25)
            spot = wall.at(x + wide / 2 + 0.2, 0)
            furniture.window(b, spot, stock, wide, top + low, low)
            limit = 0.7
        else:
            wide, limit = rng.uniform(0.6, 2.0), height
        end = min(x + wide + 0.3, across)
        tallest = _row(b, wall, x, end, limit, stock, taken, room)
        if limit == height:
            _hang(b, wall, x, end, tallest, height, stock)
        x = end


def _row(b, wall, x, end, limit, stock, taken, room) -> float:
    """At most one piece of furniture between x and end; returns its height."""
    rng = b.rng
    weights = np.array([kind.weight for kind in AT_WALLS])
    kind = AT_WALLS[rng.choice(len(AT_WALLS), p=weights / weights.sum())]
    size = [rng.uniform(*span) for span in (kind.width, kind.height, kind.depth)]
    gap = rng.uniform(0.01, 0.06)
    if rng.uniform() < 0.2 or size[0] > end - x or size[1] > limit:
        return 0.0
    middle = rng.uniform(x + size[0] / 2, end - size[0] / 2)
    box = _corners(wall, middle - size[0] / 2, middle + size[0] / 2, size[2] + gap + 0.03)
    low, high = box.min(axis=0), box.max(axis=0)
    if (low < -1e-6).any() or (high > room + 1e-6).any() or _hits(box, taken):
        return 0.0
    taken.append(box)
    kind.build(b, wall.at(middle, -gap), stock, *size)
    return size[1]


def _hang(b, wall, x, end, tallest, height, stock) -> None:
    """Pictures and boards over what stands there."""
    rng, room = b.rng, end - x
    free = height - 0.15 - max(tallest + 0.45, 1.1)
    if free < 0.3 or room < 0.4 or rng.uniform() < 0.25:
        return
    middle = (x + end) / 2
    if rng.uniform() < 0.3 and room > 0.7:
        furniture.hung_shelf(b, wall.at(middle, 0), stock, room - 0.2, -max(tallest + 0.45, 1.3))
        return
    count = int(rng.integers(1, 3)) if room > 1.2 else 1
    for k in range(count):
        wide, high = rng.uniform(0.25, min(0.9, room / count - 0.1)), rng.uniform(0.25, min(0.9, free))
        y = -max(tallest + 0.45, 1.1) - rng.uniform(high / 2, free - high / 2)
        furniture.picture(b, wall.at(x + (k + 0.5) * room / count, 0), stock, wide, high, y)


def _middle(b, width, length, height, stock, taken) -> None:
    """A rug, a table with chairs or a sofa group, and lamps at the ceiling."""
    rng = b.rng
    centre = np.array([width, length]) * rng.uniform(0.4, 0.6, 2)
    yaw = rng.choice([0, np.pi / 2]) + rng.normal(0, 0.25)
    place = Place(*centre, yaw)
    if rng.uniform() < 0.6:
        size = rng.uniform(0.3, 0.5) * width, rng.uniform(0.3, 0.5) * length
        box = (-size[0] / 2, -size[1] / 2, size[0] / 2, size[1] / 2)
        rug = pictures.rug(rng)
        b.lying(Place(*centre, yaw * rng.choice([0, 1])), box, -0.01, rug, fit=(0, 0, 1, 1))
    if min(width, length) > 4.4:
        wide, deep = rng.uniform(1.0, 1.8), rng.uniform(0.7, 1.0)
        spot = place.at(0, deep / 2)
        box = _corners(spot, -wide / 2 - 0.5, wide / 2 + 0.5, deep + 0.5)
        if not _hits(box, taken):
            taken.append(box)
            furniture.table(b, spot, stock, wide, rng.uniform(0.7, 0.76), deep)
            for side in (0, np.pi):
                for x in (-0.3, 0.3) if wide > 1.3 else (0.0,):
                    z, turn = deep / 2 + rng.uniform(0.2, 0.45), rng.normal(0, 0.2)
                    if rng.uniform() < 0.8:
                        at = place.at(0, 0, side).at(x, z, turn)
                        furniture.chair(b, at, stock, 0.44, rng.uniform(0.85, 1.0), 0.44)
    for _ in range(rng.integers(1, 3)):
        x, z = rng.uniform(0.3, 0.7, 2) * (width, length)
        lamp, drop = Place(x, z, 0, -height), rng.uniform(0.1, 0.35)
        b.prism(lamp, [(0, 0.01), (drop, 0.01)], 4, stock.paint, (0.4,) * 3)
        rings = [(drop, 0.1), (drop + 0.15, 0.2)]
        b.prism(lamp, rings, 8, stock.fabric, 0.6 + 0.6 * furniture.any_tint(rng))


def _corners(wall: Place, left: float, right: float, depth: float) -> np.ndarray:
    """Corners `[4, 2]` on the floor of what stands against a wall."""
    return wall.world([(left, 0, 0), (right, 0, 0), (right, 0, -depth), (left, 0, -depth)])[:, ::2]


def _hits(box: np.ndarray, taken: list[np.ndarray]) -> bool:
    """Whether the bounds of a footprint overlap those of others."""
    low, high = box.min(axis=0), box.max(axis=0)
    return any(
        ((low < other.max(axis=0)) & (other.min(axis=0) < high)).all() for other in taken
    )
