"""The smallest task that can be trained: three numbers, of which twice as much is observed."""

from __future__ import annotations

import dataclasses
import json

import keras
import numpy as np
import tensorflow as tf

from aign_tf import task, training
from aign_tf.config import LossConfig, Preset, TrainConfig, flat, setting
from aign_tf.data.unpaired import unpaired_batches
from aign_tf.run_folder import RunFolder

SIZE = 3


class Twice(keras.layers.Layer):
    def call(self, factors, observation):
        return {"x": 2.0 * factors["z"]}


@dataclasses.dataclass(frozen=True)
class DataConfig:
    poisoned_from: int = setting(10**6, "step from which observations are NaN")
    batch_norm: bool = setting(False, "batch normalisation in the generator")


@dataclasses.dataclass(frozen=True)
class Config:
    data: DataConfig = DataConfig()
    loss: LossConfig = LossConfig(r1=0.1, label_swap=0.3)
    train: TrainConfig = TrainConfig(
        steps=8,
        batch_size=4,
        precision="float32",
        log_every=2,
        sample_every=4,
        checkpoint_every=4,
    )


class Tiny(task.Task):
    """Halves three numbers."""

    Config = Config
    presets = {"default": Preset("all there is", {})}

    def __init__(self, config, on_preview=lambda: None):
        super().__init__(config)
        self.on_preview = on_preview
        draw = np.random.default_rng(0)
        self.x = draw.normal(size=(11, SIZE)).astype(np.float32)
        self.z = draw.normal(size=(7, SIZE)).astype(np.float32)

    def settle(self, split="train"):
        pass

    def generator(self):
        x = keras.Input((SIZE,), name="x")
        hidden = keras.layers.Dense(4, activation="tanh")(x)
        if self.config.data.batch_norm:
            hidden = keras.layers.BatchNormalization(momentum=0.9)(hidden)
        return keras.Model({"x": x}, {"z": keras.layers.Dense(SIZE, dtype="float32")(hidden)})

    def renderer(self):
        return Twice(dtype="float32")

    def discriminators(self):
        z = keras.Input((SIZE,), name="z")
        hidden = keras.layers.Dense(4, activation="relu")(z)
        return {"z": keras.Model({"z": z}, keras.layers.Dense(1, dtype="float32")(hidden))}

    def batches(self, first_step=0):
        def make(observed, memory, seed):
            poisoned = seed[1] >= self.config.data.poisoned_from
            x = tf.where(poisoned, float("nan"), observed["x"])
            noise = tf.random.stateless_normal(tf.shape(x), seed, stddev=0.1)
            return {
                "observation": {"x": x + noise},
                "memory": {"z": memory["z"]},
                "truth": {"z": x / 2},
            }

        train = self.config.train
        return unpaired_batches(
            {"x": self.x}, {"z": self.z}, train.batch_size, train.seed, make, first_step
        )

    def held_out(self, count, split="validation"):
        return {"x": self.x[:count]}

    def preview(self, generator):
        self.on_preview()
        return np.zeros((4, 4, 3), np.uint8)

    def evaluate(self, generators, split, samples):
        x = self.x[:samples]
        metrics = {
            name: {"error": float(np.abs(generator.predict_on_batch({"x": x})["z"] - x / 2).mean())}
            for name, generator in generators.items()
        }
        metrics["nothing"] = {"error": float(np.abs(x / 2).mean()), "undefined": float("nan")}
        picture = np.full((4, 4, 3), 7, np.uint8)
        return task.Evaluation(len(x), metrics, {"probe": 0.123456, "words": "some"}, picture)

    def predict(self, generator, source, output, options):
        raise NotImplementedError


def train(path, values=None, distribute="none", on_preview=lambda: None):
    """Trains below `path` with `values` (dotted key -> value); returns the folder and the end."""
    tiny = Tiny(Tiny.configure("default", values or {}), on_preview)
    run = RunFolder(path)
    run.claim("tiny", "default", flat(tiny.config))
    return run, training.train(tiny, run, distribute)


def state(run: RunFolder) -> dict[str, np.ndarray]:
    """Every variable of the newest checkpoint: weights, averages, optimizer slots, step."""
    reader = tf.train.load_checkpoint(str(run.checkpoints))
    return {
        name: reader.get_tensor(name)
        for name in reader.get_variable_to_shape_map()
        if name.endswith("VARIABLE_VALUE") and not name.startswith("save_counter")
    }


def log(run: RunFolder) -> list[dict]:
    """The lines of log.jsonl without the time they took."""
    lines = [json.loads(line) for line in run.log.read_text().splitlines()]
    return [{k: v for k, v in line.items() if k != "steps_per_second"} for line in lines]
