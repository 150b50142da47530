"""Which pixels of a face are hidden: holes over a region, boxes that people choose, and strokes.

A visibility mask is float32 `[B, S, S, 1]`: 1 is visible, 0 is hole. A hole box `x0 y0 x1 y1` is in
pixels and hides the pixels whose centres lie in `x0 <= x < x1`, `y0 <= y < y1`, so `0 0 S S` hides
the whole picture.
"""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf

from aign_tf.data.faces import FaceSet
from aign_tf.errors import UserError

# Region -> box `x0 y0 x1 y1` in fractions of the side of an aligned face, whose eyes lie at 0.42
# of the height, the tip of the nose at 0.58 and the mouth at 0.72.
TEMPLATE = {
    "lips": (0.25, 0.58, 0.75, 0.86),
    "nose": (0.32, 0.32, 0.68, 0.70),
    "eyes": (0.12, 0.32, 0.88, 0.52),
}
# How far a hole reaches beyond a measured region, as a fraction of the side.
MARGIN = 1 / 32

# A picture has up to this many strokes of so many segments each. Lengths and radii (half the
# thickness) are fractions of the side. These numbers bound the hidden share: a stroke begins in
# the inner 60 % of the picture, so at least its first segment lies inside (0.12 * 0.08 + pi *
# 0.04^2 = 1.5 %), and four strokes hide at most 4 * (3 * 0.25 * 0.16 + pi * 0.08^2) = 56 %.
STROKES = 4
SEGMENTS = 3
START = (0.2, 0.8)
LENGTH = (0.12, 0.25)
RADIUS = (0.04, 0.08)
TURN = (-math.pi / 3, math.pi / 3)
# Strokes are drawn on a grid of at most this side.
STROKE_GRID = 32


def hole_boxes(faces: FaceSet, region: str) -> np.ndarray:
    """Hole boxes float32 `[N, 4]`, whole pixels, one for each face, over a region of `TEMPLATE`.

    A hole that fitted the lips tightly would tell the generator how big they are, and would leave
    no room for bigger ones. So the hole of a measured face is the union of its box, grown by
    `MARGIN`, and a box of the template's size round the same centre; nearly all faces then have
    holes of one size. A face that was not measured, or outside its picture, has the template.

    Raises:
      UserError: `region` is not in `TEMPLATE`.
    """
    if region not in TEMPLATE:
        raise UserError(f"no region {region!r} to hide: use one of {', '.join(TEMPLATE)}")
    template = np.array(TEMPLATE[region])
    holes = np.tile(template, (len(faces), 1))
    if region in faces.boxes:
        # Pixel (0, 0) has its centre at 0, hence its outer edges, and the picture's, at -0.5.
        low, high = np.split((faces.boxes[region].astype(np.float64) + 0.5) / faces.size, 2, axis=1)
        centre = (low + high) / 2
        half = (template[2:] - template[:2]) / 2
        low = np.minimum(low - MARGIN, centre - half)
        high = np.maximum(high + MARGIN, centre + half)
        measured = np.all((centre > 0) & (centre < 1), axis=1)  # False where NaN
        holes[measured] = np.concatenate([low, high], axis=1)[measured]
    return _whole_pixels(holes, faces.size)


def fixed_box(text: str, count: int, size: int) -> np.ndarray:
    """The box that a person wrote as fractions of the side, for `count` pictures: `[count, 4]`.

    Args:
      text: `"x0 y0 x1 y1"`, each from 0 to 1, x from left to right and y from top to bottom.
      count: number of pictures.
      size: side of the pictures in pixels.

    Raises:
      UserError: `text` is not such a box.
    """
    wanted = f"box {text!r}: write four fractions of the side as 'x0 y0 x1 y1'"
    try:
        box = np.array([float(word) for word in text.split()])
    except ValueError:
        raise UserError(f"{wanted}, e.g. '0.25 0.58 0.75 0.86'") from None
    if box.shape != (4,):
        raise UserError(f"{wanted}, got {len(box)} numbers")
    if not np.all((box >= 0) & (box <= 1)):
        raise UserError(f"{wanted}, each from 0 to 1")
    pixels = _whole_pixels(box, size)
    if not np.all(pixels[:2] < pixels[2:]):
        raise UserError(f"{wanted}, with x0 < x1 and y0 < y1")
    return np.tile(pixels, (count, 1))


def _whole_pixels(fractions: np.ndarray, size: int) -> np.ndarray:
    """Boxes `[..., 4]` in fractions of the side -> pixels, clipped and rounded outwards."""
    # 0.58 * 50 is a hair above 29: without this rounding the box would grow by a pixel.
    edges = np.round(np.clip(fractions, 0, 1) * size, 6)
    whole = np.concatenate([np.floor(edges[..., :2]), np.ceil(edges[..., 2:])], axis=-1)
    return whole.astype(np.float32)


def box_visibility(boxes: tf.Tensor, size: int) -> tf.Tensor:
    """Hole boxes `[B, 4]` in pixels -> visibility `[B, size, size, 1]`."""
    centres = tf.range(size, dtype=tf.float32)
    x0, y0, x1, y1 = tf.split(tf.cast(boxes, tf.float32), 4, axis=-1)
    columns = (x0 <= centres) & (centres < x1)
    rows = (y0 <= centres) & (centres < y1)
    hidden = rows[:, :, None, None] & columns[:, None, :, None]
    return 1.0 - tf.cast(hidden, tf.float32)


def jitter_boxes(boxes: tf.Tensor, pixels: int, seed: tf.Tensor) -> tf.Tensor:
    """Moves each of the boxes `[B, 4]`, whole, by up to `pixels` whole pixels along x and along y.

    The same `seed` (integer `[2]`) gives the same moves. A box may leave the picture in part.
    """
    boxes = tf.cast(boxes, tf.float32)
    shape = [tf.shape(boxes)[0], 2]
    moves = tf.random.stateless_uniform(shape, seed, -pixels, pixels + 1, dtype=tf.int32)
    return boxes + tf.tile(tf.cast(moves, tf.float32), [1, 2])


def stroke_visibility(count: int, size: int, seed: tf.Tensor) -> tf.Tensor:
    """Random free-form strokes -> visibility `[count, size, size, 1]`.

    Each picture has one to `STROKES` strokes: thick segments with round ends, one after the other,
    whose heading wanders. About 15 % of a picture is hidden, never less than 1 % or more than
    60 %. The same `seed` (integer `[2]`) gives the same strokes.
    """
    grid = min(size, STROKE_GRID)
    centres = (tf.range(grid, dtype=tf.float32) + 0.5) / grid
    x, y = centres, centres[:, None]
    begin_x, begin_y, along_x, along_y, length, radius_squared = _random_segments(count, seed)
    # Coordinates of each pixel in each segment's own frame `[count, segments, grid, grid]`, with
    # the origin in the segment's middle.
    along = x * along_x + (y * along_y - (begin_x * along_x + begin_y * along_y + length / 2))
    across = x * along_y - (y * along_x + (begin_x * along_y - begin_y * along_x))
    beyond = tf.nn.relu(tf.abs(along) - length / 2)
    outside = tf.reduce_min(across * across + beyond * beyond - radius_squared, axis=1)
    # Distances vary smoothly, so a coarse field, interpolated, draws nearly the same outline as
    # a fine one, and its cost does not grow with the picture.
    outside = tf.image.resize(outside[..., None], [size, size])
    return tf.cast(outside > 0, tf.float32)


def _random_segments(count: int, seed: tf.Tensor) -> list[tf.Tensor]:
    """Six numbers of each segment, each `[count, STROKES * SEGMENTS, 1, 1]`.

    Begin x and y, unit direction x and y, length, squared radius.
    """
    uniform = tf.random.stateless_uniform([count, STROKES, 5 + 2 * SEGMENTS], seed)
    start, heading, radius, drawn, turns, lengths = tf.split(
        uniform, [2, 1, 1, 1, SEGMENTS, SEGMENTS], axis=-1
    )
    angle = 2 * math.pi * heading + tf.cumsum(_between(turns, TURN), axis=-1)
    direction = tf.stack([tf.cos(angle), tf.sin(angle)], axis=-1)
    length = _between(lengths, LENGTH)[..., None]
    begin = _between(start, START)[:, :, None] + tf.cumsum(
        direction * length, axis=2, exclusive=True
    )
    # The first stroke is always drawn, each of the others half of the time.
    drawn = (drawn < 0.5) | (tf.range(STROKES) == 0)[:, None]
    radius_squared = tf.where(drawn, _between(radius, RADIUS) ** 2, -1.0)
    radius_squared = tf.tile(radius_squared[:, :, None], [1, 1, SEGMENTS, 1])
    numbers = tf.concat([begin, direction, length, radius_squared], axis=-1)
    return tf.split(tf.reshape(numbers, [count, STROKES * SEGMENTS, 1, 6]), 6, axis=-1)


def _between(uniform: tf.Tensor, interval: tuple[float, float]) -> tf.Tensor:
    low, high = interval
    return low + (high - low) * uniform
