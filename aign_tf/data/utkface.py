"""The UTKFace layout: `AGE_GENDER_RACE_STAMP.jpg`, everything in the file name.

Source: Zhang, Song and Qi, "Age Progression/Regression by Conditional Adversarial Autoencoder",
CVPR 2017, https://susanqq.github.io/UTKFace/.
"""

from __future__ import annotations

import pathlib
import re

import numpy as np
from absl import logging

from aign_tf.data.faces import FaceSet, split_by_person
from aign_tf.data.pictures import list_pictures

GENDERS = ("male", "female")
RACES = ("white", "black", "asian", "indian", "others")
# What follows the stamp varies (.jpg, .jpg.chip.jpg, misspelt suffixes) and does not matter.
_NAME = re.compile(r"(?P<age>\d{1,3})_(?P<gender>[01])_(?P<race>[0-4])_\d+")


def recognises(data_dir: pathlib.Path) -> bool:
    """Whether most pictures below `data_dir` are named in this way."""
    if (data_dir / "attributes.csv").exists():
        return False
    paths = list_pictures(data_dir)
    return 2 * sum(_NAME.match(path.name) is not None for path in paths) > len(paths)


def list_faces(data_dir: pathlib.Path) -> tuple[list[pathlib.Path], FaceSet]:
    """Paths and, without pixels, the faces; pictures whose name lacks a field are left out."""
    paths, fields = [], []
    for path in list_pictures(data_dir):
        match = _NAME.match(path.name)
        if match:
            paths.append(path)
            fields.append(match)
        else:
            logging.warning("%s left out: not named AGE_GENDER_RACE_STAMP.jpg", path)
    names = np.array([path.relative_to(data_dir).as_posix() for path in paths])
    attributes = {
        "age": np.array([match["age"] for match in fields], np.float32),
        "gender": np.array([GENDERS[int(match["gender"])] for match in fields]),
        "race": np.array([RACES[int(match["race"])] for match in fields]),
    }
    no_pixels = np.empty((len(paths), 0, 0, 3), np.uint8)
    return paths, FaceSet(no_pixels, names, names, split_by_person(names), attributes)
