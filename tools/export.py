"""Exports a trained run as SavedModel and TFLite, each compared with Keras, and a model card.

python -m tools.export --run_dir=runs/lips --output=exported --quantize=float16
"""

from __future__ import annotations

import pathlib

from absl import flags, logging

import tasks
from aign_tf.errors import UserError
from aign_tf.evaluation import load_generator
from aign_tf.export import FORMATS, QUANTIZATIONS, export, random_observation
from aign_tf.model_card import Facts, write_model_card
from tools import command
from tools.runs import open_run

_RUN_DIR = flags.DEFINE_string("run_dir", None, "run folder", required=True)
_OUTPUT = flags.DEFINE_string("output", None, "folder to write to", required=True)
_FORMAT = flags.DEFINE_list("format", list(FORMATS), f"of {', '.join(FORMATS)}")
_QUANTIZE = flags.DEFINE_enum("quantize", "none", QUANTIZATIONS, "weights of the TFLite file")

_COMPARED = 8  # observations on which exports are compared with Keras


def main() -> None:
    task, run = open_run(_RUN_DIR.value)
    generator = load_generator(run)
    try:
        observation, composition = task.held_out(_COMPARED), task.composition()
    except UserError as error:
        logging.warning("comparing on random inputs, since the data cannot be read: %s", error)
        observation, composition = random_observation(generator, _COMPARED), None
    output, quantize = pathlib.Path(_OUTPUT.value), _QUANTIZE.value
    written = export(generator, observation, output, _FORMAT.value, quantize)
    for item in written:
        print(
            f"{item.path}: {item.bytes / 1e6:.2f} MB, "
            f"max abs error against Keras {item.max_abs_error:.2g}"
        )
    summary = tasks.summary(run.read()["task"])
    facts = Facts(task, run, summary, generator, written, quantize, composition)
    print(f"{write_model_card(output, facts)}: what it is, how good, and its limits")


if __name__ == "__main__":
    command.run(main)
