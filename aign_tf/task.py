"""What a problem has to provide to be trained, evaluated, used and exported as an AIGN."""

from __future__ import annotations

import abc
import copy
import dataclasses
import pathlib
import types
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from aign_tf import losses
from aign_tf.config import Preset, override
from aign_tf.errors import UserError


class Evaluation(NamedTuple):
    """What `Task.evaluate` found.

    Attributes:
      samples: how many held-out observations every number below is made of.
      metrics: candidate -> metric -> value. Metrics that do not apply to a candidate are absent.
      notes: how the numbers were made, e.g. the accuracy of a probe.
      picture: uint8 `[H, W, 3]`, the candidates side by side on a few observations.
      groups: group of observations, or condition -> metric -> value of the first candidate.
    """

    samples: int
    metrics: dict[str, dict[str, float]]
    notes: dict[str, Any]
    picture: np.ndarray
    groups: Mapping[str, dict[str, float]] = types.MappingProxyType({})


@dataclasses.dataclass(frozen=True)
class NoPreparation:
    """Nothing to choose."""


class Task(abc.ABC):
    """A composition of shared parts: networks, renderer, data and ways to look at the result.

    A task lives in one file of `tasks/`, whose name is its `--task` and whose first docstring line
    says what it does.

    Class attributes:
      Config: frozen dataclass with at least `loss: LossConfig` and `train: TrainConfig`.
      Prediction: frozen dataclass of the options of `predict`.
      Preparation: frozen dataclass of the options of `check` and `prepare`.
      presets: name -> overrides of `Config()`; `smoke`, `default` and `paper` exist.
      evaluated_data: the setting that `--data_dir` of an evaluation replaces.
      renders_memory: whether batches hold what the renderer makes of the memory.

    Of these the model card is made, in Markdown:
      signature: input or output of the generator -> what it is, with unit and range.
      meanings: metric, or candidate that is compared -> what it means, in a line.
      limits: what results must not be used for, and where they fail.
    """

    Config: ClassVar[type]
    Prediction: ClassVar[type]
    Preparation: ClassVar[type] = NoPreparation
    presets: ClassVar[Mapping[str, Preset]]
    evaluated_data: ClassVar[str] = "data.dir"
    renders_memory: ClassVar[bool] = False
    signature: ClassVar[Mapping[str, str]] = types.MappingProxyType({})
    meanings: ClassVar[Mapping[str, str]] = types.MappingProxyType({})
    limits: ClassVar[tuple[str, ...]] = ()

    # rho and the supervised loss, `(predicted, target) -> scalar`.
    reprojection = staticmethod(losses.mean_squared)
    paired = staticmethod(losses.mean_squared)

    def __init__(self, config: Any):
        """Raises `UserError` where settings do not go together."""
        loss = config.loss
        if loss.adversarial == "wasserstein" and loss.gradient_penalty == 0:
            raise UserError(
                "wasserstein needs a Lipschitz critic: add --set=loss.gradient_penalty=10"
            )
        if loss.recall_weight > 0 and not self.renders_memory:
            raise UserError(f"{self._name()} has nothing to recall: leave loss.recall_weight at 0")
        self.config = config

    @classmethod
    def configure(cls, preset: str, values: Mapping[str, Any]) -> Any:
        """The config of a preset with `values` (dotted key -> value or text) replaced."""
        if preset not in cls.presets:
            raise UserError(f"no preset {preset!r}: use one of {', '.join(cls.presets)}")
        return override(override(cls.Config(), cls.presets[preset].overrides), values)

    @classmethod
    def check(cls, data_dir: str, options: Any) -> str:
        """What a file or folder of data holds, for people; raises `UserError` if it is no use."""
        raise UserError(f"{cls._name()} has no data to check")

    @classmethod
    def prepare(cls, data_dir: str, output: str, options: Any) -> str:
        """Writes `data_dir` to `output` in the form that is read best; one line that says what.

        Raises:
          UserError: the data cannot be used, or there is something at `output`.
        """
        raise UserError(f"{cls._name()} has no data to prepare")

    @classmethod
    def _name(cls) -> str:
        """The file's name, which is that of the task."""
        return cls.__module__.rpartition(".")[2]

    def reconfigured(self, config: Any) -> Task:
        """The same task with other settings, on the data that were read already."""
        other = copy.copy(self)
        other.__init__(config)
        return other

    def arms(self) -> dict[str, dict[str, Any]]:
        """Name -> overrides: other ways to train the same generator, which evaluations compare."""
        return {"reconstruction": {"loss.adversarial_weight": 0.0}}

    @abc.abstractmethod
    def generator(self) -> keras.Model:
        """A fresh functional model: dict of observations -> dict of factors."""

    @abc.abstractmethod
    def renderer(self) -> keras.layers.Layer:
        """A layer without weights: `(factors, observation) -> dict` of re-rendered observations."""

    @abc.abstractmethod
    def discriminators(self) -> dict[str, keras.Model]:
        """Fresh functional models by name, each from a dict of factors to logits."""

    def shares(self) -> dict[str, float]:
        """Discriminator -> weight of its term by `loss.adversarial_weight`, where that is not 1."""
        return {}

    @abc.abstractmethod
    def batches(self, first_step: int = 0) -> tf.data.Dataset:
        """Endless training batches from `first_step` on: dicts `observation`, `memory`, `truth`."""

    @abc.abstractmethod
    def held_out(self, count: int) -> dict[str, np.ndarray]:
        """At most `count` observations, batched, held out from training where there are any."""

    def composition(self) -> dict[str, int]:
        """Group of the data -> how many there are of it; raises `UserError` without the data."""
        return {}

    @abc.abstractmethod
    def settle(self, split: str = "train") -> None:
        """Reads the data, and fills in the settings of `config` that were left to them.

        Raises:
          UserError: whatever is wrong with the data, or too little of them in `split`.
        """

    @abc.abstractmethod
    def preview(self, generator: keras.Model) -> np.ndarray:
        """uint8 `[H, W, 3]`: a few held-out observations and what the generator makes of them."""

    def symptoms(self, generator: keras.Model) -> list[str]:
        """What seems wrong with a generator in training, in a line each with its likely cause."""
        return []

    def timings(self) -> dict[str, float]:
        """More numbers for `tools.benchmark`, such as the speed of the renderer by itself."""
        return {}

    @abc.abstractmethod
    def evaluate(
        self, generators: Mapping[str, keras.Model], split: str, samples: int
    ) -> Evaluation:
        """Metrics of every generator and of baselines, on the same held-out observations.

        Args:
          generators: name -> generator to evaluate.
          split: "validation" or "test".
          samples: the largest number of observations to use.
        """

    @abc.abstractmethod
    def predict(
        self, generator: keras.Model, source: pathlib.Path, output: pathlib.Path, options: Any
    ) -> list[pathlib.Path]:
        """Predicts for the file or folder `source`; returns the files written below `output`."""
