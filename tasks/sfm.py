"""Depth and the camera's motion from video, in metres.

    python -m tools.train --task=sfm --data_dir=VIDEO --memory_dir=SCANS

Observation: a clip of video and the camera's lens. Factors: the depth of every frame and the motion
from each frame to the next. Renderer: every frame drawn from its neighbours. Memory: depth maps
and motions of other footage, in metres, which tell the scale that video alone does not.

Source: Tung et al. 2017, structure from motion; photometric terms after Godard et al. 2019.
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

from aign_tf import task
from aign_tf.config import LossConfig, Preset, TrainConfig, override, setting, smoke
from aign_tf.data.sequences.batches import clip_batches
from aign_tf.data.sequences.check import SequenceFileConfig, check_sequences
from aign_tf.data.sequences.clips import cut
from aign_tf.data.sequences.config import (
    SequenceDataConfig,
    parse_shares,
    parse_stride,
    usual_variety,
)
from aign_tf.data.sequences.footage import Sequence
from aign_tf.data.sequences.loading import load
from aign_tf.data.sequences.prepare import prepare_sequences
from aign_tf.data.sequences.results import write_results
from aign_tf.data.sequences.roles import load_roles
from aign_tf.data.sequences.sources import list_sources, parse_intrinsics
from aign_tf.data.splits import spaced
from aign_tf.discriminators.video import depth_discriminator, motion_discriminator
from aign_tf.errors import UserError
from aign_tf.generators.depth_motion import check_size, depth_motion
from aign_tf.metrics import collapse, video_report
from aign_tf.metrics.trajectory import chain
from aign_tf.renderers.clip import ClipFromNeighbours
from aign_tf.renderers.painted import painted_clips
from aign_tf.video_loss import VideoLossConfig, factor_loss, video_loss
from aign_tf.video_prediction import predict_video
from aign_tf.warp_benchmark import time_warp

_SHOWN = 6  # frames in a preview
_LOOKED_AT = 48  # frames that symptoms are sought in


@dataclasses.dataclass(frozen=True)
class NetworkConfig:
    channels: int = setting(16, "of the generator's features at half the size", least=2)
    blocks: int = setting(3, "residual blocks at the bottom of the depth network")
    coarse: int = setting(0, "coarser depths that losses look at too", most=2)
    discriminator_width: int = setting(16, "of the discriminators' first layers", least=1)
    discriminator_depth: int = setting(4, "convolutions of the depth discriminator", least=1)
    shrink: int = setting(
        4, "the depth discriminator sees averages of so many pixels squared", least=1, most=32
    )


@dataclasses.dataclass(frozen=True)
class Config:
    data: SequenceDataConfig = SequenceDataConfig()
    network: NetworkConfig = NetworkConfig()
    video: VideoLossConfig = VideoLossConfig()
    loss: LossConfig = LossConfig(
        reprojection_weight=1.0, adversarial_weight=0.02, recall_weight=0.3, r1=0.1
    )
    train: TrainConfig = TrainConfig(
        steps=3000,
        batch_size=8,
        generator_lr=5e-4,
        discriminator_lr=5e-4,
        beta1=0.9,
        beta2=0.999,
        log_every=100,
        sample_every=1000,
        checkpoint_every=1000,
        clip_norm=1.0,
        ema_decay=0.998,
    )


@dataclasses.dataclass(frozen=True)
class Prediction:
    fps: float = setting(
        0.0, "frames a second of the input; 0: as the video says, else 25", most=1000
    )
    stride: int = setting(0, "one frame in so many is used; 0: as in training")
    intrinsics: str = setting(
        "", "fx fy cx cy in pixels of the input; empty: as files say, else as in training"
    )


class Sfm(task.Task):
    Config = Config
    Prediction = Prediction
    Preparation = SequenceFileConfig
    evaluated_data = "data.test_dir"
    renders_memory = True
    check, prepare = staticmethod(check_sequences), staticmethod(prepare_sequences)
    signature = {
        "frames": "consecutive frames of a video, float RGB in [-1, 1], in the order of time",
        "focal": "focal lengths x and y in pixels of these frames",
        "principal_point": "x and y in pixels of these frames; the first pixel's centre is 0",
        "log_depth": "natural logarithm of the depth along the optical axis in metres, each frame",
        "coarse_log_depth": "the same from coarser levels of the network, for training",
        "rotation": "axis times angle in radians, of x_next = R x + t, each frame to the next",
        "translation": "t in metres; x right, y down, z forward in the camera",
        "guess": "log_depth of every eighth pixel, up to a constant, as guessed to find the motion",
        "flow": "pixels that every eighth one moves right and down to the next frame, and back",
        "too_far": "by how much log_depth exceeds a nearer one that explains a place much better",
    }
    meanings = {
        "reconstruction": (
            "the same network, trained by photometric terms alone: it begins at the memory's usual "
            "depth, and nothing holds the scale"
        ),
        "supervised": "the same network, trained on all true depths and motions alone",
        "supervised_few": "the same network, trained on 5 % of the true depths and motions alone",
        "constant_depth": "the median depth of the memory everywhere",
        "mean_depth_map": "the mean depth of the memory, pixel by pixel",
        "zero_motion": "a camera that stands still",
        "mean_motion": "a camera that always moves as it usually does in the memory",
        **video_report.MEANINGS,
    }
    limits = (
        "Depths are learned from recordings like those of the training. Other places, lenses, "
        "heights of the camera, light or weather give wrong depths without a warning; no output "
        "says how sure it is.",
        "The scale comes from the remembered footage: where that moves faster or is larger than "
        "what is watched, so are all results.",
        "Whatever moves by itself, mirrors, glass and plain walls break the assumption that "
        "neighbouring frames show the same still things.",
        "Paths are chained from single steps, so that errors add up; nothing closes loops.",
        "Not for driving, flying, robots near people, or anything in which safety depends on a "
        "distance.",
    )
    presets = {
        "default": Preset("small frames, for half an hour on two CPU cores", {}),
        "smoke": smoke(
            {
                "data.recordings": 8,
                "data.length": 6,
                "data.height": 32,
                "data.width": 48,
                "data.stride": 1,
                "network.channels": 4,
                "network.discriminator_width": 4,
                "network.discriminator_depth": 3,
                "train.batch_size": 2,
            }
        ),
        "paper": Preset(
            "frames of 128 x 416 and the paper's widths of discriminators; for a GPU",
            {
                "data.height": 128,
                "data.width": 416,
                "network.channels": 32,
                "network.coarse": 2,
                "network.discriminator_width": 64,
                "network.shrink": 1,
                "train.generator_lr": 1e-4,
                "train.discriminator_lr": 1e-4,
                "train.steps": 100000,
            },
        ),
    }

    def __init__(self, config: Config):
        super().__init__(config)
        data = config.data
        parse_shares(data.shares)
        parse_stride(data.stride)
        check_size(data.height, data.width)
        if data.camera:
            parse_intrinsics("data.camera", data.camera)

    @functools.cached_property
    def roles(self):
        return load_roles(self.config.data, self.config.train.seed)

    def arms(self) -> dict[str, dict[str, Any]]:
        alone = {"loss.adversarial_weight": 0.0, "loss.recall_weight": 0.0}
        supervised = {**alone, "loss.paired_weight": 1.0, "loss.reprojection_weight": 0.0}
        pairs = {
            "supervised": supervised,
            "supervised_few": {**supervised, "data.pairs": 0.05},
        }
        return {"reconstruction": alone, **(pairs if self._truth_is_known else {})}

    # Parts.

    def generator(self) -> keras.Model:
        data, network = self.config.data, self.config.network
        size = data.frames, data.height, data.width
        usual = self.roles.usual_depth
        return depth_motion(*size, usual, network.channels, network.blocks, network.coarse)

    def renderer(self) -> keras.layers.Layer:
        return ClipFromNeighbours(self.config.video.occlusion, self.config.video.blurs)

    def discriminators(self) -> dict[str, keras.Model]:
        data, network = self.config.data, self.config.network
        width = network.discriminator_width
        widths = [width * 2 ** min(level, 3) for level in range(network.discriminator_depth)]
        return {
            "depth": depth_discriminator(
                data.frames, data.height, data.width, network.shrink, widths
            ),
            "motion": motion_discriminator(data.frames - 1, *self.motion_units, 4 * width),
        }

    def shares(self) -> dict[str, float]:
        return {"motion": self.config.video.motion_share}

    def reprojection(self, rendered, observation) -> tf.Tensor:
        """Photometric error of all frames, with the weighted regularisers of depths."""
        return video_loss(rendered, observation["frames"], self.config.video)

    def paired(self, predicted, truth) -> tf.Tensor:
        """Mean absolute errors of log depth, of motions and of flow, where they are known."""
        return factor_loss(predicted, truth, *self.motion_units)

    @functools.cached_property
    def motion_units(self) -> tuple[list[float], list[float]]:
        return self.roles.motion_units(self.config.data.reverse)

    # Data.

    def batches(self, first_step: int = 0) -> tf.data.Dataset:
        data, train, roles = self.config.data, self.config.train, self.roles
        clips = cut(roles.in_split("train"), data.frames, roles.stride, data.reverse)
        if self.config.loss.paired_weight > 0 and data.pairs < 1:
            clips = clips.with_pairs(
                data.pairs, train.seed, self.config.loss.learns_from_pairs_alone
            )
        return clip_batches(
            clips,
            cut(roles.remembered, data.frames, roles.stride, data.reverse),
            painted_clips if self.config.loss.recall_weight > 0 else None,
            data,
            train.batch_size,
            train.seed,
            first_step,
        )

    def settle(self, split: str = "train") -> None:
        self.roles.in_split(split)
        watched = self.roles.watched
        lens = np.median([[*r.focal, *r.principal_point] for r in watched], axis=0)
        found = {
            "data.stride": self.roles.stride,
            "data.camera": self.config.data.camera or " ".join(f"{number:.2f}" for number in lens),
        }
        usual = usual_variety(sum(map(len, self.roles.remembered)))
        chosen = {"data.turn": self.config.data.turn, "data.cards": self.config.data.cards}
        found |= {name: usual[name] for name, value in chosen.items() if value < 0}
        self.config = override(self.config, found)
        if self.config.loss.paired_weight > 0 and not self._truth_is_known:
            raise UserError("loss.paired_weight needs recordings whose depths and poses are known")

    @property
    def _truth_is_known(self) -> bool:
        return all(r.depth is not None and r.poses is not None for r in self.roles.watched)

    def composition(self) -> dict[str, int]:
        roles = self.roles
        return {
            "frames watched": sum(map(len, roles.watched)),
            "depth maps remembered": sum(map(len, roles.remembered)),
            "motions remembered": len(roles.remembered_motions(reverse=False)),
            "frames for the test": sum(map(len, roles.tested)),
        }

    def held_out(self, count: int) -> dict[str, np.ndarray]:
        data, roles = self.config.data, self.roles
        clips = cut(roles.in_split("validation"), data.frames, roles.stride, reverse=False)
        return clips.take(spaced(len(clips), count)).inputs()

    # Looking at the result.

    def _looked_at(self, samples: int) -> list[Sequence]:
        return video_report.chosen(self.roles.in_split("validation"), self.roles.stride, samples)

    def preview(self, generator: keras.Model) -> np.ndarray:
        recordings = self._looked_at(_SHOWN)
        videos = {r.name: predict_video(generator, r) for r in recordings}
        return video_report.sheet({"prediction": videos}, recordings, _SHOWN)

    def symptoms(self, generator: keras.Model) -> list[str]:
        videos = [predict_video(generator, r) for r in self._looked_at(_LOOKED_AT)]
        motions = self.roles.remembered_motions(self.config.data.reverse)
        return collapse.symptoms(
            np.concatenate([video.depth for video in videos]),
            np.concatenate([video.translation for video in videos]),
            self.roles.remembered_depths(),
            motions[:, 3:],
        )

    def timings(self) -> dict[str, float]:
        data = self.config.data
        views = 2 * (data.frames - 1) * self.config.train.batch_size
        return time_warp(views, data.height, data.width)

    def evaluate(
        self, generators: Mapping[str, keras.Model], split: str, samples: int
    ) -> task.Evaluation:
        recordings = video_report.chosen(self.roles.in_split(split), self.roles.stride, samples)
        videos = {
            name: {r.name: predict_video(generator, r) for r in recordings}
            for name, generator in generators.items()
        }
        metrics = {name: video_report.scores(found, recordings) for name, found in videos.items()}
        metrics |= video_report.baselines(recordings, self.roles)
        ours = next(iter(generators))
        return task.Evaluation(
            samples=sum(map(len, recordings)),
            metrics=metrics,
            notes={"stride": self.roles.stride, "recordings": len(recordings)},
            picture=video_report.sheet(videos, recordings, _SHOWN),
            groups=video_report.groups(videos[ours], recordings),
        )

    def predict(
        self,
        generator: keras.Model,
        source: pathlib.Path,
        output: pathlib.Path,
        options: Prediction,
    ) -> list[pathlib.Path]:
        data = self.config.data
        lens = parse_intrinsics("data.camera", data.camera)
        stride = options.stride or int(data.stride)
        written = []
        for footage, fps, size in list_sources(source, options.intrinsics, lens, data.width):
            recording = load(footage.every(stride), data.height, data.width)
            video = predict_video(generator, recording)
            logging.info("%s: %d frames", footage.name, len(recording))
            written += write_results(
                output,
                footage.name,
                recording.frames,
                video.depth,
                chain(video.rotation, video.translation),
                recording.focal,
                recording.principal_point,
                (options.fps or fps) / stride,
                size,
            )
        return written
