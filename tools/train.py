"""Trains a task, or goes on with a run that was interrupted.

python -m tools.train --task=faces_inpaint --run_dir=runs/lips
python -m tools.train --task=faces_inpaint --data_dir=FOLDER --set=data.memory="gender=female"
python -m tools.train --run_dir=runs/lips
"""

from __future__ import annotations

import pathlib
import sys

from absl import flags

import tasks
from aign_tf import training
from aign_tf.config import flat, override, parse_assignments, settings
from aign_tf.errors import UserError
from aign_tf.run_folder import RunFolder
from tools import command

_TASK = flags.DEFINE_string("task", None, "what to train; --task=help lists the tasks")
_PRESET = flags.DEFINE_string("preset", None, "set of settings; --preset=help lists them")
_RUN_DIR = flags.DEFINE_string("run_dir", None, "run folder; default runs/TASK-PRESET")
_SET = flags.DEFINE_multi_string("set", [], "key=value, any number of times; --set=help lists keys")
_DISTRIBUTE = flags.DEFINE_string("distribute", "none", "none, mirrored or multi_worker")
# Flags for settings that nearly every run names.
_SHORTHANDS = {
    "data.dir": flags.DEFINE_string("data_dir", None, "folder of data; default: procedural data"),
    "data.memory_dir": flags.DEFINE_string("memory_dir", None, "folder of the memory"),
    "train.steps": flags.DEFINE_string("steps", None, "length of the whole training"),
    "train.seed": flags.DEFINE_string("seed", None, "of everything random"),
    "train.precision": flags.DEFINE_string("precision", None, "auto, float32, bfloat16, float16"),
}


def main() -> int:
    if _TASK.value == "help":
        return _print((name, tasks.summary(name)) for name in tasks.names())
    run = RunFolder(pathlib.Path(_RUN_DIR.value)) if _RUN_DIR.value else None
    before = run.read() if run and run.exists() else None
    name = _TASK.value or (before and before["task"])
    if not name:
        raise UserError(f"--task is required: one of {', '.join(tasks.names())}")
    task_type = tasks.load(name)
    if _PRESET.value == "help":
        return _print((key, preset.meaning) for key, preset in task_type.presets.items())
    preset = _PRESET.value or (before["preset"] if before else "default")
    if "help" in _SET.value:
        config = task_type.configure(preset, {})
        return _print((f"{key}={value}", meaning) for key, value, meaning in settings(config))

    given = parse_assignments(_SET.value)
    for key, flag in _SHORTHANDS.items():
        if flag.value is not None and given.setdefault(key, flag.value) != flag.value:
            raise UserError(f"--{flag.name} and --set={key}: give one of them")
    # What is not named again stays as it was when the run began.
    same = before and (name, preset) == (before["task"], before["preset"])
    kept = before["config"] if same else {}
    config = task_type.configure(preset, {**kept, **given})
    precision = training.resolved_precision(config.train.precision)
    config = override(config, {"train.precision": precision})

    run = run or RunFolder(pathlib.Path("runs") / f"{name}-{preset}")
    task = task_type(config)
    training.strategy(_DISTRIBUTE.value)
    task.settle()  # Before the folder is claimed for a config that cannot work.
    run.claim(name, preset, flat(task.config))
    ended = training.train(task, run, _DISTRIBUTE.value)
    if ended.finished:
        print(f"trained {ended.step} steps: {run.generator}, samples in {run.samples}")
        return 0
    print(f"stopped at step {ended.step}, saved: --run_dir={run.path} goes on", file=sys.stderr)
    return 128 + ended.signal


def _print(rows) -> int:
    rows = list(rows)
    width = max(len(first) for first, _ in rows)
    for first, second in rows:
        print(f"{first:<{width}}  {second}")
    return 0


if __name__ == "__main__":
    command.run(main)
