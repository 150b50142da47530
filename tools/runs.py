"""Opening a finished run: what evaluate, predict and export begin with."""

from __future__ import annotations

import pathlib
from typing import Any

import tasks
from aign_tf.config import override
from aign_tf.run_folder import RunFolder
from aign_tf.task import Task


def open_run(run_dir: str, values: dict[str, Any] | None = None) -> tuple[Task, RunFolder]:
    """The task of a run, as it was trained but for `values` (dotted key -> value); the folder."""
    run = RunFolder(pathlib.Path(run_dir))
    description = run.read()
    task_type = tasks.load(description["task"])
    config = override(task_type.Config(), description["config"])
    return task_type(override(config, values or {})), run
