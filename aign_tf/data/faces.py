"""A collection of aligned faces in memory, whatever it was read from."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable

import numpy as np

from aign_tf.data.splits import SPLITS
from aign_tf.errors import UserError

REGIONS = ("lips", "nose", "eyes")


@dataclasses.dataclass(frozen=True)
class FaceSet:
    """N aligned, square face pictures with what is known of each.

    Attributes:
      images: uint8 `[N, S, S, 3]` RGB, or `[0, S, S, 3]`.
      names: `N` strings that a person recognises, e.g. file names.
      person: `N` strings; equal where two pictures show the same person.
      split: `N` strings out of `SPLITS`.
      attributes: name -> `[N]` column, float32 (numbers; flags are 0 and 1; NaN is unknown) or
        strings ("" is unknown). Names are lower case.
      boxes: region -> float32 `[N, 4]` boxes `x0 y0 x1 y1` in pixels of `images`, NaN where the
        region was not measured. Pixel (0, 0) has its centre at coordinate (0, 0).
    """

    images: np.ndarray
    names: np.ndarray
    person: np.ndarray
    split: np.ndarray
    attributes: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)
    boxes: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        count = len(self.images)
        known = {"names": self.names, "person": self.person, "split": self.split}
        for columns in (known, self.attributes, self.boxes):
            for name, column in columns.items():
                if len(column) != count:
                    raise ValueError(f"{name} has {len(column)} rows for {count} images")

    def __len__(self) -> int:
        return len(self.images)

    @property
    def size(self) -> int:
        """Side of the square pictures in pixels."""
        return self.images.shape[1]

    def select(self, rows: np.ndarray) -> FaceSet:
        """The faces at `rows`: indices, or booleans `[N]`."""
        return FaceSet(
            self.images[rows],
            self.names[rows],
            self.person[rows],
            self.split[rows],
            {name: column[rows] for name, column in self.attributes.items()},
            {name: column[rows] for name, column in self.boxes.items()},
        )

    def joined(self, other: FaceSet) -> FaceSet:
        """These faces, then others of whom the same is known."""

        def join(mine: dict, theirs: dict) -> dict:
            return {name: np.concatenate([mine[name], theirs[name]]) for name in mine}

        return FaceSet(
            np.concatenate([self.images, other.images]),
            np.concatenate([self.names, other.names]),
            np.concatenate([self.person, other.person]),
            np.concatenate([self.split, other.split]),
            join(self.attributes, other.attributes),
            join(self.boxes, other.boxes),
        )

    def head(self, count: int) -> FaceSet:
        """The first `count` faces, or all where there are fewer."""
        return self.select(np.arange(min(count, len(self))))

    def in_split(self, split: str) -> FaceSet:
        if split not in SPLITS:
            raise UserError(f"no split {split!r}: use one of {', '.join(SPLITS)}")
        return self.select(self.split == split)


def split_by_person(person: np.ndarray, validation: float = 0.1, test: float = 0.2) -> np.ndarray:
    """Split names `[N]`; a person's pictures always share one split.

    The split of a person depends on nothing but the name, so it stays when pictures are added.
    """
    position = _position(person)
    return np.select(
        [position < test, position < test + validation], ["test", "validation"], "train"
    )


def share_of_people(person: np.ndarray, share: float) -> np.ndarray:
    """Which pictures `[N]` belong to a share of the people, at least one of them; bool `[N]`.

    Independent of how `split_by_person` splits them.
    """
    people, whose = np.unique(person, return_inverse=True)
    order = np.argsort(_position([f"share {name}" for name in people]))
    chosen = np.zeros(len(people), bool)
    chosen[order[: max(1, round(share * len(people)))]] = True
    return chosen[whose]


def _position(names: Iterable[str]) -> np.ndarray:
    """A number in [0, 1) for each name, evenly distributed and always the same."""
    digests = (hashlib.sha256(str(name).encode()).digest() for name in names)
    return np.array([int.from_bytes(digest[:8], "big") / 2**64 for digest in digests])
