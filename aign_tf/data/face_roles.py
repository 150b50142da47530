"""Which faces are observed and which are remembered: the part of a biased memory in data."""

from __future__ import annotations

import dataclasses

import numpy as np

from aign_tf.config import setting
from aign_tf.data.faces import FaceSet, share_of_people
from aign_tf.data.folders import read_faces
from aign_tf.data.selection import select
from aign_tf.data.synthetic import faces as procedural
from aign_tf.errors import UserError

FEW = 50
"""A memory of fewer pictures is too small to hold some of it out."""


@dataclasses.dataclass(frozen=True)
class FaceDataConfig:
    dir: str = setting("", "folder of faces (--data_dir); empty: procedural faces")
    memory_dir: str = setting(
        "", "folder of remembered faces (--memory_dir); empty: by data.memory"
    )
    memory: str = setting("big_lips=1", 'which faces are remembered, as "gender=female and age<30"')
    memory_share: float = setting(
        1.0, "share of these people who are remembered; the others are observed", least=0.01, most=1
    )
    observed: str = setting("", "which faces are observed; empty: all that are not remembered")
    image_size: int = setting(64, "side of the square pictures in pixels", least=16, most=1024)
    crop: float = setting(
        1.0, "centred square, as a share of a picture's shorter side", least=0.01, most=1
    )
    samples: int = setting(6000, "procedural faces to draw", least=1)
    portraits: int = setting(
        0, 'further procedural faces, all of one person, for data.memory="person=portrait"'
    )
    flip: bool = setting(True, "mirror pictures at random in training")
    tint: float = setting(0.1, "change light and colours at random in training, 0 not", most=1)


@dataclasses.dataclass(frozen=True)
class FaceRoles:
    """Faces in their roles; no picture has both.

    Attributes:
      observed: faces that observations are made of.
      memory: real faces that discriminators compare with.
      matches: bool `[N]`, which of the observed look like the memory already: they are what
        `data.memory` asks for, and not remembered. All False for a memory of its own folder.
      origin: where they come from, for messages.
      shows_one_person: whether the memory is of one person, whom all its pictures show.
      keeps_memory_whole: whether all of the memory is in every split, being of one person or of
        less than `FEW` pictures. What is compared with it then, is compared with what was trained
        on.
    """

    observed: FaceSet
    memory: FaceSet
    matches: np.ndarray
    origin: str
    shows_one_person: bool
    keeps_memory_whole: bool

    def in_split(self, split: str) -> FaceRoles:
        """The roles in one split; raises `UserError` if nobody is left for one of them."""
        memory = self.memory if self.keeps_memory_whole else self.memory.in_split(split)
        observed = self.observed.in_split(split)
        matches = self.matches[self.observed.split == split]
        part = dataclasses.replace(self, observed=observed, memory=memory, matches=matches)
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
    faces = _faces(config, seed)
    if config.memory_dir:
        memory = read_faces(config.memory_dir, config.image_size, config.crop)
        # One folder may hold the other: whatever is remembered is not observed.
        pictures = {image.tobytes() for image in memory.images}
        rest = np.array([image.tobytes() not in pictures for image in faces.images])
        matches = np.zeros(len(faces), bool)
        # Who is nameless goes by the name of the picture, which both folders may use.
        nameless = memory.person == memory.names
        named = np.where(nameless, np.char.add("memory/", memory.person), memory.person)
        memory = dataclasses.replace(memory, person=named)
    else:
        matches = _selected("memory", config.memory, faces, "memory")
        remembered = matches.copy()
        remembered[matches] = share_of_people(faces.person[matches], config.memory_share)
        memory = faces.select(remembered)
        rest = ~remembered
    if config.observed:
        rest = rest & _selected("observed", config.observed, faces, "observations")
    origin = config.dir or "the procedural faces"
    one = len(np.unique(memory.person)) == 1
    whole = one or len(memory) < FEW
    roles = FaceRoles(faces.select(rest), memory, matches[rest], origin, one, whole)
    roles.in_split("train")
    return roles


def _faces(config: FaceDataConfig, seed: int) -> FaceSet:
    if config.dir and config.portraits:
        raise UserError("data.portraits are procedural faces: leave them out with a data_dir")
    if config.dir:
        return read_faces(config.dir, config.image_size, config.crop)
    faces = procedural.face_set(procedural.generate(config.samples, config.image_size, seed))
    if config.portraits:
        drawn = procedural.generate_portraits(config.portraits, config.image_size, seed)
        faces = faces.joined(procedural.face_set(drawn))
    return faces


def _selected(setting: str, expression: str, faces: FaceSet, purpose: str) -> np.ndarray:
    try:
        return select(expression, faces, purpose)
    except UserError as error:
        raise UserError(f"data.{setting}={expression}: {error}") from None
