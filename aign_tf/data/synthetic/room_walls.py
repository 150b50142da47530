"""What lines the walls of a room: a door, windows, furniture, and pictures and boards above it."""

from __future__ import annotations

from aign_tf.data.synthetic import room_fittings as fittings
from aign_tf.data.synthetic.room_layout import AT_WALLS, Floor, drawn
from aign_tf.data.synthetic.room_stock import Stock
from aign_tf.data.synthetic.world_builder import Builder
from aign_tf.data.synthetic.world_places import Place

ABOVE = 0.45  # metres between furniture and what hangs above it
UNDER_WINDOWS = 0.72  # metres; what is higher does not stand there
WAY_IN = 0.9  # metres kept free in front of doors


class Wall:
    """One wall: its left end as seen from within the room, and its length and height in metres."""

    def __init__(self, place: Place, length: float, height: float):
        self.place, self.length, self.height = place, length, height

    def line(self, b: Builder, stock: Stock, floor: Floor, door: bool) -> None:
        """Goes along the wall from its left end and puts up things, one of them perhaps a door."""
        rng, x = b.rng, b.rng.uniform(0.0, 0.3)
        while x < self.length - 0.5:
            room = self.length - x
            if door and room > 1.2 and rng.uniform() < 0.5:
                x, door = self._door(b, stock, floor, x), False
            elif room > 1.6 and rng.uniform() < 0.25:
                x = self._window(b, stock, floor, x)
            else:
                end, tallest = self._stand(b, stock, floor, x, self.length, self.height)
                self._hang(b, stock, x, end, tallest)
                x = end + max(rng.normal(0.1, 0.2), 0.02)

    def _door(self, b: Builder, stock: Stock, floor: Floor, x: float) -> float:
        width = b.rng.uniform(0.8, 0.95)
        place = self.place.at(x + width / 2 + 0.1, 0)
        fittings.doorway(b, place, stock, width, b.rng.uniform(1.98, 2.1))
        floor.take(place, width + 0.2, WAY_IN)
        return x + width + 0.3

    def _window(self, b: Builder, stock: Stock, floor: Floor, x: float) -> float:
        width = b.rng.uniform(0.9, min(1.8, self.length - x - 0.6))
        sill, top = b.rng.uniform(0.85, 1.0), min(self.height - 0.25, 2.25)
        place = self.place.at(x + width / 2 + 0.3, 0)
        fittings.window(b, place, stock, width, top - sill, -sill)
        self._stand(b, stock, floor, x, x + width + 0.6, UNDER_WINDOWS)
        return x + width + 0.6

    def _stand(
        self, b: Builder, stock: Stock, floor: Floor, x: float, end: float, highest: float
    ) -> tuple[float, float]:
        """A piece of furniture from x on; returns where it ends and its height, 0 if none fits."""
        for _ in range(4):
            kind, (width, height, depth) = drawn(b.rng, AT_WALLS)
            place = self.place.at(x + width / 2, -b.rng.uniform(0.02, 0.05))
            if x + width <= end and height <= highest and floor.take(place, width, depth):
                kind.build(b, place, stock, width, height, depth)
                return x + width, height
        return min(x + b.rng.uniform(0.4, 1.0), end), 0.0

    def _hang(self, b: Builder, stock: Stock, x: float, end: float, tallest: float) -> None:
        """Pictures or a board over what stands there."""
        rng, room, bottom = b.rng, end - x, max(tallest + ABOVE, 1.1)
        free = self.height - 0.15 - bottom
        if free < 0.3 or room < 0.4 or rng.uniform() < 0.25:
            return
        if room > 0.7 and 1.2 < bottom < 1.8 and rng.uniform() < 0.3:
            fittings.hung_shelf(b, self.place.at((x + end) / 2, 0), stock, room - 0.2, -bottom)
            return
        count = int(rng.integers(1, 3)) if room > 1.2 else 1
        for k in range(count):
            width = rng.uniform(0.25, min(0.9, room / count - 0.1))
            height = rng.uniform(0.25, min(0.9, free))
            y = -bottom - rng.uniform(height / 2, free - height / 2)
            place = self.place.at(x + (k + 0.5) * room / count, 0)
            fittings.picture(b, place, stock, width, height, y)
