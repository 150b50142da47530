"""Times a training step of a task: input, compute, and its share of a matmul peak.

    python -m tools.benchmark --task=faces_inpaint

All numbers come from one process, so that their ratios hold on a shared machine.
"""

from __future__ import annotations

from absl import flags

import tasks
from aign_tf import benchmark, training
from aign_tf.config import override, parse_assignments
from tools import command

_TASK = flags.DEFINE_string("task", None, "what to time", required=True)
_PRESET = flags.DEFINE_string("preset", "default", "set of settings")
_SET = flags.DEFINE_multi_string("set", [], "key=value, as for tools.train")
_STEPS = flags.DEFINE_integer("steps", 30, "steps to time", lower_bound=1)


def main() -> None:
    task_type = tasks.load(_TASK.value)
    config = task_type.configure(_PRESET.value, parse_assignments(_SET.value))
    precision = training.resolved_precision(config.train.precision)
    task = task_type(override(config, {"train.precision": precision}))
    for name, value in benchmark.time_step(task, _STEPS.value).items():
        print(f"{name:<33} {value:.4g}")


if __name__ == "__main__":
    command.run(main)
