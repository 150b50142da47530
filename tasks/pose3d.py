"""Human pose in 3D from 2D joints, without pairs of the two.

    python -m tools.train --task=pose3d --data_dir=FOLDER --memory_dir=MOTIONS

Observation: 2D joints and which of them were seen. Factors: a pose and its place in front of the
camera. Renderer: a camera. Memory: 3D poses of other people, turned to all sides.

Source: Tung et al. 2017, 3D human pose estimation; its shape basis and heat-maps are `paper`. In
`default` the generator finds depths along viewing rays, so that re-projection is exact, and learns
mostly by recall: what it remembers it sees through the renderer and has to find again.
"""

from __future__ import annotations

import dataclasses
import functools
import pathlib
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from absl import logging

from aign_tf import arms, losses, task
from aign_tf.config import LossConfig, Preset, TrainConfig, setting, smoke
from aign_tf.data import pose_batches, unpaired, views
from aign_tf.data.pose_config import KeypointFileConfig, PoseDataConfig, PoseFileConfig, parse_range
from aign_tf.data.pose_roles import load_roles
from aign_tf.data.pose_sources import SKELETON
from aign_tf.data.poses.keypoints import read_keypoints
from aign_tf.data.poses.normalize import observed
from aign_tf.data.poses.observations import Observations
from aign_tf.data.poses.prepare import check_poses, prepare_poses
from aign_tf.data.poses.results import write_results
from aign_tf.discriminators.pose import VIEWS, pose_discriminator
from aign_tf.errors import UserError
from aign_tf.generators.lifter import ray_lifter
from aign_tf.generators.pose_basis import INPUTS, basis_lifter, fit_basis
from aign_tf.metrics import pose_report
from aign_tf.metrics.nearest_pose import nearest_memory_pose
from aign_tf.renderers.project import PerspectiveProjection, WeakPerspectiveProjection

_SHOWN = 6  # poses in a preview
_TRIED = 2000  # poses of the memory that the nearest is sought among

CAMERAS = {"perspective": PerspectiveProjection, "weak": WeakPerspectiveProjection}


@dataclasses.dataclass(frozen=True)
class NetworkConfig:
    generator: str = setting(
        "rays",
        "rays: depth along viewing rays; shape_basis: the paper's linear shapes",
        choices=("rays", "shape_basis"),
    )
    exact: bool = setting(True, "rays of joints seen stay; false corrects noisy detections")
    inputs: str = setting("coordinates", "of shape_basis: coordinates or heatmaps", choices=INPUTS)
    basis: int = setting(96, "most components of shape_basis", least=1)
    camera: str = setting("perspective", "renderer: perspective or weak", choices=tuple(CAMERAS))
    width: int = setting(512, "of the generator's layers", least=8)
    blocks: int = setting(4, "residual blocks of the generator")
    views: str = setting(
        "joints,bones", f"what discriminators see, with commas: {', '.join(VIEWS)}"
    )
    discriminator_width: int = setting(256, "of the discriminators' layers", least=1)


@dataclasses.dataclass(frozen=True)
class Config:
    data: PoseDataConfig = PoseDataConfig()
    network: NetworkConfig = NetworkConfig()
    loss: LossConfig = LossConfig(
        reprojection_weight=1.0, adversarial_weight=0.003, recall_weight=1.0, r1=1.0
    )
    train: TrainConfig = TrainConfig(
        steps=6000,
        batch_size=256,
        generator_lr=1e-3,
        discriminator_lr=5e-4,
        log_every=100,
        sample_every=1000,
        checkpoint_every=1000,
    )


@dataclasses.dataclass(frozen=True)
class Prediction(KeypointFileConfig):
    fps: float = setting(25.0, "frames a second of the input", least=1, most=120)


class Pose3d(task.Task):
    Config = Config
    Prediction = Prediction
    Preparation = PoseFileConfig
    renders_memory = True
    check, prepare = staticmethod(check_poses), staticmethod(prepare_poses)
    signature = {
        "joints": (
            f"x right, y down, in normalised image coordinates, without lens distortion: "
            f"(pixel - principal point) / focal length. In this order: {', '.join(SKELETON.joints)}"
        ),
        "confidence": "1 for a joint that was seen, 0 for a missing one, which is filled in",
        "pose": "metres, relative to the hip, in the camera frame: x right, y down, z forward",
        "position": "metres, of the hip in the camera frame; relies on the assumed size",
    }
    meanings = {
        "reconstruction": "the same network, trained by re-projection alone",
        "nearest_memory": "the remembered pose that looks most like the joints seen",
        **pose_report.MEANINGS,
    }
    limits = (
        "Depths are guesses after the remembered poses. Movements, ages, builds, disabilities and "
        "camera angles that are rare or missing there come out as what is usual, without a "
        "warning; no output says how sure it is.",
        "A picture does not tell how large a person is: sizes and distances are learned from the "
        "memory, not measured.",
        "Joints that were not seen are invented. They are no evidence of what a person did.",
        "Each frame is lifted alone, for one person, from joints that some detector found. Its "
        "errors go in unchecked, and detectors err more on some people than on others.",
        "Not for medical or ergonomic findings, identification by gait, surveillance, or "
        "anything in which safety depends on a pose.",
        "Scores differ between actions and cameras: an average over the people of one collection "
        "says little of others.",
    )
    presets = {
        "default": Preset("good within ten minutes on two CPU cores", {}),
        "smoke": smoke(
            {
                "data.people": 12,
                "network.width": 32,
                "network.discriminator_width": 16,
                "train.batch_size": 16,
            }
        ),
        "paper": Preset(
            "the paper's generator and losses, without recall; for a GPU",
            {
                "network.generator": "shape_basis",
                "network.inputs": "heatmaps",
                "network.views": "joints",
                "loss.reprojection_weight": 100.0,
                "loss.recall_weight": 0.0,
                "loss.adversarial_weight": 0.1,
                "loss.r1": 0.0,
                "train.generator_lr": 1e-4,
                "train.discriminator_lr": 1e-4,
                "train.clip_norm": 1.0,
                "train.batch_size": 32,
                "train.steps": 50000,
            },
        ),
    }

    def __init__(self, config: Config):
        super().__init__(config)
        self.elevation = parse_range("data.elevation", config.data.elevation)
        self.views = [view.strip() for view in config.network.views.split(",")]
        for view in self.views:
            if view not in VIEWS:
                raise UserError(f"network.views={view}: use some of {', '.join(VIEWS)}")

    @functools.cached_property
    def roles(self):
        return load_roles(self.config.data, self.config.train.seed)

    def arms(self) -> dict[str, dict[str, Any]]:
        known = bool(self.roles.observed["train"].known.all())
        return arms.lifting(
            percents=(1, 10, 100) if known else (),
            adversary={"network.views": "joints,bones,reprojection"},
        )

    # Parts.

    def generator(self) -> keras.Model:
        network, roles = self.config.network, self.roles
        if network.generator == "rays":
            return ray_lifter(
                SKELETON, roles.body_length, network.width, network.blocks, network.exact
            )
        mean, basis = fit_basis(roles.memory, SKELETON, network.basis)
        return basis_lifter(SKELETON, mean, basis, network.inputs, network.width, network.blocks)

    def renderer(self) -> keras.layers.Layer:
        return CAMERAS[self.config.network.camera]()

    def discriminators(self) -> dict[str, keras.Model]:
        width = self.config.network.discriminator_width
        return {view: pose_discriminator(view, SKELETON, width) for view in self.views}

    @staticmethod
    def reprojection(rendered, observation) -> tf.Tensor:
        """Mean squared error of the joints seen, in sizes of the person."""
        return losses.mean_seen(rendered["joints"], **observation)

    @staticmethod
    def paired(predicted, truth) -> tf.Tensor:
        """Mean distance of the joints in metres, over the poses whose truth is known."""
        return losses.mean_distance(predicted["pose"], truth["pose"])

    # Data.

    def batches(self, first_step: int = 0) -> tf.data.Dataset:
        data, train, roles = self.config.data, self.config.train, self.roles
        variation = data.bone_variation if roles.has_one_body else 0.0
        random_views = pose_batches.RandomViews(
            SKELETON, variation, self.elevation, data.roll, data.exchange
        )

        def make(observed, memory, seed):
            seeds = tf.unstack(tf.random.experimental.stateless_split(seed, 5))
            points = observed["pose"] + observed["position"][:, None]
            seen, remembered = [observed["joints"], observed["confidence"], points], memory["pose"]
            if data.flip:
                seen = views.mirrored(seen, SKELETON.mirror, seeds[0])
                (remembered,) = views.mirrored([remembered], SKELETON.mirror, seeds[1])
            joints, confidence, points = seen
            confidence = pose_batches.hidden(confidence, SKELETON, data.hide, seeds[2])
            pose, position = random_views(remembered, joints, confidence, seeds[3])
            view = self.renderer()({"pose": pose, "position": position}, {})["joints"]
            view = pose_batches.detected(view, confidence, data.noise, seeds[4])
            root = points[:, SKELETON.root]
            return {
                "observation": {"joints": joints, "confidence": confidence},
                "memory": {"pose": pose},
                "recall": {"joints": view, "confidence": confidence, "pose": pose},
                "truth": {"pose": points - root[:, None], "position": root},
            }

        return unpaired.unpaired_batches(
            self._columns(roles.in_split("train")),
            {"pose": roles.memory},
            train.batch_size,
            train.seed,
            make,
            first_step,
        )

    def _columns(self, observed: Observations) -> dict[str, np.ndarray]:
        """Training observations; where only some have pairs, the truth of the others is NaN."""
        loss, data = self.config.loss, self.config.data
        if loss.paired_weight > 0 and data.pairs < 1:
            observed = observed.with_pairs(
                data.pairs, self.config.train.seed, loss.learns_from_pairs_alone
            )
        names = ("joints", "confidence", "pose", "position")
        return {name: getattr(observed, name) for name in names}

    def settle(self, split: str = "train") -> None:
        self.roles.in_split(split)
        if self.config.loss.paired_weight > 0 and not self.roles.observed["train"].known.any():
            raise UserError("loss.paired_weight needs observations whose 3D pose is known")

    def composition(self) -> dict[str, int]:
        seen = {f"2D poses observed, {split}": len(p) for split, p in self.roles.observed.items()}
        return {**seen, "3D poses remembered": len(self.roles.memory)}

    def held_out(self, count: int) -> dict[str, np.ndarray]:
        observed = self.roles.to_look_at(count)
        return {"joints": observed.joints, "confidence": observed.confidence}

    # Looking at the result.

    def preview(self, generator: keras.Model) -> np.ndarray:
        observed = self.roles.to_look_at(_SHOWN)
        poses = {"prediction": pose_report.lift(generator, observed)["pose"]}
        return pose_report.sheet({**poses, "truth": observed.pose}, observed, SKELETON, _SHOWN)

    def evaluate(
        self, generators: Mapping[str, keras.Model], split: str, samples: int
    ) -> task.Evaluation:
        observed = self.roles.in_split(split, samples)
        poses, metrics = pose_report.compare(generators, self.renderer(), observed)
        poses["nearest_memory"] = nearest_memory_pose(
            observed.joints, observed.confidence, self.roles.memory, cap=_TRIED
        )
        metrics["nearest_memory"] = pose_report.scores(poses["nearest_memory"], observed)
        ours = next(iter(generators))
        compared = {name: poses[name] for name in (ours, "nearest_memory")}
        return task.Evaluation(
            samples=len(observed),
            metrics=metrics,
            notes={} if observed.known.any() else {"truth": "unknown: rays fit any depth"},
            picture=pose_report.sheet(
                {**compared, "truth": observed.pose}, observed, SKELETON, _SHOWN
            ),
            groups=pose_report.groups(generators[ours], observed),
        )

    def predict(
        self,
        generator: keras.Model,
        source: pathlib.Path,
        output: pathlib.Path,
        options: Prediction,
    ) -> list[pathlib.Path]:
        written = []
        for clip in read_keypoints(str(source), options.skeleton, options.allow_pickle):
            seen = observed(clip, options.intrinsics, options.least_confidence)
            factors = pose_report.lift(generator, seen)
            logging.info("%s: %d of %d frames tell a pose", clip.name, seen.told.sum(), len(seen))
            written += write_results(output, clip.name, seen, factors, SKELETON, options.fps)
        return written
