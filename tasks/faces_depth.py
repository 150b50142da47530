"""Depths of a face from its 66 or 68 landmarks, without pairs of the two.

    python -m tools.train --task=faces_depth --data_dir=FACES --memory_dir=OTHER_FACES

Observation: landmarks in a picture. Factor: the face in space. Renderer: a camera whose rays are
parallel. Memory: 3D faces of other people, seen from random sides.

Source: the comparison on 3DFAW in Moniz et al. 2018, whose AIGN is `paper`. In `default` landmarks
stay where they are seen and the network finds their depths, mostly by recall: what it remembers it
sees through the renderer and has to find again.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import pathlib
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from absl import logging

from aign_tf import arms, losses, points, task
from aign_tf.config import LossConfig, Preset, TrainConfig, setting, smoke
from aign_tf.data import pairs, unpaired
from aign_tf.data.landmarks import batches, units
from aign_tf.data.landmarks.check import check_landmarks, prepare_landmarks
from aign_tf.data.landmarks.config import LandmarkDataConfig
from aign_tf.data.landmarks.results import write_results
from aign_tf.data.landmarks.roles import load_roles, read
from aign_tf.discriminators.face import face_discriminator, paper_face_discriminator
from aign_tf.errors import UserError
from aign_tf.generators.face_heatmaps import paper_face_lifter
from aign_tf.generators.face_lifter import face_lifter
from aign_tf.metrics import landmark_report
from aign_tf.metrics.landmarks import LEAST_FACES
from aign_tf.renderers.project import AffineProjection

_SHOWN = 6  # faces in a preview


@dataclasses.dataclass(frozen=True)
class NetworkConfig:
    architecture: str = setting(
        "residual",
        "residual: coordinates to depths; paper: heat-maps to a face, a rotation and a camera",
        choices=("residual", "paper"),
    )
    width: int = setting(512, "of the layers of the residual generator", least=8)
    blocks: int = setting(2, "blocks of the residual generator")
    discriminator_width: int = setting(256, "of the layers of the residual discriminator", least=1)


@dataclasses.dataclass(frozen=True)
class Config:
    data: LandmarkDataConfig = LandmarkDataConfig()
    network: NetworkConfig = NetworkConfig()
    loss: LossConfig = LossConfig(
        reprojection_weight=1.0, adversarial_weight=0.003, recall_weight=1.0, r1=1.0
    )
    train: TrainConfig = TrainConfig(
        steps=6000,
        batch_size=256,
        generator_lr=5e-4,
        discriminator_lr=5e-4,
        beta1=0.9,
        beta2=0.999,
        log_every=100,
        sample_every=1000,
        checkpoint_every=1000,
    )


@dataclasses.dataclass(frozen=True)
class Prediction:
    picture: str = setting("", "width and height of the pictures; empty: as data.picture")
    most: int = setting(20, "faces of a file that get an OBJ and a picture")


class FacesDepth(task.Task):
    Config = Config
    Prediction = Prediction
    renders_memory = True
    evaluated_data = "data.test_dir"
    check, prepare = staticmethod(check_landmarks), staticmethod(prepare_landmarks)
    signature = {
        "points": (
            "x right, y down: landmarks in the order of 300-W, or of 3DFAW where they are 66; in "
            "any unit, but with `data.normalize=picture` in shares of the picture"
        ),
        "face": (
            "x, y and depth in the unit of `points`; depth grows away from the camera and is "
            "relative to the face"
        ),
        "focal": "of the camera of parallel rays that shows `face` as `points`",
        "principal_point": "of the same camera, in the unit of `points`",
    }
    meanings = {
        "reconstruction": "the same network, trained by re-projection alone",
        "posed_template": "the mean face of the memory, posed by least squares",
        "ridge": "linear regression, learned from all true pairs",
        **landmark_report.MEANINGS,
    }
    limits = (
        "Depths are those that remembered faces have with such landmarks. Faces that are rare or "
        "missing there (children, injuries, syndromes, unusual expressions) come out as usual "
        "ones, without a warning; no output says how sure it is.",
        "Landmarks are all it sees. The errors of the detector that found them go in unchecked, "
        "and detectors err more on some people than on others.",
        "A picture tells neither size nor distance: depths are relative to the face, in the unit "
        "of the landmarks.",
        "Faces turned or tilted further than in training (`data.yaw`, `data.pitch`, `data.roll`), "
        "or seen from so near that rays are not parallel, are not learned.",
        "Not for identification, medical findings, or measuring a person, such as to fit a mask "
        "or glasses.",
        "Scores differ with where faces look, and nothing here compares groups of people: they "
        "may well differ there, too.",
    )
    presets = {
        "default": Preset("good within ten minutes on two CPU cores", {}),
        "smoke": smoke(
            {
                "data.faces": 200,
                "network.width": 32,
                "network.discriminator_width": 16,
                "train.batch_size": 16,
            }
        ),
        "paper": Preset(
            "the AIGN of the comparison on 3DFAW, without recall; for a GPU",
            {
                "data.normalize": "picture",
                "network.architecture": "paper",
                "loss.adversarial": "least_squares",
                "loss.reprojection_weight": 100.0,
                # There it is the plain mean square, of which `least_squares` takes half.
                "loss.adversarial_weight": 2.0,
                "loss.recall_weight": 0.0,
                "loss.r1": 0.0,
                "train.generator_lr": 2e-4,
                "train.discriminator_lr": 2e-4,
                "train.beta1": 0.5,
                "train.batch_size": 32,
                # 100 passes over the 13,671 faces of 3DFAW.
                "train.steps": 42700,
            },
        ),
    }

    @functools.cached_property
    def roles(self):
        return load_roles(self.config.data, self.config.train.seed)

    def arms(self) -> dict[str, dict[str, Any]]:
        known = bool(self.roles.observed["train"].known.all())
        return arms.lifting(percents=(1, 100) if known else ())

    # Parts.

    def generator(self) -> keras.Model:
        network = self.config.network
        if network.architecture == "paper":
            return paper_face_lifter(self.config.data.points)
        return face_lifter(self.roles.template[:, :2].tolist(), network.width, network.blocks)

    def renderer(self) -> keras.layers.Layer:
        return AffineProjection()

    def discriminators(self) -> dict[str, keras.Model]:
        network, count = self.config.network, self.config.data.points
        if network.architecture == "paper":
            return {"face": paper_face_discriminator(count)}
        return {"face": face_discriminator(count, network.discriminator_width)}

    reprojection = staticmethod(losses.mean_absolute)

    @staticmethod
    def paired(predicted, truth) -> tf.Tensor:
        """Mean distance in sizes of the face, over the faces whose depths are known."""
        predicted, face = predicted["face"], truth["face"]
        across = face[..., :2] - tf.reduce_mean(face[..., :2], axis=1, keepdims=True)
        size = points.deviation(across, 1.0 / face.shape[1])[:, None]
        return losses.mean_distance(predicted / size, face / size)

    # Data.

    def batches(self, first_step: int = 0) -> tf.data.Dataset:
        data, train, roles = self.config.data, self.config.train, self.roles
        angles = data.yaw, data.pitch, data.roll

        def make(observed, memory, seed):
            seeds = tf.unstack(tf.random.experimental.stateless_split(seed, 3))
            face, remembered = observed["face"], memory["face"]
            if data.flip:
                face = batches.mirrored(face, roles.scheme.mirror, seeds[0])
            seen = batches.seen_like(remembered, face[..., :2], angles, data.noise, seeds[1])
            if data.flip:
                seen = batches.mirrored(seen, roles.scheme.mirror, seeds[2])
            return {
                "observation": {"points": face[..., :2]},
                "memory": {"face": seen},
                "recall": {"points": seen[..., :2], "face": seen},
                "truth": {"face": face},
            }

        return unpaired.unpaired_batches(
            {"face": self._faces()},
            {"face": roles.memory},
            train.batch_size,
            train.seed,
            make,
            first_step,
        )

    def _faces(self) -> np.ndarray:
        """Training faces; where only some have pairs, the depths of the others are NaN."""
        loss, data = self.config.loss, self.config.data
        observed = self.roles.in_split("train")
        faces = observed.faces
        if loss.paired_weight > 0 and data.pairs < 1:
            rows, paired = pairs.keep(
                observed.known, data.pairs, self.config.train.seed, loss.learns_from_pairs_alone
            )
            faces = faces[rows]
            faces[~paired, :, 2] = np.nan
        return faces

    def settle(self, split: str = "train") -> None:
        known = int(self.roles.in_split(split).known.sum())
        if split != "train" and 0 < known < LEAST_FACES:
            raise UserError(f"{known} faces of the {split} have depths: {LEAST_FACES} are needed")
        if self.config.loss.paired_weight > 0 and not self.roles.observed["train"].known.any():
            raise UserError("loss.paired_weight needs observations whose depths are known")

    def composition(self) -> dict[str, int]:
        seen = {f"faces observed, {split}": len(p) for split, p in self.roles.observed.items()}
        return {**seen, "faces remembered in 3D": len(self.roles.memory)}

    def held_out(self, count: int) -> dict[str, np.ndarray]:
        return {"points": self.roles.to_look_at(count).points}

    # Looking at the result.

    def preview(self, generator: keras.Model) -> np.ndarray:
        observed = self.roles.to_look_at(_SHOWN)
        faces = {"prediction": landmark_report.lift(generator, self.renderer(), observed.points)}
        return landmark_report.sheet(
            {**faces, "truth": observed.faces}, observed.points, self.roles, _SHOWN
        )

    def evaluate(
        self, generators: Mapping[str, keras.Model], split: str, samples: int
    ) -> task.Evaluation:
        observed = self.roles.in_split(split, samples)
        faces = {
            name: landmark_report.lift(model, self.renderer(), observed.points)
            for name, model in generators.items()
        }
        faces.update(landmark_report.baselines(observed, self.roles))
        ours = next(iter(generators))
        metrics, groups = landmark_report.compare(faces, ours, observed, self.roles.template)
        shown = {name: faces[name] for name in (ours, "posed_template")}
        return task.Evaluation(
            samples=int(observed.known.sum()) or len(observed),
            metrics=metrics,
            notes=landmark_report.notes(observed),
            picture=landmark_report.sheet(
                {**shown, "truth": observed.faces}, observed.points, self.roles, _SHOWN
            ),
            groups=groups,
        )

    def predict(
        self,
        generator: keras.Model,
        source: pathlib.Path,
        output: pathlib.Path,
        options: Prediction,
    ) -> list[pathlib.Path]:
        picture = options.picture or self.config.data.picture
        seen, sides = read(str(source), dataclasses.replace(self.config.data, picture=picture))
        points = units.divided(seen, sides).points
        faces = sides * landmark_report.lift(generator, self.renderer(), points)
        logging.info("%d faces", len(seen))
        name = pathlib.Path(os.path.abspath(source)).stem  # of the folder "." too
        return write_results(output, name, seen.points, faces, seen.names, options.most)
