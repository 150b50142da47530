"""The folder that a training run lives in, and what it refuses to mix."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
from typing import Any

import tensorflow as tf

from aign_tf.errors import UserError
from aign_tf.files import read_json, replacing, write_json

# A run may be made longer; nothing else about it may change.
_MAY_CHANGE = ("train.steps",)


@dataclasses.dataclass(frozen=True)
class RunFolder:
    """Paths below `path`, by name; see BUILD.md, "The run folder"."""

    path: pathlib.Path

    config = property(lambda self: self.path / "config.json")
    log = property(lambda self: self.path / "log.jsonl")
    tensorboard = property(lambda self: self.path / "tensorboard")
    checkpoints = property(lambda self: self.path / "checkpoints")
    samples = property(lambda self: self.path / "samples")
    generator = property(lambda self: self.path / "generator.keras")
    metrics = property(lambda self: self.path / "metrics.json")
    table = property(lambda self: self.path / "metrics.txt")
    report = property(lambda self: self.path / "report.png")
    baselines = property(lambda self: self.path / "baselines")

    def exists(self) -> bool:
        return self.config.exists()

    def claim(self, task: str, preset: str, config: dict[str, Any]) -> None:
        """Makes the folder for this config, or checks that what it holds was made with it.

        Raises:
          UserError: steps of another config have been trained here, or the folder holds something
            else altogether.
        """
        if self.exists():
            before = self.read()
            if self.step() > 0:
                self._refuse_another(before, task, config)
        elif self.path.exists() and (not self.path.is_dir() or os.listdir(self.path)):
            raise UserError(
                f"{self.path} is not a run folder and not empty: choose another --run_dir"
            )
        write_json(self.config, {"task": task, "preset": preset, "config": config})

    def _refuse_another(self, before: dict, task: str, config: dict[str, Any]) -> None:
        if before["task"] != task:
            raise UserError(
                f"{self.path} holds a run of {before['task']}: give {task} another --run_dir"
            )
        changed = [
            f"{key} was {before['config'].get(key)!r} and is {config.get(key)!r}"
            for key in {**before["config"], **config}
            if key not in _MAY_CHANGE and before["config"].get(key) != config.get(key)
        ]
        if changed:
            raise UserError(
                f"{self.path} holds a run with another config ({'; '.join(changed)}): "
                "give the new config another --run_dir"
            )
        if config["train.steps"] < self.step():
            raise UserError(
                f"train.steps={config['train.steps']}: {self.path} has {self.step()} steps already"
            )

    def read(self) -> dict[str, Any]:
        """`{"task", "preset", "config"}` of the run in this folder."""
        if not self.exists():
            raise UserError(f"{self.path} holds no run: there is no {self.config.name} in it")
        try:
            description = read_json(self.config)
        except ValueError as error:
            raise UserError(f"{self.config} is not JSON: {error}") from None
        if not isinstance(description, dict) or {"task", "preset", "config"} - description.keys():
            raise UserError(f"{self.config} does not describe a run: choose another --run_dir")
        return description

    def step(self) -> int:
        """The step of the newest whole checkpoint, 0 if there is none."""
        newest = tf.train.latest_checkpoint(str(self.checkpoints))
        return int(newest.rpartition("-")[2]) if newest else 0

    def truncate_log(self, step: int) -> None:
        """Drops what was logged after `step`, which a resumed run will log again."""
        if self.log.exists():
            lines = self.log.read_text(encoding="utf-8").splitlines(keepends=True)
            kept = [
                line for line in lines if line.endswith("\n") and json.loads(line)["step"] <= step
            ]
            with replacing(self.log) as temporary:
                temporary.write_text("".join(kept), encoding="utf-8")
