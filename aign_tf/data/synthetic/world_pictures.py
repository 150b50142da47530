"""Procedural pictures of things: books, paintings, rugs, facades, doors."""

from __future__ import annotations

import cv2
import numpy as np

from aign_tf.data.synthetic.world_atlas import SIDE
from aign_tf.data.synthetic.world_paint import Material, colour, noise, picture

PAINTINGS = 4  # along each side of the picture that holds them


def _any_colour(rng: np.random.Generator, low: float = 0.25, high: float = 0.95) -> np.ndarray:
    return colour(rng.uniform(0, 360), rng.uniform(0.1, 0.7), rng.uniform(low, high))


def books(rng: np.random.Generator) -> Material:
    """Backs of books 2 to 6 cm wide, upright along v, with titles."""
    metres = 1.6
    paint = np.empty((SIDE, SIDE, 3), np.float32)
    left = 0
    while left < SIDE:
        right = min(left + int(rng.uniform(0.02, 0.06) / metres * SIDE), SIDE)
        tone = _any_colour(rng)
        paint[:, left:right] = tone
        paint[:, left : left + 1] = 0.5 * tone
        for _ in range(8):
            top, height = rng.integers(SIDE), rng.integers(2, 24)
            paint[top : top + height, left + 2 : right - 2] = _any_colour(rng)
        left = right
    return Material(picture(paint, 1 + 0.08 * noise(rng)), (metres, metres))


def paintings(rng: np.random.Generator) -> Material:
    """`PAINTINGS` x `PAINTINGS` framed landscapes and patterns, each spanning 1 "metre"."""
    side = SIDE // PAINTINGS
    paint = np.empty((SIDE, SIDE, 3), np.float32)
    wide = np.stack([noise(rng, 0.6) for _ in range(3)], axis=-1)
    v, u = np.mgrid[:side, :side].astype(np.float32) / side
    for top in range(0, SIDE, side):
        for left in range(0, SIDE, side):
            here = wide[top : top + side, left : left + side]
            low, high = _any_colour(rng), _any_colour(rng)
            one = low + (high - low) * (v + 0.4 * here[..., 0])[..., None].clip(0, 1)
            hills = v > rng.uniform(0.4, 0.7) + 0.1 * np.sin(rng.uniform(4, 14) * u + here[0, 0, 1])
            one[hills] = _any_colour(rng) * (1 + 0.25 * here[hills])
            for _ in range(rng.integers(0, 4)):
                centre, radius = rng.uniform(0.15, 0.85, 2), rng.uniform(0.05, 0.2)
                spot = (u - centre[0]) ** 2 + (v - centre[1]) ** 2 < radius**2
                one[spot] = _any_colour(rng)
            border = int(rng.uniform(0.04, 0.12) * side)
            inner = one[border:-border, border:-border].copy()
            one[:] = _any_colour(rng, 0.1)
            one[border:-border, border:-border] = inner
            paint[top : top + side, left : left + side] = one
    return Material(picture(paint, 1 + 0.05 * noise(rng)), (float(PAINTINGS), float(PAINTINGS)))


def rug(rng: np.random.Generator) -> Material:
    """A carpet with borders and a woven pattern, spanning 1 x 1 "metre"."""
    v, u = (np.mgrid[:SIDE, :SIDE].astype(np.float32) + 0.5) / SIDE
    edge = np.minimum(np.minimum(u, 1 - u), np.minimum(v, 1 - v))
    tones = np.stack([_any_colour(rng) for _ in range(4)])
    count = rng.integers(5, 12)
    weave = np.cos(2 * np.pi * count * u) + np.cos(2 * np.pi * count * v)
    index = 2 + (weave > rng.uniform(-0.6, 0.6)).astype(int)
    index[edge < 0.14] = 1
    index[edge < 0.1] = 0
    index[edge < 0.03] = 1
    return Material(picture(tones[index], 1 + 0.15 * noise(rng)), (1.0, 1.0))


def outdoors(rng: np.random.Generator) -> Material:
    """What is seen through a window, spanning 1 x 1 "metre": sky over trees, and the bars."""
    v = ((np.arange(SIDE, dtype=np.float32) + 0.5) / SIDE)[:, None]
    rough = noise(rng, 0.9)
    sky = np.float32([0.75, 0.85, 0.97]) + 0.05 * rough[..., None]
    trees = colour(rng.uniform(70, 130), 0.45, 0.5) * (1 + 0.35 * rough[..., None])
    paint = np.where((v + 0.06 * rough > rng.uniform(0.4, 0.7))[..., None], trees, sky)
    bar = SIDE // 32
    paint = paint.astype(np.float32)
    for at in (0, SIDE // 2 - bar // 2, SIDE - bar):
        paint[:, at : at + bar] = 0.85
    for at in (0, SIDE // 3, SIDE - bar):
        paint[at : at + bar] = 0.85
    return Material(picture(paint, 1 + 0.05 * noise(rng)), (1.0, 1.0))


def door(rng: np.random.Generator) -> Material:
    """A door with panels, nearly white, spanning 1 x 1 "metre"."""
    paint = np.full((SIDE, SIDE, 3), 0.8, np.float32)
    columns = rng.integers(1, 3)
    for top, bottom in ((0.06, 0.35), (0.41, 0.64), (0.7, 0.94)):
        for column in range(columns):
            left = (column + 0.12) / columns
            right = (column + 0.88) / columns
            box = [round(SIDE * s) for s in (top, bottom, left, right)]
            paint[box[0] : box[1], box[2] : box[3]] = 0.5
            paint[box[0] + 8 : box[1] - 3, box[2] + 8 : box[3] - 3] = 0.7
    return Material(picture(paint, 1 + 0.09 * noise(rng)), (1.0, 1.0))


def facade(rng: np.random.Generator, wall: Material) -> tuple[Material, float]:
    """A wall with three by two windows, and the height of its storeys, 2.8 to 3.4 m."""
    bay, storey = rng.uniform(1.8, 3.2), rng.uniform(2.8, 3.4)
    metres = (3 * bay, 2 * storey)
    # The wall's bricks keep their size: the picture is cut from as many of them as it takes.
    scale = metres[0] / wall.metres[0], metres[1] / wall.metres[1]
    at = (np.arange(SIDE, dtype=np.float32) + 0.5) / SIDE
    paint = wall.picture[
        (SIDE * (at * max(round(scale[1]), 1) % 1)).astype(int)[:, None],
        (SIDE * (at * max(round(scale[0]), 1) % 1)).astype(int)[None],
    ]
    paint = paint.astype(np.float32) / 255
    paint *= (1 + 0.06 * noise(rng, 0.6))[..., None]
    width, height = rng.uniform(0.9, min(1.6, bay - 0.6)), rng.uniform(1.2, 1.8)
    frame, glass = _any_colour(rng, 0.6), np.float32([0.25, 0.3, 0.36])
    sill = rng.uniform(0.7, 1.0)
    for row in range(2):
        for column in range(3):
            bottom = (row + 1) * storey - sill
            left = (column + 0.5) * bay - width / 2
            window = (left, bottom - height, left + width, bottom)
            _fill(paint, metres, window, 0.12, frame)
            tone = glass * rng.uniform(0.6, 1.6)
            _fill(paint, metres, window, 0.0, tone)
            if rng.uniform() < 0.6:
                drawn = rng.uniform(0.15, 0.9)
                curtain = (left, bottom - height, left + width, bottom - (1 - drawn) * height)
                _fill(paint, metres, curtain, 0.0, _any_colour(rng, 0.6))
            middle = left + width / 2
            _fill(paint, metres, (middle - 0.03, bottom - height, middle + 0.03, bottom), 0, frame)
            ledge = (left - 0.15, bottom, left + width + 0.15, bottom + 0.1)
            _fill(paint, metres, ledge, 0.0, 0.8 * frame)
    return Material(picture(paint, 1 + 0.03 * noise(rng)), metres), storey


def _fill(paint: np.ndarray, metres: tuple, box: tuple, margin: float, tone: np.ndarray) -> None:
    """Fills left, top, right, bottom (metres), widened by `margin`."""
    left, right = (round(SIDE * x / metres[0]) for x in (box[0] - margin, box[2] + margin))
    top, bottom = (round(SIDE * y / metres[1]) for y in (box[1] - margin, box[3] + margin))
    cv2.rectangle(paint, (left, top), (right, bottom), tuple(float(t) for t in tone), cv2.FILLED)
