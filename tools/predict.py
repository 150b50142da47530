"""Predicts with a trained run for a file or a folder.

python -m tools.predict --run_dir=runs/lips --input=photo.jpg --output=out --set=region=lips
python -m tools.predict --run_dir=runs/lips --input=photo.jpg --output=out --strength=0.5
"""

from __future__ import annotations

import pathlib

from absl import flags

from aign_tf.config import override, parse_assignments, settings
from aign_tf.errors import UserError
from aign_tf.evaluation import load_generator
from aign_tf.run_folder import RunFolder
from aign_tf.strength import interpolated
from tools import command
from tools.runs import open_run

_RUN_DIR = flags.DEFINE_string("run_dir", None, "run folder", required=True)
_INPUT = flags.DEFINE_string("input", None, "file or folder")
_OUTPUT = flags.DEFINE_string("output", None, "folder to write to")
_SET = flags.DEFINE_multi_string("set", [], "option of the task; --set=help lists them")
_STRENGTH = flags.DEFINE_float(
    "strength",
    1.0,
    "of pictures: from 0, the faithful ones of the arm reconstruction, to 1, the biased ones",
    lower_bound=0.0,
    upper_bound=1.0,
)


def main() -> None:
    task, run = open_run(_RUN_DIR.value)
    if "help" in _SET.value:
        for key, value, meaning in settings(task.Prediction()):
            print(f"{key}={value}  {meaning}")
        return
    options = override(task.Prediction(), parse_assignments(_SET.value))
    if not _INPUT.value or not _OUTPUT.value:
        raise UserError("--input and --output are required")
    generator = load_generator(run)
    if not 0 <= _STRENGTH.value <= 1:  # NaN passes the bounds of the flag.
        raise UserError(f"--strength={_STRENGTH.value}: expected a number from 0 to 1")
    if _STRENGTH.value < 1:
        generator = interpolated(load_generator(_faithful(run)), generator, _STRENGTH.value)
    written = task.predict(
        generator, pathlib.Path(_INPUT.value), pathlib.Path(_OUTPUT.value), options
    )
    print("\n".join(str(path) for path in written))


def _faithful(run: RunFolder) -> RunFolder:
    faithful = RunFolder(run.baselines / "reconstruction")
    if not faithful.generator.exists() or faithful.step() != run.step():
        raise UserError(
            "--strength below 1 needs the faithful generator, which an evaluation trains: "
            f"python -m tools.evaluate --run_dir={run.path} --arms=reconstruction"
        )
    return faithful


if __name__ == "__main__":
    command.run(main)
