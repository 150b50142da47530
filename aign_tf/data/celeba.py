"""The CelebA layout: aligned pictures and text files with one line a picture.

Source: Liu, Luo, Wang and Tang, "Deep Learning Face Attributes in the Wild", ICCV 2015,
https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html.
"""

from __future__ import annotations

import pathlib

import numpy as np
from absl import logging

from aign_tf.data.faces import FaceSet, split_by_person
from aign_tf.data.pictures import list_pictures
from aign_tf.data.regions import boxes_from_five_points
from aign_tf.data.splits import SPLITS
from aign_tf.errors import UserError

ATTRIBUTES = "list_attr_celeba.txt"
LANDMARKS = "list_landmarks_align_celeba.txt"
PARTITION = "list_eval_partition.txt"
IDENTITY = "identity_CelebA.txt"


def recognises(data_dir: pathlib.Path) -> bool:
    return _find(data_dir, ATTRIBUTES) is not None


def _find(data_dir: pathlib.Path, name: str) -> pathlib.Path | None:
    places = (data_dir / folder / name for folder in ("", "Anno", "Eval"))
    return next((path for path in places if path.is_file()), None)


def list_faces(data_dir: pathlib.Path) -> tuple[list[pathlib.Path], FaceSet]:
    """Paths and, without pixels, the faces; boxes are in pixels of the aligned pictures.

    Raises:
      UserError: no pictures, or a text file that is not in CelebA's format.
    """
    paths = list_pictures(data_dir / "img_align_celeba")
    names = np.array([path.name for path in paths])
    attributes = _attributes(_find(data_dir, ATTRIBUTES), names)
    landmarks, partition, identity = (
        _find(data_dir, name) for name in (LANDMARKS, PARTITION, IDENTITY)
    )
    person = _person(identity, names) if identity else names
    split = split_by_person(person)
    if partition:
        split = _split(partition, names, split)
    boxes = {}
    if landmarks:
        boxes = boxes_from_five_points(_table(landmarks, names, 10).reshape(-1, 5, 2))
    no_pixels = np.empty((len(paths), 0, 0, 3), np.uint8)
    return paths, FaceSet(no_pixels, names, person, split, attributes, boxes)


def _attributes(path: pathlib.Path, names: np.ndarray) -> dict[str, np.ndarray]:
    labels = "".join(_lines(path)[1:2]).lower().split()
    if not labels or "." in labels[0]:
        raise UserError(f"{path}: line 1 must be the number of pictures, line 2 attribute names")
    values = _table(path, names, len(labels))
    if not np.isin(values[~np.isnan(values)], (-1, 1)).all():
        raise UserError(f"{path}: attribute values must be -1 or 1")
    columns = dict(zip(labels, (values.T + 1) / 2))
    if "male" in columns:
        male = columns["male"]
        columns["gender"] = np.select([male == 1, male == 0], ["male", "female"], "")
    return columns


def _person(path: pathlib.Path, names: np.ndarray) -> np.ndarray:
    identity = _table(path, names, 1)[:, 0]
    return np.array([name if np.isnan(i) else f"{i:.0f}" for i, name in zip(identity, names)])


def _split(path: pathlib.Path, names: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    partition = _table(path, names, 1)[:, 0]
    if not np.isin(partition[~np.isnan(partition)], (0, 1, 2)).all():
        raise UserError(f"{path}: partitions must be 0 (train), 1 (validation) or 2 (test)")
    return np.select([partition == i for i in range(3)], SPLITS, otherwise)


def _table(path: pathlib.Path, names: np.ndarray, width: int) -> np.ndarray:
    """float32 `[N, width]`: the numbers that follow each of `names` in the file, else NaN."""
    rows = {}
    for number, line in enumerate(_lines(path), start=1):
        name, *values = line.split() or [""]
        if "." not in name:  # Two files begin with a count and a line of column names.
            continue
        try:
            rows[name] = np.array(values, np.float32).reshape(width)
        except ValueError as error:
            raise UserError(
                f"{path}, line {number}: a file name and {width} numbers are needed"
            ) from error
    unlisted = sum(name not in rows for name in names)
    if unlisted == len(names):
        raise UserError(f"{path}: none of the pictures is listed, e.g. {names[0]}")
    if unlisted or len(rows) > len(names) - unlisted:
        absent = len(rows) - (len(names) - unlisted)
        logging.warning("%s: %d pictures not listed, %d not there", path.name, unlisted, absent)
    unknown = np.full(width, np.nan, np.float32)
    return np.stack([rows.get(name, unknown) for name in names])


def _lines(path: pathlib.Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines()
