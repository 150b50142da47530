"""Procedural portraits: painted faces of many looks, with attributes, landmarks and parts known.

They need no download and no licence: every picture is computed from a seed. Faces are aligned as
in CelebA-like sets, the eyes near y = 0.42 and the mouth near y = 0.72 of the side.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import numpy as np

from aign_tf.data.faces import REGIONS, FaceSet, split_by_person
from aign_tf.data.synthetic import face_geometry
from aign_tf.data.synthetic.face_features import PARTS
from aign_tf.data.synthetic.face_geometry import LANDMARKS
from aign_tf.data.synthetic.face_layers import paint_portrait
from aign_tf.data.synthetic.face_parameters import (
    BLOCK,
    PICTURES,
    Drawn,
    draw_block,
    draw_portraits,
)
from aign_tf.data.synthetic.shapes import Canvas
from aign_tf.errors import UserError

SIZES = (32, 256)
BIG = 0.6  # lips and noses of a greater size are "big"
PORTRAIT = "portrait"  # who is shown by all of `generate_portraits`
CHUNK_PIXELS = 2**17  # painted together: few enough to stay in the processor's cache


# (seed, number of a block) -> the generator of its camera noise, and what its faces look like.
Draw = Callable[[int, int], tuple[np.random.Generator, Drawn]]


@dataclasses.dataclass(frozen=True)
class ProceduralFaces:
    """N painted faces and all that is known of them.

    Attributes:
      images: uint8 `[N, S, S, 3]` RGB.
      person: `N` strings; pictures 2 k and 2 k + 1 show the same person.
      attributes: name -> `[N]`. float32: `lip_size`, `nose_size` in [0, 1], `age` in years, 18 to
        80, and the flags `big_lips`, `big_nose`, `smiling`, `glasses`, 0 or 1. Strings: `gender`,
        "female" or "male". They depend neither on one another (but big_ on _size) nor on the
        person.
      landmarks: float32 `[N, 68, 2]` pixels, x right and y down, in the groups of `LANDMARKS`.
        Pixel (0, 0) has its centre at coordinate (0, 0).
      labels: uint8 `[N, S, S]`, index into `PARTS` of what is seen in each pixel.
    """

    images: np.ndarray
    person: np.ndarray
    attributes: dict[str, np.ndarray]
    landmarks: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.images)

    @property
    def parts(self) -> dict[str, np.ndarray]:
        """Name of each of `PARTS` -> bool `[N, S, S]`; a pixel belongs to exactly one."""
        return {name: self.labels == index for index, name in enumerate(PARTS)}


def generate(count: int, size: int = 64, seed: int = 0) -> ProceduralFaces:
    """Paints `count` faces of `size` x `size` pixels.

    Face i is a function of `seed`, `size` and i alone, and looks the same at every size.

    Raises:
      UserError: `size` outside 32 to 256, `count` below 1, `seed` below 0.
    """
    people = [f"p{i // PICTURES:06d}" for i in range(count)]
    return _painted(people, size, seed, draw_block)


def generate_portraits(count: int, size: int = 64, seed: int = 0) -> ProceduralFaces:
    """Paints `count` faces of one person, called `PORTRAIT`, who is not among the others.

    Raises:
      UserError: as of `generate`.
    """
    return _painted([PORTRAIT] * count, size, seed, draw_portraits)


def _painted(people: list[str], size: int, seed: int, draw: Draw) -> ProceduralFaces:
    """One face for each name in `people`, block after block as `draw` says they look."""
    count = len(people)
    if not SIZES[0] <= size <= SIZES[1]:
        raise UserError(f"size {size} of the faces: use {SIZES[0]} to {SIZES[1]} pixels")
    if count < 1:
        raise UserError(f"{count} faces: use a count of 1 or more")
    if seed < 0:
        raise UserError(f"seed {seed}: use a whole number of 0 or more")
    images = np.empty((count, size, size, 3), np.uint8)
    labels = np.empty((count, size, size), np.uint8)
    landmarks = np.empty((count, 68, 2), np.float32)
    columns = []
    for start, face, noise in _chunks(count, size, seed, draw):
        rows = slice(start, start + len(face.age))
        canvas = paint_portrait(face, size)
        images[rows] = _developed(canvas, face, noise)
        labels[rows] = canvas.labels
        landmarks[rows] = face_geometry.landmarks(face, size)
        columns.append(_attributes(face))
    return ProceduralFaces(
        images,
        np.array(people, dtype=np.str_),
        {name: np.concatenate([c[name] for c in columns]) for name in columns[0]},
        landmarks,
        labels,
    )


def face_set(faces: ProceduralFaces) -> FaceSet:
    """The faces as the tasks take them: named, split by person, with boxes of `REGIONS`."""
    kind = PORTRAIT if faces.person[0] == PORTRAIT else "face"
    names = np.array([f"{kind}_{i:06d}" for i in range(len(faces))], dtype=np.str_)
    boxes = {region: _boxes(faces.landmarks[:, LANDMARKS[region]]) for region in REGIONS}
    split = split_by_person(faces.person)
    return FaceSet(faces.images, names, faces.person, split, dict(faces.attributes), boxes)


def _boxes(points: np.ndarray) -> np.ndarray:
    """Boxes `[N, 4]` of the pixels that points `[N, P, 2]` lie in, half a pixel beyond them."""
    return np.concatenate([points.min(axis=1) - 0.5, points.max(axis=1) + 0.5], axis=1)


def _chunks(
    count: int, size: int, seed: int, draw: Draw
) -> Iterator[tuple[int, SimpleNamespace, np.ndarray]]:
    """Index of the first face, the faces, and camera noise `[B, S, S]` of each chunk."""
    length = max(1, CHUNK_PIXELS // size**2)
    for block in range(0, count, BLOCK):
        rng, drawn = draw(seed, block // BLOCK)
        end = min(BLOCK, count - block)
        for first in range(0, end, length):
            rows = slice(first, min(first + length, end))
            face = SimpleNamespace(**{name: values[rows] for name, values in drawn.items()})
            # Drawn face after face, so that the faces that follow do not matter.
            noise = rng.standard_normal((rows.stop - rows.start, size, size), np.float32)
            yield block + first, face, noise


def _developed(canvas: Canvas, face: SimpleNamespace, noise: np.ndarray) -> np.ndarray:
    """The picture `[B, S, S, 3]` that a camera takes of a canvas."""
    balance = np.concatenate([1 + face.warmth, 1 + 0 * face.warmth, 1 - face.warmth], axis=1)
    gain = face.exposure * balance
    levels = canvas.colour * (255 * gain[..., None])
    levels += (255 * face.noise * noise + 0.5)[:, None]
    return levels.clip(0, 255, out=levels).transpose(0, 2, 3, 1).astype(np.uint8, order="C")


def _attributes(face: SimpleNamespace) -> dict[str, np.ndarray]:
    numbers = ("lip_size", "nose_size", "age", "smiling", "glasses")
    columns = {name: getattr(face, name)[:, 0, 0] for name in numbers}
    columns["big_lips"] = (columns["lip_size"] > BIG).astype(np.float32)
    columns["big_nose"] = (columns["nose_size"] > BIG).astype(np.float32)
    columns["gender"] = np.where(face.female[:, 0, 0] > 0, "female", "male")
    return columns
