"""The 68 landmarks of a face in the order of 300-W (Sagonas et al. 2013), and the 66 of 3DFAW.

Right and left are the person's: the right eye is on the left of a picture.
"""

from __future__ import annotations

import dataclasses
import functools

import numpy as np

from aign_tf.errors import UserError

# First and last number of each line, and whether it is closed.
_LINES = (
    (0, 16, False),  # jaw, from the right ear by the chin to the left
    (17, 21, False),  # right brow, from outside
    (22, 26, False),  # left brow, from inside
    (27, 30, False),  # bridge of the nose, down to its tip
    (31, 35, False),  # below the nose
    (36, 41, True),  # right eye, clockwise in the picture from the outer corner
    (42, 47, True),  # left eye, clockwise in the picture from the inner corner
    (48, 59, True),  # outer lips, clockwise in the picture from the right corner
    (60, 67, True),  # inner lips, likewise
)
# Numbers whose mirror images are each other's: i goes to SUM - i within such a range.
_MIRRORED = (
    ((0, 16), 16),
    ((17, 26), 43),
    ((31, 35), 66),
    ((36, 39), 81),
    ((42, 45), 81),
    ((40, 41), 87),
    ((46, 47), 87),
    ((48, 54), 102),
    ((55, 59), 114),
    ((60, 64), 124),
    ((65, 67), 132),
)
_INNER_CORNERS = (60, 64)  # of the mouth: 3DFAW leaves them out


@dataclasses.dataclass(frozen=True)
class Scheme:
    """Which landmarks a face has.

    Attributes:
      numbers: theirs among the 68, in order.
    """

    numbers: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.numbers)

    def index(self, number: int) -> int:
        """Where the landmark of that number among the 68 stands."""
        return self.numbers.index(number)

    @functools.cached_property
    def mirror(self) -> tuple[int, ...]:
        """For each landmark the index of the one on the other side; of itself in the middle."""
        other = {number: number for number in self.numbers}
        for (first, last), total in _MIRRORED:
            other.update({number: total - number for number in range(first, last + 1)})
        return tuple(self.index(other[number]) for number in self.numbers)

    @functools.cached_property
    def lines(self) -> tuple[tuple[int, ...], ...]:
        """Indices of the landmarks along each line; a closed one ends where it begins."""
        lines = []
        for first, last, closed in _LINES:
            line = [self.index(n) for n in range(first, last + 1) if n in self.numbers]
            lines.append(tuple(line + line[:1] if closed else line))
        return tuple(lines)


SCHEMES = {
    68: Scheme(tuple(range(68))),
    66: Scheme(tuple(number for number in range(68) if number not in _INNER_CORNERS)),
}


def reduced(points: np.ndarray, count: int, where: str) -> np.ndarray:
    """`[N, K, D]` with `count` landmarks: as they are, or 66 of 68.

    Raises:
      UserError: K is not 66 or 68, or fewer than `count`; the message begins with `where`.
    """
    found = points.shape[1]
    if found not in SCHEMES:
        raise UserError(f"{where}: {found} landmarks a face, expected 68, or the 66 of 3DFAW")
    if found < count:
        raise UserError(
            f"{where}: 66 landmarks a face where 68 are used: train with --set=data.points=66"
        )
    return points if found == count else points[:, SCHEMES[66].numbers]


def centred(values) -> np.ndarray:
    """Points `[N, K, D]`, or depths `[N, K]`, relative to the mean of each face; float64."""
    values = np.asarray(values, np.float64)
    return values - values.mean(axis=1, keepdims=True)


def sizes(points) -> np.ndarray:
    """Root mean square distance of a face's points `[N, K, D]` from their mean, `[N]`."""
    return np.sqrt(np.mean(np.sum(centred(points) ** 2, axis=2), axis=1))
