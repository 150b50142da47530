"""What stands where in a room: pieces of furniture to choose from, and the floor they take."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from aign_tf.data.synthetic import room_furniture as furniture
from aign_tf.data.synthetic.world_places import Place


class Kind(NamedTuple):
    """A piece of furniture, its ranges in metres, and how often it is met."""

    build: Callable
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
    Kind(furniture.lamp, (0.45, 0.45), (1.4, 1.8), (0.45, 0.45), 1),
    Kind(furniture.plant, (0.6, 0.6), (1.0, 1.7), (0.6, 0.6), 1),
    Kind(furniture.cartons, (0.6, 0.6), (0.4, 1.2), (0.6, 0.6), 1),
)
FREE = (
    Kind(furniture.dining, (1.1, 1.8), (0.72, 0.76), (0.8, 1.0), 3),
    Kind(furniture.table, (0.8, 1.2), (0.4, 0.55), (0.5, 0.7), 1.5),
    Kind(furniture.sofa, (0.85, 2.0), (0.75, 0.9), (0.8, 0.95), 1.5),
    Kind(furniture.bookshelf, (0.8, 1.4), (0.8, 1.6), (0.3, 0.36), 1),
    Kind(furniture.cupboard, (0.8, 1.6), (0.9, 0.95), (0.6, 0.8), 1),
    Kind(furniture.chair, (0.42, 0.48), (0.85, 1.0), (0.42, 0.48), 1),
    Kind(furniture.plant, (0.6, 0.6), (1.0, 1.7), (0.6, 0.6), 1),
    Kind(furniture.cartons, (0.6, 0.6), (0.4, 1.2), (0.6, 0.6), 1),
)


def drawn(
    rng: np.random.Generator, kinds: tuple[Kind, ...]
) -> tuple[Kind, tuple[float, float, float]]:
    """One of `kinds`, and its width, height and depth."""
    weights = np.array([kind.weight for kind in kinds])
    kind = kinds[rng.choice(len(kinds), p=weights / weights.sum())]
    return kind, tuple(rng.uniform(*span) for span in (kind.width, kind.height, kind.depth))


class Floor:
    """The floor of a room of `size` (x, z) metres, from the origin, and what is taken of it."""

    def __init__(self, size: np.ndarray):
        self.size = size
        self._taken: list[np.ndarray] = []

    def take(self, place: Place, width: float, depth: float, margin: float = 0.0) -> bool:
        """Takes what a piece at `place` covers (before its -z, `width` about its middle), if that
        is free with `margin` metres around it. Returns whether it was."""
        bounds = _bounds(place, width, depth, 0.0)
        low, high = _bounds(place, width, depth, margin)
        if (bounds < -1e-6).any() or (bounds > self.size + 1e-6).any():
            return False
        if any(((low < taken[1]) & (taken[0] < high)).all() for taken in self._taken):
            return False
        self._taken.append(bounds)
        return True


def _bounds(place: Place, width: float, depth: float, margin: float) -> np.ndarray:
    """Lowest and highest x and z, `[2, 2]`."""
    x, back, front = width / 2 + margin, margin, -depth - margin
    corners = place.world([(-x, 0, back), (x, 0, back), (x, 0, front), (-x, 0, front)])[:, ::2]
    return np.stack([corners.min(axis=0), corners.max(axis=0)])
