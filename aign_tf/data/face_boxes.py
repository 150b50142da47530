"""Which squares of a photo are faces: as a person writes them, or as a detector finds them.

A network wants faces that are aligned like those of its training. OpenCV's detector marks every
face in the same way, only not in the way in which a collection was cut. So it is asked once where
it finds the faces of the collection (`usual_detection`), and the square to cut round a face of a
photo follows from that (`aligned_square`).
"""

from __future__ import annotations

import functools
import math
import os
from typing import NamedTuple

import cv2
import numpy as np

from aign_tf.errors import UserError

DETECT = "detect"
MAX_FACES = 100
# A square is at least this long, in pixels, and at most this many times the photo's shorter side.
LEAST_SIDE, GREATEST_SHARE = 4, 3

# Where the detector finds a face in an aligned picture, as shares `x0 y0 x1 y1` of the side: the
# median over 244 faces of the London and Canada sets at 128 pixels.
USUAL = (0.016, 0.047, 0.984, 1.031)
_USUAL_PICTURES = 200  # looked at, at most
_USUAL_FOUND = 0.2  # share of them that must show one face
_USUAL_LEAST = 0.2  # a detection may be this much smaller than the picture

# A photo is looked at with a longer side of so many pixels: faces of 16 pixels are found in small
# photos, and a big one takes no longer than a second.
_LOOKED_AT = (320, 1000)
# Windows that reach beyond the photo are searched too, up to this share of its shorter side. In
# tight pictures the detector would else choose a smaller box than it does in a photo with room.
_MARGIN = 0.25
# Smallest face, as a share of the longer side: of a photo, and of an aligned picture.
_LEAST_IN_PHOTO, _LEAST_ALIGNED = 1 / 25, 1 / 3
_SCALE_STEP, _NEIGHBOURS = 1.1, 4
# Of two faces that share more than this much of the smaller one, the smaller is dropped.
_SHARED = 0.3


class Square(NamedTuple):
    """Pixels `left` to `left + side - 1` of a photo and as many rows from `top`.

    It may reach beyond the photo.
    """

    left: int
    top: int
    side: int


def squares(boxes: str, picture: np.ndarray, usual: str) -> list[Square]:
    """The faces of a photo, as `parse_boxes` reads them or, where `boxes` is `DETECT`, found.

    Args:
      boxes: `DETECT`, or edges in pixels.
      picture: uint8 `[H, W, 3]`.
      usual: as of `parse_usual`, for faces that are found.
    """
    if boxes != DETECT:
        return parse_boxes(boxes, *picture.shape[:2])
    where = parse_usual(usual)
    return [aligned_square(found, where) for found in detect_faces(picture)]


def parse_boxes(text: str, height: int, width: int) -> list[Square]:
    """The faces that a person marked in a photo of `height` x `width` pixels.

    Args:
      text: `"x0 y0 x1 y1; x0 y0 x1 y1"`: edges in pixels, from left to right and top to bottom,
        `0 0 width height` being the whole photo. Boxes may reach beyond the photo.

    Returns:
      A square for each box: the box itself, or else the smallest with the same centre that holds
      it, give or take half a pixel.

    Raises:
      UserError: not such a text, more than `MAX_FACES` boxes, a box outside the photo, or one whose
        square is too small or too big to be a face of this photo.
    """
    boxes = [part for part in text.split(";") if part.strip()]
    if not 1 <= len(boxes) <= MAX_FACES:
        raise UserError(
            f"{len(boxes)} boxes: write from 1 to {MAX_FACES} as 'x0 y0 x1 y1; x0 y0 x1 y1'"
        )
    return [
        _box_square(box, f"box {number} {box.strip()!r}", height, width)
        for number, box in enumerate(boxes, start=1)
    ]


def _box_square(box: str, name: str, height: int, width: int) -> Square:
    x0, y0, x1, y1 = map(round, _edges(box, name))
    photo = f"the photo of {width}x{height} pixels"
    if x0 >= width or y0 >= height or x1 <= 0 or y1 <= 0:
        raise UserError(f"{name}: lies outside {photo}")
    side = max(x1 - x0, y1 - y0)
    if side < LEAST_SIDE:
        raise UserError(f"{name}: a face needs at least {LEAST_SIDE} pixels")
    if side > GREATEST_SHARE * min(height, width):
        raise UserError(f"{name}: more than {GREATEST_SHARE} times the shorter side of {photo}")
    return Square((x0 + x1 - side) // 2, (y0 + y1 - side) // 2, side)


def _edges(text: str, name: str) -> list[float]:
    """The four numbers of `"x0 y0 x1 y1"`; `name` says in errors what they are."""
    try:
        edges = [float(word) for word in text.split()]
    except ValueError:
        edges = []
    if len(edges) != 4 or not all(map(math.isfinite, edges)):
        raise UserError(f"{name}: write four numbers as 'x0 y0 x1 y1'")
    if edges[0] >= edges[2] or edges[1] >= edges[3]:
        raise UserError(f"{name}: write 'x0 y0 x1 y1' with x0 < x1 and y0 < y1")
    return edges


def detect_faces(picture: np.ndarray) -> list[Square]:
    """Upright faces that look into the camera, largest first, at most `MAX_FACES`.

    They are as OpenCV marks them, roughly from forehead to chin: see `aligned_square`.
    Faces of less than 1/25 of the longer side (1/16 in small photos) are not looked for.

    Source: Viola and Jones 2001, with the cascade of OpenCV's haarcascade_frontalface_alt.xml.

    Args:
      picture: uint8 `[H, W, 3]`.
    """
    found = [
        Square(*(round(float(edge)) for edge in box)) for box in _detect(picture, _LEAST_IN_PHOTO)
    ]
    faces: list[Square] = []
    for square in sorted(found, key=lambda square: (-square.side, square)):
        if len(faces) < MAX_FACES and all(_shared(square, face) <= _SHARED for face in faces):
            faces.append(square)
    return faces


def usual_detection(images: np.ndarray) -> np.ndarray | None:
    """Where `detect_faces` finds the face in aligned pictures.

    Args:
      images: uint8 `[N, S, S, 3]`; of many, 200 are looked at.

    Returns:
      `x0 y0 x1 y1` in shares of the side: the median over all pictures in which exactly one face
      is found; None where these are less than a fifth.
    """
    rows = np.linspace(0, len(images) - 1, min(len(images), _USUAL_PICTURES)).astype(int)
    found = [_detect(images[row], _LEAST_ALIGNED) for row in rows]
    single = np.array([boxes[0] for boxes in found if len(boxes) == 1])
    if len(single) == 0 or len(single) < _USUAL_FOUND * len(rows):
        return None
    left, top, side = single.T / images.shape[1]
    return np.median([left, top, left + side, top + side], axis=1)


def usual_text(usual: np.ndarray | None) -> str:
    """What `usual_detection` returned as a setting, `"x0 y0 x1 y1"`; for None that is `USUAL`."""
    return " ".join(f"{share:.4g}" for share in (USUAL if usual is None else usual))


def parse_usual(text: str) -> np.ndarray | None:
    """Inverse of `usual_text`; None for "".

    Raises:
      UserError: not four numbers from -1 to 2 that leave a box of at least a fifth of the side.
    """
    if not text.strip():
        return None
    name = f"usual detection {text!r}"
    usual = np.array(_edges(text, name))
    if np.abs(usual - 0.5).max() > 1.5 or (usual[2:] - usual[:2]).min() < _USUAL_LEAST:
        raise UserError(f"{name}: shares of the side, from -1 to 2, at least {_USUAL_LEAST} apart")
    return usual


def aligned_square(detected: Square, usual: np.ndarray | None) -> Square:
    """The square to cut so that a detected face lies in it as faces do in aligned pictures.

    Args:
      detected: of `detect_faces`.
      usual: of `usual_detection`; None means `USUAL`.
    """
    low, high = np.split(np.asarray(USUAL if usual is None else usual), 2)
    side = detected.side / (high - low).mean()
    centre = np.array([detected.left, detected.top]) + detected.side / 2
    left, top = centre - side * (low + high) / 2
    return Square(round(left), round(top), max(1, round(side)))


def _detect(picture: np.ndarray, least: float) -> np.ndarray:
    """Float `[N, 3]`: left, top and side of faces of at least `least` of the longer side."""
    height, width = picture.shape[:2]
    longer = max(height, width)
    scale = np.clip(longer, *_LOOKED_AT) / longer
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    resampling = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    grey = cv2.resize(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), size, interpolation=resampling)
    # Equalised in each of 8 x 8 tiles: over the whole photo, a plain wall would decide about the
    # contrast of a face.
    grey = cv2.createCLAHE(clipLimit=2.0, tileGridSize=(8, 8)).apply(grey)
    margin = round(_MARGIN * min(size))
    grey = cv2.copyMakeBorder(grey, *4 * [margin], cv2.BORDER_REPLICATE)
    shortest = round(least * max(size))
    boxes = _cascade().detectMultiScale(
        grey, _SCALE_STEP, _NEIGHBOURS, minSize=(shortest, shortest)
    )
    return (np.reshape(boxes, (-1, 4))[:, :3] - [margin, margin, 0]) / scale


@functools.lru_cache(maxsize=1)
def _cascade() -> cv2.CascadeClassifier:
    return cv2.CascadeClassifier(
        os.path.join(cv2.data.haarcascades, "haarcascade_frontalface_alt.xml")
    )


def _shared(one: Square, other: Square) -> float:
    """Area that two squares share, as a share of the smaller."""
    across = min(one.left + one.side, other.left + other.side) - max(one.left, other.left)
    down = min(one.top + one.side, other.top + other.side) - max(one.top, other.top)
    return max(across, 0) * max(down, 0) / min(one.side, other.side) ** 2
