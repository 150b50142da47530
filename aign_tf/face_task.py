"""What tasks on pictures of faces have in common: their data, and the limits of a biased memory."""

from __future__ import annotations

import abc
import functools

import numpy as np

from aign_tf import task
from aign_tf.config import Preset, smoke
from aign_tf.data.face_census import census
from aign_tf.data.face_preparation import FacePreparation, check_faces, prepare_faces
from aign_tf.data.face_roles import FaceRoles, load_roles
from aign_tf.data.faces import FaceSet


class FaceTask(task.Task):
    """A task whose `config.data` is a `FaceDataConfig`."""

    Preparation = FacePreparation
    check, prepare = staticmethod(check_faces), staticmethod(prepare_faces)
    limits = (
        "**It is biased on purpose.** What it invents has the looks of the faces in its memory, "
        "not those of the person in the picture, whoever that is.",
        "**Invented details are no evidence of what was there.** Not for identification, "
        "verification, investigation, medical findings, or any decision about a person.",
        "Say of every picture that a network made up a part of it. Do not use it to deceive, or on "
        "people who would not agree.",
        "It works only for faces that are cropped and aligned like the training data. Others give "
        "a picture as well, without a warning; no output says how sure it is.",
        "Where few people were observed or remembered, or hardly any of some group, it does worse "
        "for all others: age, skin, glasses, light, cameras. Scores differ between groups, and an "
        "average hides that.",
    )

    @functools.cached_property
    def roles(self) -> FaceRoles:
        return load_roles(self.config.data, self.config.train.seed)

    def composition(self) -> dict[str, int]:
        return census(self.roles)

    def held_out(self, count: int) -> dict[str, np.ndarray]:
        return self._observe(self.roles.to_look_at(count))

    @abc.abstractmethod
    def _observe(self, faces: FaceSet) -> dict[str, np.ndarray]:
        """What is observed of faces, always the same."""


def smoke_faces(**network) -> Preset:
    """The preset `smoke` of a task on faces; `network` are settings of its networks."""
    return smoke(
        {
            "data.image_size": 32,
            "data.samples": 400,
            "network.width": 8,
            "network.blocks": 1,
            "network.discriminator_width": 8,
            **{f"network.{name}": value for name, value in network.items()},
            "train.batch_size": 8,
        }
    )
