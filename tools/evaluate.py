"""Evaluates a run beside baselines: prints a table, writes metrics.json and report.png into it.

python -m tools.evaluate --run_dir=runs/lips
"""

from __future__ import annotations

from absl import flags

from aign_tf import evaluation
from aign_tf.config import parse_assignments
from aign_tf.errors import UserError
from tools import command
from tools.runs import open_run

_RUN_DIR = flags.DEFINE_string("run_dir", None, "run folder", required=True)
_SET = flags.DEFINE_multi_string("set", [], "key=value, as for tools.train, for this call alone")
_DATA_DIR = flags.DEFINE_string("data_dir", None, "other data than the run was trained on")
_SPLIT = flags.DEFINE_enum("split", "test", ["validation", "test"], "held-out data to use")
_SAMPLES = flags.DEFINE_integer("samples", 1000, "largest number of observations", lower_bound=1)
_ARMS = flags.DEFINE_string(
    "arms", "all", "other trainings to compare with: all, none, or names with commas"
)


def main() -> None:
    values = parse_assignments(_SET.value)
    for key in values:
        if not key.startswith(("data.", "evaluation.")):
            raise UserError(f"--set={key}: an evaluation changes data.* and evaluation.* only")
    trained_on, run = open_run(_RUN_DIR.value)
    if _DATA_DIR.value is not None:
        if trained_on.evaluated_data != "data.dir" and _SPLIT.value != "test":
            raise UserError("--data_dir takes the place of the test: leave --split=test")
        values[trained_on.evaluated_data] = _DATA_DIR.value
    task = open_run(_RUN_DIR.value, values)[0] if values else trained_on
    named = [] if _ARMS.value == "none" else _ARMS.value.split(",")
    arms = None if _ARMS.value == "all" else named
    result = evaluation.evaluate(task, trained_on, run, _SPLIT.value, _SAMPLES.value, arms)
    print(evaluation.table(result))
    print(f"metrics: {run.metrics}\npicture: {run.report}")


if __name__ == "__main__":
    command.run(main)
