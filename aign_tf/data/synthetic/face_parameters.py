"""What the procedural faces look like: an identity for each person, attributes for each picture.

Lengths are fractions of the picture's side. Each value is drawn on its own: attributes depend
neither on one another nor on the person. So does a person's hair not depend on gender, and half of
the people don't grow grey: what a small picture shows best settles neither gender nor age.
"""

from __future__ import annotations

import numpy as np

BLOCK = 64  # faces drawn together; part of what a seed means, so do not change it
PICTURES = 2  # of each person

# From light to dark and, for hair, from dark to light; sRGB in [0, 1].
SKIN = ((0.94, 0.79, 0.70), (0.90, 0.72, 0.61), (0.85, 0.66, 0.52), (0.77, 0.57, 0.42))
SKIN += ((0.67, 0.46, 0.32), (0.54, 0.36, 0.25), (0.41, 0.27, 0.19), (0.30, 0.19, 0.14))
HAIR = ((0.08, 0.07, 0.07), (0.16, 0.11, 0.08), (0.28, 0.18, 0.11), (0.42, 0.26, 0.14))
HAIR += ((0.56, 0.30, 0.14), (0.66, 0.49, 0.28), (0.80, 0.66, 0.42))
IRIS = ((0.20, 0.11, 0.06), (0.34, 0.20, 0.10), (0.42, 0.36, 0.16), (0.30, 0.45, 0.38))
IRIS += ((0.28, 0.46, 0.62), (0.45, 0.55, 0.62))
GREY_HAIR = (0.72, 0.72, 0.73)


def between(palette, position: np.ndarray) -> np.ndarray:
    """Colours `[N, 3]` at positions `[N]` in [0, 1] along a palette."""
    steps = np.linspace(0, 1, len(palette))
    return np.stack([np.interp(position, steps, channel) for channel in zip(*palette)], axis=1)


def from_hsv(hue: np.ndarray, saturation: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Colours `[N, 3]`; everything in [0, 1]."""
    sector = (hue[:, None] * 6 + np.array([5, 3, 1])) % 6
    return value[:, None] * (
        1 - saturation[:, None] * np.clip(np.minimum(sector, 4 - sector), 0, 1)
    )


def draw_people(rng: np.random.Generator, count: int) -> dict[str, np.ndarray]:
    """Identities of `count` people: name -> `[count]` lengths or `[count, 3]` colours."""

    def uniform(low, high):
        return rng.uniform(low, high, count)

    def coin(chance):
        return (uniform(0, 1) < chance) * 1.0

    darkness = uniform(0, 1)
    # Fair hair and light eyes grow rarer the darker the skin.
    pale = np.clip(1.25 - 1.6 * darkness, 0.12, 1)
    return {
        "skin": between(SKIN, darkness) * rng.uniform(0.97, 1.03, (count, 3)),
        "hair": between(HAIR, uniform(0, 1) ** 0.8 * pale),
        "iris": between(IRIS, uniform(0, 1) * pale),
        "head_width": uniform(0.262, 0.302),
        "chin_y": uniform(0.885, 0.925),
        "jaw_taper": uniform(0.04, 0.16),
        "jaw_power": uniform(2.1, 2.8),
        "ear_size": uniform(0.85, 1.2),
        "eye_x": uniform(0.122, 0.141),
        "eye_width": uniform(0.056, 0.067),
        "eye_height": uniform(0.024, 0.034),
        "eye_tilt": uniform(-0.006, 0.010),
        "lid_crease": uniform(0.2, 1.0),
        "brow_gap": uniform(0.066, 0.084),
        "brow_arch": uniform(0.008, 0.026),
        "brow_tilt": uniform(-0.010, 0.012),
        "brow_weight": uniform(0.8, 1.25),
        "nose_width": uniform(0.92, 1.08),
        "nose_bridge": uniform(0.6, 1.4),
        "mouth_width": uniform(0.092, 0.110),
        "cupid_bow": uniform(0.08, 0.26),
        "hairline": uniform(0.150, 0.215),
        "hairline_power": uniform(2.0, 4.5),
        "hair_volume": uniform(0.0, 1.0),
        "hair_curl": uniform(0, 1) ** 2,
        "hair_part": uniform(-1, 1),
        "hair_fringe": (uniform(0, 1) < 0.22) * 1.0,
        "hair_long": coin(0.5),
        "hair_length": uniform(0.66, 1.15),
        "hair_grey": coin(0.5) * uniform(0.8, 1.2),
        "beard_growth": uniform(0, 1),
        "wall": from_hsv(uniform(0, 1), uniform(0.05, 0.45), uniform(0.3, 0.85)),
        "wall_shade": uniform(0.6, 1.0),
        "cloth": from_hsv(uniform(0, 1), uniform(0.1, 0.7), uniform(0.15, 0.85)),
        "home_x": uniform(-0.006, 0.006),
        "home_y": uniform(-0.006, 0.006),
    }


def draw_pictures(rng: np.random.Generator, count: int) -> dict[str, np.ndarray]:
    """Attributes and circumstances of `count` pictures: name -> `[count]` or `[count, 3]`."""

    def uniform(low, high):
        return rng.uniform(low, high, count)

    def coin(chance):
        return (uniform(0, 1) < chance) * 1.0

    def size():
        # Uniform on either side of the threshold 0.6 of "big", half of the faces on each.
        return np.interp(uniform(0, 1), (0, 0.5, 1), (0, 0.6, 1))

    return {
        "lip_size": size(),
        "nose_size": size(),
        "age": uniform(18, 80),
        "female": coin(0.5),
        "smiling": coin(0.5),
        "glasses": coin(0.25),
        "smile": uniform(0.75, 1.0),
        "teeth": uniform(-0.6, 1.0).clip(0),
        "dx": uniform(-0.008, 0.008),
        "dy": uniform(-0.008, 0.008),
        "scale": uniform(0.98, 1.02),
        "yaw": uniform(-0.010, 0.010),
        "gaze": uniform(-0.008, 0.008),
        "light_x": uniform(-1, 1),
        "light_y": uniform(0.3, 1),
        "contrast": uniform(0.6, 1.2),
        "exposure": uniform(0.88, 1.10),
        "warmth": uniform(-0.04, 0.05),
        "noise": uniform(0.004, 0.012),
        "tousle": uniform(0, 2 * np.pi),
        "beard": coin(0.45) * uniform(0.4, 1.0),
        "lipstick": uniform(0.0, 1.0),
        "glasses_height": uniform(0.052, 0.072),
        "glasses_power": uniform(2.2, 5.0),
        "glasses_rim": uniform(0.0045, 0.010),
        "glasses_colour": from_hsv(uniform(0, 1), uniform(0, 0.6), uniform(0.05, 0.45)),
    }


Drawn = dict[str, np.ndarray]


def draw_block(seed: int, block: int) -> tuple[np.random.Generator, Drawn]:
    """Everything about the `BLOCK` pictures of a block, ready to broadcast.

    Pictures `PICTURES * k` and following show person k.

    Returns:
      What draws the rest of them; and name -> float32 `[BLOCK, 1, 1]` or `[BLOCK, 3, 1, 1]`.
    """
    rng = np.random.default_rng([seed, block])
    people = draw_people(rng, BLOCK // PICTURES)
    people = {name: np.repeat(values, PICTURES, axis=0) for name, values in people.items()}
    return rng, _ready({**people, **draw_pictures(rng, BLOCK)})


def draw_portraits(seed: int, block: int) -> tuple[np.random.Generator, Drawn]:
    """As `draw_block`, but all pictures of all blocks show one person whom no block has."""
    person = draw_people(np.random.default_rng([seed, 0, 1]), 1)
    person = {name: np.repeat(values, BLOCK, axis=0) for name, values in person.items()}
    rng = np.random.default_rng([seed, block, 2])
    return rng, _ready({**person, **draw_pictures(rng, BLOCK)})


def _ready(drawn: Drawn) -> Drawn:
    return {
        name: values.astype(np.float32).reshape(*values.shape, 1, 1)
        for name, values in drawn.items()
    }
