"""Curves that both the painter and the landmarks of the procedural faces follow.

A face is a namespace of what `face_parameters.draw_block` draws. Curves are functions of
positions in the face's own frame: fractions of the picture's side, x from the middle of the face to
the right, y from the top of the picture down. Eye coordinates run from the inner corner
(negative) to the outer corner (positive) of either eye.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

EYE_Y = 0.42
MOUTH_Y = 0.72
CHEEK_Y = 0.45  # where the head is widest
CROWN_Y = 0.08
NOSE_YAW = 1.6  # the nose sticks out: it moves further than the eyes as the head turns

# Rows of the landmarks: the 68 points in the order of 300-W (Sagonas et al., 2013).
LANDMARKS = {
    "jaw": slice(0, 17),
    "brows": slice(17, 27),
    "nose": slice(27, 36),
    "eyes": slice(36, 48),
    "lips": slice(48, 68),
}


def ramp(values: np.ndarray, start: float, end: float) -> np.ndarray:
    """0 before `start`, 1 after `end`, smooth between."""
    t = np.clip((values - start) / (end - start), 0, 1)
    return t * t * (3 - 2 * t)


def head(f: SimpleNamespace, y: np.ndarray) -> np.ndarray:
    """Squared half-width of the head, negative above the crown and below the chin."""
    male = 1 - f.female
    up = np.maximum(CHEEK_Y - y, 0) / (CHEEK_Y - CROWN_Y)
    down = np.maximum(y - CHEEK_Y, 0) / (f.chin_y - CHEEK_Y)
    width = f.head_width * (1 + 0.03 * male) * (1 - (f.jaw_taper + 0.05 * f.female) * down**2)
    return width**2 * (1 - up**2.3 - down ** (f.jaw_power + 0.9 * male))


def eyelids(f: SimpleNamespace, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Heights of the upper and the lower lid's edge; they cross at the corners of the eye."""
    t = x / f.eye_width
    opening = f.eye_height * (1 - t * t) * (1 + 0.08 * f.female)
    tilted = EYE_Y - f.eye_tilt * t
    upper = tilted - opening * (1 - 0.15 * t) * (1 - 0.10 * f.smiling)
    lower = tilted + 0.6 * opening * (1 + 0.2 * t) * (1 - 0.2 * f.smiling)
    return upper, lower


def brow(f: SimpleNamespace, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Height of the brow's middle and half its thickness, negative beyond its ends."""
    t = (x - 0.006) / (1.28 * f.eye_width)
    arch = f.brow_arch * (1 + 0.5 * f.female)
    middle = EYE_Y - f.brow_gap + f.brow_tilt * t + arch * (t - 0.25) ** 2 - 0.004 * f.smiling
    weight = f.brow_weight * (0.0135 - 0.006 * f.female)
    return middle, weight * (1 - t**4) * (1 - 0.4 * t)


def nose_tip(f: SimpleNamespace) -> tuple[np.ndarray, np.ndarray]:
    """Half-width across the wings, and the height at which the nose is widest."""
    return f.nose_width * (0.043 + 0.050 * f.nose_size), 0.588 + 0.020 * f.nose_size


def nose(f: SimpleNamespace, y: np.ndarray) -> np.ndarray:
    """Squared half-width of the nose, negative above the bridge and below the tip."""
    half_width, widest = nose_tip(f)
    t = np.clip((y - EYE_Y) / (widest - EYE_Y), 0, 1)
    below = np.maximum(y - widest, 0) / (0.4 * half_width)
    width = half_width * (0.3 + 0.7 * t**3)
    return np.minimum(width**2 * (1 - below**2), 0.05 * (y - EYE_Y))


def mouth_half_width(f: SimpleNamespace) -> np.ndarray:
    return f.mouth_width * (1 + 0.24 * f.smiling * f.smile)


def lips(f: SimpleNamespace, x: np.ndarray) -> tuple[np.ndarray, ...]:
    """Edges from top to bottom: upper lip's top and bottom, lower lip's top and bottom.

    They meet at the corners of the mouth. The lips are 3.5 to 10 pixels high in all where the
    picture is 64 pixels.
    """
    t = np.clip(x / mouth_half_width(f), -1, 1)
    smile = f.smiling * f.smile
    height = (3.5 + 6.5 * f.lip_size) / 64
    rim = 1 - t * t
    bow = np.exp(-((t / 0.22) ** 2))
    dip = 0.06 * height * bow  # of the upper lip's middle over the lower lip
    middle = MOUTH_Y - 0.003 + smile * 0.040 * (0.35 - t * t) + 0.004 * t * t + dip
    half_gap = 0.5 * smile * f.teeth * 0.040 * rim**0.8
    upper = 0.45 * height * rim**0.9 * (1 - f.cupid_bow * bow) + dip
    lower = 0.57 * height * rim**0.65 - dip
    return (
        middle - half_gap - upper,
        middle - half_gap,
        middle + half_gap,
        middle + half_gap + lower,
    )


def landmarks(f: SimpleNamespace, size: int) -> np.ndarray:
    """Landmarks `[B, 68, 2]` in pixels, in the order of `LANDMARKS`."""

    def points(x, y, yaw):
        return np.stack(np.broadcast_arrays(x + yaw * f.yaw, y), axis=-1)[:, 0]

    def row(*values):
        return np.array(values, np.float32)[None, None]

    sides = row(*np.sin(np.linspace(-np.pi / 2, np.pi / 2, 17)))
    jaw_y = CHEEK_Y + (f.chin_y - CHEEK_Y) * np.sqrt(1 - sides**2)
    jaw = points(np.sign(sides) * np.sqrt(np.maximum(head(f, jaw_y), 0)), jaw_y, 0)

    brow_x = row(0.9, 0.45, 0, -0.45, -0.9) * 1.28 * f.eye_width + 0.006
    brow_y, _ = brow(f, brow_x)
    brows = [points(-brow_x - f.eye_x, brow_y, 1), points(brow_x + f.eye_x, brow_y, 1)]
    brows[1] = brows[1][:, ::-1]

    half_width, widest = nose_tip(f)
    bridge_y = EYE_Y + 0.02 + (widest - EYE_Y - 0.02) * row(0, 0.33, 0.66, 1)
    base_x = half_width * row(-0.9, -0.45, 0, 0.45, 0.9)
    base_y = widest + 0.4 * half_width * np.sqrt(1 - (base_x / half_width) ** 2)
    noses = [points(0 * bridge_y, bridge_y, NOSE_YAW), points(base_x, base_y, NOSE_YAW)]

    # Corner, two of the upper lid, corner, two of the lower lid: from the left in the picture.
    x = f.eye_width * row(1, 0.35, -0.35, -1, -0.35, 0.35)
    upper, lower = eyelids(f, x)
    eye_y = np.concatenate([upper[..., :4], lower[..., 4:]], axis=-1)
    left = points(-x - f.eye_x, eye_y, 1)
    right = points(x + f.eye_x, eye_y, 1)[:, [3, 2, 1, 0, 5, 4]]

    outer = mouth_half_width(f) * row(-1, -0.66, -0.3, 0, 0.3, 0.66, 1)
    inner = mouth_half_width(f) * row(-0.9, -0.45, 0, 0.45, 0.9)
    edges = [
        points(outer, lips(f, outer)[0], 1),
        points(outer, lips(f, outer)[3], 1)[:, 5:0:-1],
        points(inner, lips(f, inner)[1], 1),
        points(inner, lips(f, inner)[2], 1)[:, 3:0:-1],
    ]

    in_face = np.concatenate([jaw, *brows, *noses, left, right, *edges], axis=1)
    offset = np.concatenate([f.home_x + f.dx, f.home_y + f.dy], axis=-1)
    in_picture = (in_face - 0.5 * row(0, 1)) * f.scale + 0.5 + offset
    return (in_picture * size - 0.5).astype(np.float32)
