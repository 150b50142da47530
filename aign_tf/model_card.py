"""The card that goes with an exported generator, for people who get nothing but the folder.

After Mitchell et al., "Model Cards for Model Reporting", 2019, in short: what it is, what it
learned from, how good it is, and what it is not for. There is no date in it, so that exporting
twice gives the same card.
"""

from __future__ import annotations

import pathlib
import shlex
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import keras

from aign_tf.config import flat, settings
from aign_tf.evaluation_card import evaluation_card
from aign_tf.export import Exported
from aign_tf.files import read_json, replacing
from aign_tf.markdown import code, items, table
from aign_tf.run_folder import RunFolder
from aign_tf.task import Task

FILE = "MODEL_CARD.md"


class Facts(NamedTuple):
    """What a card is written from.

    Attributes:
      task: as it was trained.
      run: its run folder, evaluated or not.
      summary: what the task does, in a line.
      generator: what was exported.
      files: what was written.
      quantize: how the weights of the TFLite file are stored.
      composition: of `task`; None where the data are out of reach, and the files were therefore
        compared with Keras on random inputs.
    """

    task: Task
    run: RunFolder
    summary: str
    generator: keras.Model
    files: Sequence[Exported]
    quantize: str
    composition: Mapping[str, int] | None

    @property
    def preset(self) -> str:
        return self.run.read()["preset"]


def write_model_card(output: pathlib.Path, facts: Facts) -> pathlib.Path:
    """Writes the card into the folder `output`; returns its path."""
    with replacing(output / FILE) as temporary:
        temporary.write_text(model_card(facts), encoding="utf-8")
    return output / FILE


def model_card(facts: Facts) -> str:
    """The card as Markdown."""
    sections = {
        "What it is": _description(facts),
        "Files": _files(facts),
        "Data and memory": _data(facts),
        "Metrics": _metrics(facts),
        "Limits": [items(facts.task.limits)],
        "Settings that differ from the preset": _changes(facts),
    }
    blocks = [f"# {facts.run.read()['task']}", facts.summary]
    if facts.task.limits:
        blocks.append("Read its [limits](#limits) before you use it.")
    for title, content in sections.items():
        if any(content):
            blocks += [f"## {title}", *filter(None, content)]
    return "\n\n".join(blocks) + "\n"


def _description(facts: Facts) -> list[str]:
    train, step = facts.task.config.train, facts.run.step()
    steps = f"{step:,} of {train.steps:,}" if step else f"unknown, {train.steps:,} were planned"
    signature = [
        (role, code(name), code(list(tensor.shape[1:])), facts.task.signature.get(name, ""))
        for role, tensors in (("input", facts.generator.input), ("output", facts.generator.output))
        for name, tensor in tensors.items()
    ]
    return [
        _training(facts.task),
        items(
            [
                f"Preset: {code(facts.preset)}, {facts.task.presets[facts.preset].meaning}",
                f"Steps of training: {steps}",
                f"Seed: {train.seed}",
                f"Precision: trained in {train.precision}, exported in float32 unless quantised",
                f"Parameters: {facts.generator.count_params():,}",
            ]
        ),
        table(["", "name", "shape", "meaning"], signature),
        "Shapes are without the batch, which comes first; all values are float32.",
    ]


def _files(facts: Facts) -> list[str]:
    others = "random inputs, as the data were out of reach"
    compared = others if facts.composition is None else "held-out observations"
    rows = [
        (
            code(file.path.name),
            f"{file.bytes / 1e6:.2f} MB",
            facts.quantize if file.path.suffix == ".tflite" else "none",
            f"{file.max_abs_error:.2g}",
        )
        for file in facts.files
    ]
    given = ", ".join(f"{name}=..." for name in facts.generator.input)
    calls = {
        "saved_model": 'tf.saved_model.load("saved_model").signatures["serving_default"]',
        "model.tflite": 'tf.lite.Interpreter("model.tflite").get_signature_runner()',
    }
    lines = [f"outputs = {calls[file.path.name]}({given})" for file in facts.files]
    return [
        table(["file", "size", "quantisation", "largest error"], rows),
        f"Errors are those of the outputs against Keras, on {compared}. Both formats take inputs "
        "by name and return a dict of outputs; a TFLite file takes batches of one.",
        "\n".join(["```python", *lines, "```"]),
    ]


def _data(facts: Facts) -> list[str]:
    config = flat(facts.task.config)
    if "data.dir" not in config:
        return []
    procedural = f"procedural, drawn from seed {config['train.seed']}; no real person is in them"
    condition = config.get("data.observed")
    also = f" and satisfies {code(condition)}" if condition else ""
    given = (key for key, value in config.items() if key.startswith("data.") and value != "")
    lines = [
        f"Data: {code(config['data.dir']) if config['data.dir'] else procedural}",
        f"Observed: what is not remembered{also}",
        f"Memory{_use(facts.task)}: {_memory(config)}",
        f"Settings: {', '.join(code(f'{key}={config[key]}') for key in given)}",
    ]
    if not config["data.dir"] and not config["data.memory_dir"]:
        lines.append("**It saw procedural data alone: do not expect it to work on real ones.**")
    if facts.composition is None:
        return [items(lines), "Counts are unknown: the data were out of reach of this export."]
    counts = [(group, f"{count:,}") for group, count in facts.composition.items()]
    return [items(lines), table(["group", "count"], counts) if counts else ""]


def _memory(config: Mapping[str, Any]) -> str:
    if config["data.memory_dir"]:
        return code(config["data.memory_dir"])
    if not config.get("data.memory"):
        return "a part of the same data"
    share = config.get("data.memory_share", 1)
    people = "" if share == 1 else f"; of these people a share of {share:g}, at least one"
    return f"what satisfies {code(config['data.memory'])} in the same data{people}"


def _training(task: Task) -> str:
    source = "([Tung et al. 2017](https://arxiv.org/abs/1705.11166))"
    arm = getattr(task.config, "arm", "unpaired")
    if arm == "unpaired":
        return f"A generator trained as an Adversarial Inverse Graphics Network {source}."
    return (
        f"**A baseline, not the method**: the arm {code(arm)}, {task.meanings[arm]}, to compare "
        f"with an Adversarial Inverse Graphics Network {source}."
    )


def _use(task: Task) -> str:
    if task.config.loss.learns_from_pairs_alone:
        return ", of which this training made no use"
    return ", which outputs are made to look like"


def _metrics(facts: Facts) -> list[str]:
    run, step = facts.run, facts.run.step()
    evaluate = code(f"python -m tools.evaluate --run_dir={shlex.quote(str(run.path))}")
    if not run.metrics.exists():
        return [f"**Not evaluated**: how good it is, nobody has measured. {evaluate} does."]
    result = read_json(run.metrics)
    blocks = evaluation_card(result, facts.task.meanings)
    if step not in (0, result["step"]):
        older = f"**The exported generator is of step {step:,}**: {evaluate} measures it."
        return [blocks[0], older, *blocks[1:]]
    return blocks


def _changes(facts: Facts) -> list[str]:
    preset = flat(facts.task.configure(facts.preset, {}))
    rows = [
        (code(key), code(value), code(preset[key]), meaning)
        for key, value, meaning in settings(facts.task.config)
        if value != preset[key]
    ]
    if not rows:
        return []
    return [
        "Given for this training, or found at its start where the preset leaves them open.",
        table(["setting", "here", "preset", "meaning"], rows),
    ]
