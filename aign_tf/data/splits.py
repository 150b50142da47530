"""What is trained on, what is looked at, and what is held out for the test."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from aign_tf.errors import UserError

SPLITS = ("train", "validation", "test")

VALIDATED = 16
"""One in so many observations, or clips of them, is held out for looking at."""


def spaced(length: int, count: int) -> np.ndarray:
    """At most `count` evenly spaced rows of `length`."""
    return np.linspace(0, length - 1, min(count, length)).round().astype(int)


def held_out(items: Sequence, one_in: int) -> tuple[list, list]:
    """What is kept, and one item in so many that is not."""
    held = range(one_in // 2, len(items), one_in)
    return [item for row, item in enumerate(items) if row not in held], [items[row] for row in held]


@dataclasses.dataclass(frozen=True)
class Observed:
    """Observations in splits.

    Attributes:
      observed: split -> observations, of a class that has a length and `take(rows)`.
    """

    observed: dict[str, Any]

    def to_look_at(self, count: int) -> Any:
        """Held-out observations, or those of the training where none are held out."""
        observed = self.observed["validation"]
        observed = observed if len(observed) else self.observed["train"]
        return observed.take(spaced(len(observed), count))

    def in_split(self, split: str, count: int | None = None) -> Any:
        """All, or at most `count` evenly spaced ones; raises `UserError` where there are none."""
        observed = self.observed[split]
        if not len(observed):
            raise UserError(f"no observations in the {split} split: more data are needed")
        return observed if count is None else observed.take(spaced(len(observed), count))
