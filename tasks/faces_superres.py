"""Biased super-resolution: a large face for a small one, with the looks of a memory.

    python -m tools.train --task=faces_superres --set=data.memory="gender=female"

Observation: a small face. Factor: the large face. Renderer: down-sampling. Memory: large faces with
the wanted looks; some of the observed faces may have them already, as in the paper, where half of
those who do are remembered and the others observed.

Arms, `--set=arm=NAME`, for comparison: `unpaired` is the AIGN; `reconstruction` has no adversary;
`paired` is shown the true large faces instead of the renderer; `cycle` has to learn its renderer.

Source: Tung et al. 2017, section on biased super-resolution. The networks and schedule of `paper`
follow its code; `default` up-samples without transposed convolutions and has a discriminator that
is regularised by R1.
"""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aign_tf import arms, strength, task, visualize
from aign_tf.config import LossConfig, Preset, TrainConfig, flat, override, setting
from aign_tf.data import face_boxes, small_faces
from aign_tf.data.face_boxes import Square
from aign_tf.data.faces import FaceSet
from aign_tf.data.small_faces import SmallFaceConfig
from aign_tf.discriminators.image import conv_discriminator
from aign_tf.enlarged_photos import PhotoOptions, write_enlarged
from aign_tf.errors import UserError
from aign_tf.face_task import FaceTask, smoke_faces
from aign_tf.generators.super_resolver import (
    check_sizes,
    paper_super_resolver,
    residual_super_resolver,
)
from aign_tf.layers import NORMALIZATIONS
from aign_tf.metrics import enlarged_faces, face_judge
from aign_tf.metrics.enlarged_faces import EnlargedFaces
from aign_tf.metrics.face_judge import JudgeConfig
from aign_tf.metrics.image import as_float
from aign_tf.renderers.downsample import Downsample
from aign_tf.renderers.learned import LearnedDownsample

_SHOWN = 10  # faces in a grid

# A memory of fewer pictures than this needs changes of what its discriminator sees.
_MANY = 500
_AUGMENT = 0.5


@dataclasses.dataclass(frozen=True)
class NetworkConfig:
    generator: str = setting("residual", "residual or paper", choices=("residual", "paper"))
    width: int = setting(64, "channels of the residual generator at the small size", least=4)
    blocks: int = setting(6, "residual blocks of the residual generator")
    exact: bool = setting(
        False, "move every output to where it re-renders exactly; for average rendering in colour"
    )
    view: str = setting(
        "auto",
        "what the discriminator sees: whole faces, or details, which the observation leaves open; "
        "auto: details where the head is exact and nothing else can change",
        choices=("auto", "whole", "details"),
    )
    discriminator_width: int = setting(24, "channels of the first convolution", least=1)
    discriminator_depth: int = setting(
        4, "convolutions of stride 2, up to 8 times as wide", least=1
    )
    discriminator_dense: int = setting(0, "width of a dense layer after them; 0 leaves it out")
    discriminator_norm: str = setting("none", "none, batch or instance", choices=NORMALIZATIONS)
    augment: float = setting(
        -1.0,
        "probability of each change of what the discriminator sees; "
        f"-1: {_AUGMENT} where fewer than {_MANY} faces are remembered, else 0",
        least=-1,
        most=1,
    )


@dataclasses.dataclass(frozen=True)
class Config:
    arm: str = setting(
        "unpaired", f"what is trained: {', '.join(arms.ENLARGING)}", choices=tuple(arms.ENLARGING)
    )
    data: SmallFaceConfig = SmallFaceConfig()
    network: NetworkConfig = NetworkConfig()
    loss: LossConfig = LossConfig(adversarial_weight=0.01, r1=1.0)
    train: TrainConfig = TrainConfig(steps=1500, generator_lr=1e-3, discriminator_lr=1e-3)
    evaluation: JudgeConfig = JudgeConfig()


class FacesSuperres(FaceTask):
    Config = Config
    Prediction = PhotoOptions
    presets = {
        "default": Preset("good within fifteen minutes on two CPU cores, 64x64 from 16x16", {}),
        "smoke": smoke_faces(augment=0.5),
        "paper": Preset(
            "the paper's networks and schedule: 128x128 from 32x32, 20 epochs, for a GPU",
            {
                "data.image_size": 128,
                "data.samples": 50000,
                "data.kernel": "bicubic",
                "data.tint": 0.0,
                "network.generator": "paper",
                "network.discriminator_width": 64,
                "network.discriminator_depth": 5,
                "network.discriminator_dense": 1024,
                "network.discriminator_norm": "batch",
                "network.augment": 0.0,
                "loss.adversarial_weight": 0.01,
                "loss.r1": 0.0,
                "loss.label_swap": 0.05,
                "train.generator_lr": 1e-4,
                "train.discriminator_lr": 1e-4,
                "train.beta1": 0.9,
                "train.beta2": 0.999,
                "train.ema_decay": 0.0,
                "train.steps": 16000,
            },
        ),
    }

    signature = {
        "image": "small aligned face, RGB (or grey) in [-1, 1]",
        "face": "large face, RGB in [-1, 1]",
        "draft": "`face` before it was moved to where its averages are those of the input",
    }
    meanings = {
        **arms.ENLARGING_MEANINGS,
        **strength.MEANINGS,
        **enlarged_faces.MEANINGS,
        **face_judge.MEANINGS,
    }

    def __init__(self, config: Config):
        super().__init__(config)
        data = config.data
        self._check_arm()
        check_sizes(data.image_size, data.factor)
        face_boxes.parse_usual(data.detected_box)
        if config.network.exact and (data.grey or data.rendered != "average"):
            raise UserError(
                "network.exact matches averages in colour: "
                "leave data.rendered=average and data.grey=false"
            )

    def _check_arm(self) -> None:
        """Refuses weights of another arm, such as those that a run folder keeps."""
        arm, here = self.config.arm, flat(self.config)
        wanted = {"loss.adversarial_weight": 1.0, **arms.ENLARGING[arm]}
        if arm == "unpaired" and here["loss.paired_weight"] > 0:
            wanted["loss.reprojection_weight"] = 1.0  # An AIGN may learn from pairs too.
        for key, weight in wanted.items():
            if (here[key] > 0) != (weight > 0):
                raise UserError(
                    f"arm={arm} needs {key}{' above 0' if weight else '=0'}, not {here[key]:g}: "
                    f"choose the arm alone ({', '.join(arms.ENLARGING)}), in a --run_dir of its "
                    "own, since a run folder keeps its weights"
                )

    @classmethod
    def configure(cls, preset: str, values: Mapping[str, Any]) -> Config:
        """What an arm sets gives way to what `values` say."""
        return super().configure(preset, {**arms.ENLARGING.get(values.get("arm"), {}), **values})

    def arms(self) -> dict[str, dict[str, Any]]:
        """The others, for an AIGN; a run of another arm stands for itself."""
        if self.config.arm != "unpaired":
            return {}
        others = {name: sets for name, sets in arms.ENLARGING.items() if name != "unpaired"}
        return {name: {"arm": name, **sets} for name, sets in others.items()}

    # Parts.

    def generator(self) -> keras.Model:
        network, data = self.config.network, self.config.data
        fixed = {"exact": network.exact, "channels": data.channels}
        if network.generator == "paper":
            return paper_super_resolver(data.image_size, data.factor, **fixed)
        return residual_super_resolver(
            data.image_size, data.factor, network.width, network.blocks, **fixed
        )

    def renderer(self) -> keras.layers.Layer:
        of = "draft" if self.config.network.exact else "face"
        if self.config.arm == "cycle":
            return LearnedDownsample(self.config.data.factor, self.config.data.channels, of=of)
        return self._downsample(of)

    def _downsample(self, of: str = "face") -> keras.layers.Layer:
        data = self.config.data
        return Downsample(data.factor, data.rendered, data.grey, of)

    def discriminators(self) -> dict[str, keras.Model]:
        network = self.config.network
        widths = [
            network.discriminator_width * min(2**depth, 8)
            for depth in range(network.discriminator_depth)
        ]
        return {
            "face": conv_discriminator(
                self.config.data.image_size,
                "face",
                widths,
                network.discriminator_norm,
                network.discriminator_dense,
                max(network.augment, 0.0),
                self.config.data.factor if self._sees_details else 0,
            )
        }

    @property
    def _sees_details(self) -> bool:
        network = self.config.network
        return network.exact if network.view == "auto" else network.view == "details"

    # Data.

    def settle(self, split: str = "train") -> None:
        self.roles.in_split(split)
        train = self.roles.in_split("train")
        if self.config.network.augment < 0:
            few = len(train.memory) < _MANY
            self.config = override(self.config, {"network.augment": _AUGMENT if few else 0.0})
        if not self.config.data.detected_box:
            box = face_boxes.usual_text(face_boxes.usual_detection(train.observed.images))
            self.config = override(self.config, {"data.detected_box": box})

    def batches(self, first_step: int = 0) -> tf.data.Dataset:
        roles = self.roles.in_split("train")
        factors = ("face", "draft") if self.config.network.exact else ("face",)
        return small_faces.batches(roles, self.config.data, self.config.train, factors, first_step)

    def _observe(self, faces: FaceSet) -> dict[str, np.ndarray]:
        return small_faces.observe(faces, self.config.data)

    # Looking at the result.

    def preview(self, generator: keras.Model) -> np.ndarray:
        faces = self.roles.to_look_at(_SHOWN)
        observation = self._observe(faces)
        columns = {
            "observation": observation["image"],
            "prediction": generator.predict_on_batch(observation)["face"],
            "original": as_float(faces.images),
            "memory (others)": self.roles.in_split("train").memory.head(_SHOWN).images,
        }
        return visualize.captioned_grid(columns)

    def evaluate(
        self, generators: Mapping[str, keras.Model], split: str, samples: int
    ) -> task.Evaluation:
        judge = self.config.evaluation
        faces = EnlargedFaces(self.roles, split, samples, self._observe, self._downsample(), judge)
        candidates = {
            name: generator.predict(faces.observation, batch_size=64, verbose=0)["face"]
            for name, generator in strength.with_strengths(generators, "reconstruction").items()
        }
        small = faces.observation["image"]
        candidates["bicubic"] = enlarged_faces.bicubic(small, self.config.data.image_size)
        return task.Evaluation(
            len(faces.original),
            faces.compare(candidates),
            faces.notes,
            faces.sheet(candidates, _SHOWN),
            faces.groups(candidates[next(iter(generators))]),
        )

    def predict(
        self,
        generator: keras.Model,
        source: pathlib.Path,
        output: pathlib.Path,
        options: PhotoOptions,
    ) -> list[pathlib.Path]:
        data = self.config.data

        def enlarge(photo: np.ndarray, square: Square) -> np.ndarray:
            image = small_faces.in_photo(photo, square, data)
            return generator.predict_on_batch({"image": image[None]})["face"][0]

        return write_enlarged(source, output, enlarge, options, data.detected_box, data.crop)
