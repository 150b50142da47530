"""Which faces are observed and which are remembered: the part of a biased memory in data."""

from __future__ import annotations

import dataclasses

import numpy as np

from aign_tf.config import setting
from aign_tf.data.faces import FaceSet
from aign_tf.data.folders import read_faces
from aign_tf.data.selection import select
from aign_tf.data.synthetic import faces as procedural
from aign_tf.errors import UserError


@dataclasses.dataclass(frozen=True)
class FaceDataConfig:
    dir: str = setting("", "folder of faces (--data_dir); empty: procedural faces")
    memory_dir: str = setting(
        "", "folder of remembered faces (--memory_dir); empty: by data.memory"
    )
    memory: str = setting("big_lips=1", 'which faces are remembered, as "gender=female and age<30"')
    observed: str = setting("", "which faces are observed; empty: all that are not remembered")
    image_size: int = setting(64, "side of the square pictures in pixels", least=16, most=1024)
    crop: float = setting(
        1.0, "centred square, as a share of a picture's shorter side", least=0.01, most=1
    )
    samples: int = setting(6000, "procedural faces to draw", least=1)
    flip: bool = setting(True, "mirror pictures at random in training")
    tint: float = setting(0.1, "change light and colours at random in training, 0 not", most=1)


@dataclasses.dataclass(frozen=True)
class FaceRoles:
    """Faces in their roles; no picture has both.

    Attributes:
      observed: faces that observations are made of.
      memory: real faces that discriminators compare with.
      origin: where they come from, for messages.
    """

    observed: FaceSet
    memory: FaceSet
    origin: str

    def in_split(self, split: str) -> FaceRoles:
        """The roles in one split; raises `UserError` if nobody is left for one of them."""
        part = FaceRoles(self.observed.in_split(split), self.memory.in_split(split), self.origin)
        for role, faces in (("observed", part.observed), ("remembered", part.memory)):
            if len(faces) == 0:
                raise UserError(
                    f"no {role} face in the {split} split of {self.origin}: choose other faces "
                    "with data.memory and data.observed, or add people"
                )
        return part

    def to_look_at(self, count: int) -> FaceSet:
        """At most `count` observed faces, held out from training where there are any."""
        held_out = self.observed.select(self.observed.split != "train")
        return (held_out if len(held_out) else self.observed).head(count)


def load_roles(config: FaceDataConfig, seed: int) -> FaceRoles:
    """Reads or draws the faces and casts them.

    Raises:
      UserError: nobody is left for a role in training, or whatever reading finds wrong.
    """
    if config.dir:
        faces = read_faces(config.dir, config.image_size, config.crop)
    else:
        drawn = procedural.generate(config.samples, config.image_size, seed)
        faces = procedural.face_set(drawn)
    if config.memory_dir:
        memory = read_faces(config.memory_dir, config.image_size, config.crop)
        # One folder may hold the other: whatever is remembered is not observed.
        pictures = {image.tobytes() for image in memory.images}
        rest = np.array([image.tobytes() not in pictures for image in faces.images])
    else:
        remembered = _selected("memory", config.memory, faces, "memory")
        memory = faces.select(remembered)
        rest = ~remembered
    if config.observed:
        rest = rest & _selected("observed", config.observed, faces, "observations")
    roles = FaceRoles(faces.select(rest), memory, config.dir or "the procedural faces")
    roles.in_split("train")
    return roles


def _selected(setting: str, expression: str, faces: FaceSet, purpose: str) -> np.ndarray:
    try:
        return select(expression, faces, purpose)
    except UserError as error:
        raise UserError(f"data.{setting}={expression}: {error}") from None
