"""Procedural faces of 68 landmarks: a linear model of our own, which needs no download.

Each way in which people differ is a smooth deformation of one mean face, as large as a standard
deviation among adults: about 4 % of the width, the length and the depth of a head, 3 mm in the
distance of the pupils, 2 mm in how far a nose stands out. Some show only from the side, some only
from the front, most from both, so that the front view tells much of the depths but not all.
"""

from __future__ import annotations

import numpy as np

from aign_tf.data.landmarks.linear_faces import LinearFaces
from aign_tf.data.synthetic.landmark_shapes import (
    CHIN,
    LOWER_LIDS,
    LOWER_LIP,
    MEAN,
    MOUTH,
    MOUTH_CORNERS,
    PUPIL,
    SIDE,
    UPPER_LIDS,
    UPPER_LIP,
    X,
    Y,
    Z,
    at,
    down,
    move,
    near,
    outward,
    rows,
    scale,
)

ALL, JAW, BROWS, EYES, LIPS = np.ones(68), *map(rows, ("jaw", "brows", "eyes", "lips"))
NOSE = rows("nose") * down(-0.3, 2.5)  # its root stays where it is
TIP = at(30) + 0.6 * at(29, 32, 33, 34) + 0.3 * at(28, 31, 35)
BRIDGE = at(28, 29) + 0.4 * at(27, 30)
GONIA = JAW * near((5.6, 7.8), 2.5)
CHEEKS = JAW * near((6.9, 3.5), 3)
POINT = JAW * near(CHIN, 2.5)  # of the chin
LOWER_FACE = down(3.5, 11)
INNER_BROWS, OUTER_BROWS = BROWS * near((1.2, -2.2), 1.2), BROWS * near((4.6, -2.2), 1.6)
INNER_EYES, OUTER_EYES = EYES * near((1.7, 0), 0.8), EYES * near((4.6, 0), 0.8)
CORNERS = LIPS * near((2.5, MOUTH[1]), 0.9)
# How much goes with the lower jaw: its outline, less and less towards the ears, and the lower lip,
# which the corners of the mouth hold back.
MANDIBLE = JAW * down(1, 9.5) + at(*LOWER_LIP, *MOUTH_CORNERS) * (1 - 0.6 * CORNERS)

IDENTITY = {
    # The head.
    "large": scale((0.035, 0.035, 0.04), ALL),
    "wide": scale((0.03, 0, -0.012), ALL),
    "long": scale((-0.008, 0.03, 0.008), ALL),
    "deep": scale((-0.014, 0.014, 0.04), ALL),
    "flat": scale((0, 0, -0.03), near((0, 3), 6)) + outward(0.2, CHEEKS) + move(-0.1 * Y, NOSE),
    "straight profile": move(0.35 * Z, down(-3, 12)) + move(-0.2 * Y, LOWER_FACE),
    "rugged": move(0.12 * Y - 0.1 * Z, BROWS)
    + outward(0.2, GONIA)
    + move(0.2 * Y - 0.1 * Z, LOWER_FACE)
    + move(0.08 * Y - 0.15 * Z, TIP),
    # Jaw, chin and cheeks.
    "long chin": move(0.25 * Y - 0.1 * Z, JAW * down(6.5, 11)) + move(0.08 * Y, LIPS),
    "square jaw": outward(0.28, GONIA) + move(0.12 * Z, GONIA),
    "chin ahead": move(0.15 * Y - 0.25 * Z, POINT) + move(0.04 * Y - 0.08 * Z, at(*LOWER_LIP)),
    "full cheeks": outward(0.25, CHEEKS) + move(-0.2 * Z, CHEEKS + 0.5 * GONIA),
    # The nose.
    "long nose": move(0.22 * Y, NOSE) + move(-0.1 * Z, TIP) + move(0.14 * Y, LIPS),
    "nose stands out": move(0.1 * Y - 0.22 * Z, TIP),
    "high bridge": move(-0.15 * Z, BRIDGE) + outward(-0.08, INNER_EYES + INNER_BROWS),
    "wide nose": scale((0.1, 0, 0), rows("nose")) + move(0.08 * Z, TIP),
    "upturned nose": move(-0.2 * Y - 0.06 * Z, at(30) + 0.4 * at(29)),
    # Eyes and brows.
    "eyes apart": outward(0.14, EYES + 0.6 * BROWS) + move(0.08 * Z, BRIDGE),
    "large eyes": scale((0.05, 0.15, 0), EYES, PUPIL) + move(-0.08 * Z, EYES),
    "slanted eyes": move(-0.12 * Y, OUTER_EYES + 0.6 * OUTER_BROWS) + move(0.05 * Y, INNER_EYES),
    "deep eyes": move(0.15 * Z, EYES) + move(0.15 * Y - 0.08 * Z, BROWS),
    "high brows": move(-0.2 * Y + 0.06 * Z, BROWS),
    # The mouth.
    "wide mouth": scale((0.07, 0, 0), LIPS) + move(0.12 * Z, CORNERS),
    "full lips": scale((0, 0.15, 0), LIPS, MOUTH) + move(-0.12 * Z, LIPS),
    "high mouth": move(-0.12 * Y, LIPS),
    "lips ahead": move(-0.18 * Z, near(MOUTH, 2)) + scale((-0.03, 0.06, 0), LIPS, MOUTH),
    # One side unlike the other.
    "crooked nose": move(0.1 * X, NOSE),
    "jaw aside": move(0.18 * X, LOWER_FACE),
    "uneven eyes": move(0.07 * Y + 0.07 * Z, SIDE * (EYES + BROWS)),
}


def _sides(name: str, both: np.ndarray) -> dict[str, np.ndarray]:
    """The right and the left half of a deformation; they add up to it."""
    right = (1 - SIDE)[:, None] / 2
    return {f"right {name}": both * right, f"left {name}": both * (1 - right)}


EXPRESSIONS = {
    # The mouth.
    "mouth open": move(2.7 * Y + 1.1 * Z, MANDIBLE) + outward(-0.25, CORNERS),
    "jaw right": move(-0.8 * X, MANDIBLE + 0.3 * at(*UPPER_LIP)),
    "jaw left": move(0.8 * X, MANDIBLE + 0.3 * at(*UPPER_LIP)),
    "pucker": scale((-0.35, 0.1, 0), LIPS, MOUTH) + move(-0.5 * Z, LIPS),
    "lips rounded": scale((-0.25, 0.05, 0), LIPS, MOUTH)
    + move(-0.12 * Y - 0.4 * Z, at(*UPPER_LIP))
    + move(0.5 * Y - 0.3 * Z, at(*LOWER_LIP)),
    "lips pressed": scale((0.04, -0.4, 0), LIPS, MOUTH) + move(0.2 * Z, LIPS),
    **_sides(
        "smile",
        outward(0.5, CORNERS + 0.4 * CHEEKS)
        + move(-0.5 * Y + 0.35 * Z, CORNERS)
        + move(-0.12 * Y, at(*LOWER_LIDS))
        + scale((0.05, 0, 0), NOSE),
    ),
    **_sides("frown", move(0.4 * Y + 0.1 * Z, CORNERS) + move(-0.12 * Y, POINT)),
    # The eyes, the brows and the nose.
    **_sides("eye closed", move(0.82 * Y, at(*UPPER_LIDS)) + move(-0.04 * Y, at(*LOWER_LIDS))),
    "eyes wide": move(-0.22 * Y, at(*UPPER_LIDS)) + move(0.06 * Y, at(*LOWER_LIDS)),
    **_sides("brow up", move(-0.6 * Y + 0.1 * Z, OUTER_BROWS) + move(-0.06 * Y, at(*UPPER_LIDS))),
    "inner brows up": move(-0.6 * Y, INNER_BROWS),
    "brows together": outward(-0.25, INNER_BROWS) + move(0.45 * Y - 0.08 * Z, INNER_BROWS),
    "nose wrinkled": move(-0.25 * Y, NOSE + 0.8 * at(*UPPER_LIP))
    + scale((0.12, 0, 0), NOSE)
    + move(0.25 * Y, INNER_BROWS)
    + move(-0.15 * Y, at(*LOWER_LIDS)),
}


def procedural_faces() -> LinearFaces:
    """A linear model in centimetres: `mean` `[68, 3]` and one row for each deformation above."""
    parts = (MEAN, list(IDENTITY.values()), list(EXPRESSIONS.values()))
    return LinearFaces(*(np.array(part, np.float32) for part in parts))
