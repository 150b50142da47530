"""From a trained run to metrics.json, a table and a picture, with baselines in the same call."""

from __future__ import annotations

import math
import sys
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from absl import logging

from aign_tf import training
from aign_tf.config import flat, override
from aign_tf.data.pictures import write_picture
from aign_tf.errors import UserError
from aign_tf.files import replacing, write_json
from aign_tf.run_folder import RunFolder
from aign_tf.task import Task

OURS = "aign"


def evaluate(
    task: Task,
    trained_on: Task,
    run: RunFolder,
    split: str,
    samples: int,
    arms: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Evaluates the run's generator; writes metrics.json, metrics.txt and report.png.

    Beside the baselines of the task stand its arms: the same generator, trained for as many steps
    in other ways. They are trained at the first call and kept in the run folder.

    Args:
      task: what to evaluate on; its data may differ from the data of the training.
      trained_on: the task as it was trained, for its arms.
      run: a run that has a generator.
      split: "validation" or "test".
      samples: the largest number of observations to use.
      arms: names of `trained_on.arms()`; None takes all.
    """
    description = run.read()
    before, now = flat(trained_on.config), flat(task.config)
    changed = {key: value for key, value in now.items() if value != before[key]}
    ours = load_generator(run)
    # Before a baseline is trained for minutes:
    task.settle(split)
    _check_fit(ours, task)
    arms = _chosen(trained_on, arms)
    generators = {OURS: ours, **{name: _arm(trained_on, run, name) for name in arms}}
    found = task.evaluate(generators, split, samples)
    metrics = _numbers(found.metrics)
    result = {
        "task": description["task"],
        "preset": description["preset"],
        "step": run.step(),
        "split": split,
        "samples": found.samples,
        "metrics": metrics.pop(OURS),
        "baselines": metrics,
        "groups": _numbers(found.groups),
        "notes": {**{name: _known(note) for name, note in found.notes.items()}, **changed},
    }
    write_json(run.metrics, result)
    with replacing(run.table) as temporary:
        temporary.write_text(table(result) + "\n", encoding="utf-8")
    write_picture(run.report, found.picture)
    return result


def load_generator(run: RunFolder) -> keras.Model:
    """The averaged generator of a run, computing in float32."""
    if not run.generator.exists():
        raise UserError(f"{run.path} has no {run.generator.name} yet: finish or stop its training")
    try:
        return keras.saving.load_model(run.generator, compile=False)
    except TypeError:  # A layer that this version of the code does not have.
        raise UserError(f"{run.generator} was made by another version of this code") from None
    except (ValueError, OSError, KeyError, zipfile.BadZipFile) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{run.generator} cannot be loaded: {reason}") from None


def table(result: dict[str, Any]) -> str:
    """metrics.json as text: a line for each candidate and group, a column for each metric."""
    candidates = {OURS: result["metrics"], **result["baselines"]}
    groups = {f"{OURS}: {group}": values for group, values in result["groups"].items()}
    numbers = {**candidates, **groups}
    names = list(dict.fromkeys(name for values in numbers.values() for name in values))
    rows = [["", *names]]
    for candidate, values in numbers.items():
        rows.append([candidate, *(_text(values.get(name)) for name in names)])
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = [
        "  ".join(
            cell.rjust(width) if index else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths))
        ).rstrip()
        for row in rows
    ]
    notes = [f"{name}: {_text(value)}" for name, value in result["notes"].items()]
    where = "{task} {preset}, step {step}, {samples} samples of the {split} split".format(**result)
    return "\n".join([where, *lines, *notes])


def _arm(task: Task, run: RunFolder, name: str) -> keras.Model:
    """The generator of an arm of the run's task, trained to the same step, or read if it was."""
    steps = max(run.step(), 1)
    config = override(task.config, {**task.arms()[name], "train.steps": steps})
    arm = RunFolder(run.baselines / name)
    description = run.read()
    arm.claim(description["task"], description["preset"], flat(config))
    if arm.step() < steps:
        logging.info("training the baseline %s, %d steps", name, steps)
        ended = training.train(task.reconfigured(config), arm)
        if not ended.finished:
            logging.warning("stopped, saved: the same command goes on")
            sys.exit(128 + ended.signal)
    return load_generator(arm)


def _chosen(task: Task, arms: Sequence[str] | None) -> list[str]:
    if arms is not None and not arms:
        return []  # Without reading the data, which may be elsewhere by now.
    known = task.arms()
    for name in arms or ():
        if name not in known:
            raise UserError(f"no arm {name!r}: use all, none, or some of {', '.join(known)}")
    return list(known if arms is None else arms)


def _check_fit(generator: keras.Model, task: Task) -> None:
    """Raises `UserError` if the observations are not what the generator was made for."""
    for name, seen in task.held_out(1).items():
        wanted = tuple(generator.input[name].shape[1:])
        if seen.shape[1:] != wanted:
            raise UserError(
                f"the data's {name} is {seen.shape[1:]}, the generator was made for {wanted}"
            )


def _numbers(table: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float | None]]:
    """Rounded, and None instead of NaN, which JSON lacks."""
    return {
        row: {
            name: float(np.round(value, 6)) if math.isfinite(value) else None
            for name, value in values.items()
        }
        for row, values in table.items()
    }


def _known(note: Any) -> Any:
    return None if isinstance(note, float) and not math.isfinite(note) else note


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
