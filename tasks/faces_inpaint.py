"""Biased inpainting: complete a hidden part of a face with the looks of a memory.

    python -m tools.train --task=faces_inpaint --set=data.memory="big_lips=1"

Observation: a face with a hole and the mask of what is visible. Factor: the whole face. Renderer:
the mask. Memory: faces with the wanted looks.

Source: Tung et al. 2017, section on biased inpainting. The networks and schedule of `paper` follow
its code; `default` is a smaller network, with a discriminator that is regularised by R1 and looks
at the hole and its surroundings in the completed picture. One that looks at the whole picture wins
by what the generator cannot change, as soon as the memory differs there: men with women's mouths.
"""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf

from aign_tf import task, visualize
from aign_tf.config import LossConfig, Preset, TrainConfig, override, setting
from aign_tf.data import augment, holes, photos, unpaired
from aign_tf.data.face_roles import FaceDataConfig
from aign_tf.data.faces import REGIONS, FaceSet
from aign_tf.data.hiding import BOX, HIDDEN, Hiding
from aign_tf.data.pictures import write_picture
from aign_tf.discriminators.image import conv_discriminator, hole_discriminator
from aign_tf.errors import UserError
from aign_tf.face_task import FaceTask, smoke_faces
from aign_tf.generators.inpainter import paper_inpainter, residual_inpainter
from aign_tf.layers import NORMALIZATIONS
from aign_tf.metrics import face_judge, fill, image
from aign_tf.metrics.face_judge import FaceJudge, JudgeConfig
from aign_tf.metrics.image import completion_scores
from aign_tf.renderers.mask import MaskRenderer

_SHOWN = 10  # faces in a grid


@dataclasses.dataclass(frozen=True)
class DataConfig(FaceDataConfig):
    region: str = setting(
        "lips", "what is hidden: lips, nose, eyes, box or free (random strokes)", choices=HIDDEN
    )
    box: str = setting("0.25 0.6 0.75 0.85", "x0 y0 x1 y1 in shares of the side, for region box")
    usual_box: str = setting("", "the hole in photos without measures; empty: as in the data")
    jitter: int = setting(2, "pixels by which holes move at random in training")


@dataclasses.dataclass(frozen=True)
class NetworkConfig:
    generator: str = setting("residual", "residual or paper", choices=("residual", "paper"))
    width: int = setting(24, "channels of the residual generator at full size", least=2)
    blocks: int = setting(4, "residual blocks of the residual generator")
    views: str = setting(
        "hole", "what discriminators see: whole, hole or both", choices=("whole", "hole", "both")
    )
    judged: str = setting(
        "completed", "of which picture: completed, or face (raw)", choices=("completed", "face")
    )
    discriminator_width: int = setting(
        24, "channels of the discriminator's first convolution", least=1
    )
    discriminator_norm: str = setting("none", "none, batch or instance", choices=NORMALIZATIONS)


@dataclasses.dataclass(frozen=True)
class Config:
    data: DataConfig = DataConfig()
    network: NetworkConfig = NetworkConfig()
    loss: LossConfig = LossConfig(adversarial_weight=0.005, r1=0.05)
    train: TrainConfig = TrainConfig(steps=1500, generator_lr=1e-3, discriminator_lr=1e-3)
    evaluation: JudgeConfig = JudgeConfig()


@dataclasses.dataclass(frozen=True)
class Prediction:
    region: str = setting(
        "", "lips, nose, eyes or box; empty: as in training", choices=("", *REGIONS, BOX)
    )
    box: str = setting("", "where it is: x0 y0 x1 y1 in shares of the side; empty: as in training")
    mask: str = setting("", "picture of what to complete (white), instead of a region")


class FacesInpaint(FaceTask):
    Config = Config
    Prediction = Prediction
    signature = {
        "image": "aligned RGB face in [-1, 1], 0 where hidden",
        "mask": "1 where visible, 0 where hidden",
        "face": "the network's whole picture, RGB in [-1, 1]",
        "completed": "the input where visible, `face` where hidden, RGB in [-1, 1]",
    }
    meanings = {
        "reconstruction": "the same network, trained without an adversary and so without a memory",
        "mean_colour": "each picture's mean visible colour",
        "telea": "classical inpainting (Telea)",
        "originals": "the observed faces before anything was hidden",
        "memory": "real faces of the memory",
        **image.MEANINGS,
        **face_judge.MEANINGS,
    }
    presets = {
        "default": Preset("good within ten minutes on two CPU cores, 64x64", {}),
        "smoke": smoke_faces(),
        "paper": Preset(
            "the paper's networks and schedule: 20 epochs of 25,000 observations, for a GPU",
            {
                "data.samples": 50000,
                "network.generator": "paper",
                "data.tint": 0.0,
                "data.jitter": 0,
                "network.views": "whole",
                "network.judged": "face",
                "network.discriminator_width": 64,
                "network.discriminator_norm": "batch",
                "loss.adversarial_weight": 0.001,
                "loss.r1": 0.0,
                "train.generator_lr": 2e-4,
                "train.discriminator_lr": 2e-4,
                "train.beta1": 0.9,
                "train.beta2": 0.999,
                "train.batch_size": 64,
                "train.generator_steps": 2,
                "train.ema_decay": 0.0,
                "train.steps": 7800,
            },
        ),
    }

    def __init__(self, config: Config):
        super().__init__(config)
        self.hiding = Hiding(config.data.region, config.data.box, config.data.image_size)
        if config.data.image_size % 4:
            raise UserError(f"data.image_size={config.data.image_size}: expected a multiple of 4")

    # Parts.

    def generator(self) -> keras.Model:
        network, size = self.config.network, self.config.data.image_size
        if network.generator == "paper":
            return paper_inpainter(size)
        return residual_inpainter(size, network.width, network.blocks)

    def renderer(self) -> keras.layers.Layer:
        return MaskRenderer()

    def discriminators(self) -> dict[str, keras.Model]:
        network = self.config.network
        widths = [network.discriminator_width * factor for factor in (1, 2, 4, 8)]
        views = {"whole": conv_discriminator, "hole": hole_discriminator}
        return {
            view: make(
                self.config.data.image_size, network.judged, widths, network.discriminator_norm
            )
            for view, make in views.items()
            if network.views in (view, "both")
        }

    # Data.

    def batches(self, first_step: int = 0) -> tf.data.Dataset:
        train = self.config.train
        roles = self.roles.in_split("train")

        def make(observed, memory, seed):
            seeds = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
            face, mask = self._vary(observed, seeds[0])
            remembered, hole = self._vary(memory, seeds[1])
            return {
                "observation": {"image": mask * face, "mask": mask},
                "memory": {self.config.network.judged: remembered, "mask": hole},
                "truth": {"face": face},
            }

        return unpaired.unpaired_batches(
            self._columns(roles.observed),
            self._columns(roles.memory),
            train.batch_size,
            train.seed,
            make,
            first_step,
        )

    def settle(self, split: str = "train") -> None:
        self.roles.in_split(split)
        if not self.config.data.usual_box and self.config.data.region in REGIONS:
            usual = self.hiding.usual_box(self.roles.in_split("train").observed)
            self.config = override(self.config, {"data.usual_box": usual})

    def _columns(self, faces: FaceSet) -> dict[str, np.ndarray]:
        return {"images": faces.images, "boxes": self.hiding.boxes(faces)}

    def _vary(self, rows: dict[str, tf.Tensor], seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Faces and masks of rows of `_columns`, with holes that move and faces that turn round."""
        data = self.config.data
        hole, move, tint, flip = tf.unstack(tf.random.experimental.stateless_split(seed, 4))
        boxes = holes.jitter_boxes(rows["boxes"], data.jitter, move)
        faces = augment.random_tint(augment.normalized(rows["images"]), data.tint, tint)
        pictures = [faces, self.hiding.visibility(boxes, hole)]
        return augment.random_flip(pictures, flip) if data.flip else pictures

    def _observe(self, faces: FaceSet) -> dict[str, np.ndarray]:
        seed = tf.constant([0, self.config.train.seed])
        mask = self.hiding.visibility(self.hiding.boxes(faces), seed)
        picture = augment.normalized(faces.images) * mask
        return {"image": picture.numpy(), "mask": mask.numpy()}

    # Looking at the result.

    def preview(self, generator: keras.Model) -> np.ndarray:
        faces = self.roles.to_look_at(_SHOWN)
        observation, original = self._observe(faces), _pixels(faces)
        factors = generator.predict_on_batch(observation)
        columns = {
            "observation": observation["image"],
            "whole output": factors["face"],
            "completed": factors["completed"],
            "original": original,
            "memory (others)": _pixels(self.roles.in_split("train").memory.head(len(faces))),
        }
        return visualize.captioned_grid(columns)

    def evaluate(
        self, generators: Mapping[str, keras.Model], split: str, samples: int
    ) -> task.Evaluation:
        faces = self.roles.in_split(split).observed.head(samples)
        observation, original = self._observe(faces), _pixels(faces)
        visible = observation["mask"]
        candidates = {
            name: generator.predict(observation, batch_size=64, verbose=0)
            for name, generator in generators.items()
        }
        for fill_in in (fill.mean_colour, fill.telea):
            filled = fill_in(observation["image"], visible)
            candidates[fill_in.__name__] = {"face": filled, "completed": filled}
        region = self.config.data.region if self.config.data.region in REGIONS else ""
        judge = FaceJudge(self.roles, split, region, self.config.evaluation)
        metrics = {
            name: {
                **completion_scores(factors["face"], factors["completed"], original, visible),
                **judge.score(factors["completed"]),
            }
            for name, factors in candidates.items()
        }
        metrics["originals"] = judge.score(original)
        metrics["memory"] = judge.score_memory(samples)
        completed = {name: factors["completed"] for name, factors in candidates.items()}
        shown = {"observation": observation["image"], **completed, "original": original}
        picture = visualize.captioned_grid({k: part[:_SHOWN] for k, part in shown.items()})
        return task.Evaluation(len(faces), metrics, judge.notes, picture)

    def predict(
        self,
        generator: keras.Model,
        source: pathlib.Path,
        output: pathlib.Path,
        options: Prediction,
    ) -> list[pathlib.Path]:
        data = self.config.data
        mask = self._chosen_visibility(options)
        before, after, written = [], [], []
        for photo, target in photos.read_photos(source, output, data.image_size, data.crop):
            known = augment.normalized(photo.face[None]).numpy() * mask
            completed = generator.predict_on_batch({"image": known, "mask": mask})["completed"]
            write_picture(target, photo.with_pixels(completed[0], mask[0, ..., 0] == 0))
            before, after = [*before, *known][:_SHOWN], [*after, *completed][:_SHOWN]
            written.append(target)
        grid = output / photos.OVERVIEW
        write_picture(grid, visualize.captioned_grid({"before": before, "after": after}, 128))
        return [*written, grid]

    def _chosen_visibility(self, options: Prediction) -> np.ndarray:
        """The mask that a person chose: float32 `[1, S, S, 1]`."""
        data = self.config.data
        if options.mask:
            hidden = photos.read_mask(pathlib.Path(options.mask), data.image_size, data.crop)
            return 1.0 - hidden[None].astype(np.float32)
        region = options.region or data.region
        usual = data.usual_box if region == data.region else ""
        box = options.box or (data.box if region == BOX else usual)
        return Hiding(region, box, data.image_size).of_a_photo()


def _pixels(faces: FaceSet) -> np.ndarray:
    return augment.normalized(faces.images).numpy()
