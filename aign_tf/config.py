"""Configs are frozen dataclasses; presets and `--set=key=value` are typed overrides of them.

A task's config nests groups of settings one level deep, so that every setting has a dotted key such
as `train.batch_size`.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from aign_tf.compat import PRECISIONS
from aign_tf.errors import UserError
from aign_tf.losses import FAMILIES


def setting(
    default: Any, meaning: str, least: float = 0, most: float = math.inf, choices: Sequence = ()
) -> Any:
    """A dataclass field with a one-line meaning, shown by `--set=help`.

    Numbers have bounds, `least` and `most` included; a value may be limited to `choices`.
    """
    metadata = {"meaning": meaning, "least": least, "most": most, "choices": choices}
    return dataclasses.field(default=default, metadata=metadata)


class Preset(NamedTuple):
    """A named set of overrides of a task's default config."""

    meaning: str
    overrides: Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class LossConfig:
    adversarial: str = setting(
        "non_saturating",
        "non_saturating, least_squares, hinge or wasserstein",
        choices=tuple(FAMILIES),
    )
    reprojection_weight: float = setting(1.0, "weight of the reprojection term")
    adversarial_weight: float = setting(
        0.01, "weight of each adversarial term; 0 trains without an adversary"
    )
    paired_weight: float = setting(0.0, "weight of the supervised term; 0 trains without pairs")
    recall_weight: float = setting(
        0.0, "weight of finding remembered factors again in what the renderer makes of them"
    )
    r1: float = setting(0.0, "weight of the R1 penalty on discriminators; 0 leaves it out")
    gradient_penalty: float = setting(
        0.0, "weight of the penalty between real and fake; wasserstein needs it (10 is usual)"
    )
    label_swap: float = setting(0.0, "probability that real and fake labels swap in a step", most=1)
    skip_winning_below: float = setting(
        0.0, "a discriminator rests while its previous loss is at most this; 0 never rests"
    )

    @property
    def learns_from_pairs_alone(self) -> bool:
        return self.adversarial_weight == self.recall_weight == 0


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    steps: int = setting(1000, "length of the whole training (--steps)", least=1)
    batch_size: int = setting(32, "observations in a step, over all devices together", least=1)
    seed: int = setting(0, "of weights, data order and everything random (--seed)", most=2**32 - 1)
    precision: str = setting(
        "auto",
        "float32, bfloat16, float16, or auto: what this machine is fast at (--precision)",
        choices=("auto", *PRECISIONS),
    )
    generator_lr: float = setting(2e-4, "learning rate of Adam for the generator")
    discriminator_lr: float = setting(2e-4, "learning rate of Adam for the discriminators")
    beta1: float = setting(0.5, "of Adam", most=0.9999)
    beta2: float = setting(0.99, "of Adam", most=0.99999)
    clip_norm: float = setting(0.0, "largest norm of a gradient; 0 does not clip")
    generator_steps: int = setting(1, "updates of the generator for each batch", least=1)
    discriminator_steps: int = setting(1, "updates of the discriminators for each batch", least=1)
    ema_decay: float = setting(
        0.999, "of the averaged generator that is evaluated and exported", most=1
    )
    log_every: int = setting(50, "steps between lines in log.jsonl and TensorBoard", least=1)
    sample_every: int = setting(250, "steps between sample grids", least=1)
    checkpoint_every: int = setting(250, "steps between checkpoints", least=1)
    steps_per_execution: int = setting(1, "steps in one call of the compiled function", least=1)
    jit_compile: bool = setting(False, "compile the step with XLA")


# Each thing that happens in a training happens.
_SMOKE_TRAINING = {
    "train.steps": 20,
    "train.log_every": 5,
    "train.sample_every": 10,
    "train.checkpoint_every": 10,
}


def smoke(overrides: Mapping[str, Any]) -> Preset:
    """Every task's preset `smoke`, with overrides that make it small."""
    return Preset("does everything once, in under a minute", {**_SMOKE_TRAINING, **overrides})


def settings(config: Any, prefix: str = "") -> Iterator[tuple[str, Any, str]]:
    """Yields `(dotted key, value, meaning)` of every setting in a config."""
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if dataclasses.is_dataclass(value):
            yield from settings(value, f"{prefix}{field.name}.")
        else:
            yield prefix + field.name, value, field.metadata["meaning"]


def override(config: Any, values: Mapping[str, Any]) -> Any:
    """`config` with `values` (dotted key -> value of the right type, or its text) replaced.

    Raises:
      UserError: a key that does not exist, or a value that cannot be read as the key's type.
    """
    known = [key for key, _, _ in settings(config)]
    for key, value in values.items():
        if key not in known:
            close = difflib.get_close_matches(key, known, n=1)
            hint = f", did you mean {close[0]!r}?" if close else "."
            raise UserError(f"no setting {key!r}{hint} --set=help lists them")
        config = _replaced(config, key.split("."), key, value)
    return config


def _replaced(config: Any, path: list[str], key: str, value: Any) -> Any:
    name, *rest = path
    if rest:
        new = _replaced(getattr(config, name), rest, key, value)
    else:
        (field,) = (field for field in dataclasses.fields(config) if field.name == name)
        new = _typed(key, typing.get_type_hints(type(config))[name], field.metadata, str(value))
    return dataclasses.replace(config, **{name: new})


_TRUTHS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def _typed(key: str, kind: type, bounds: Mapping[str, Any], text: str) -> Any:
    try:
        value = _TRUTHS[text.lower()] if kind is bool else kind(text)
    except (ValueError, KeyError):
        wanted = {int: "a whole number", float: "a number", bool: "true or false"}[kind]
        raise UserError(f"{key}={text}: expected {wanted}") from None
    if bounds["choices"] and value not in bounds["choices"]:
        choices = ", ".join(str(choice) for choice in bounds["choices"] if choice != "")
        raise UserError(f"{key}={text}: use one of {choices}")
    least, most = bounds["least"], bounds["most"]
    if kind is not str and (not least <= value <= most or value == math.inf):
        upper = "" if most == math.inf else f" and at most {most:g}"
        raise UserError(f"{key}={text}: expected a number of at least {least:g}{upper}")
    return value


def parse_assignments(texts: list[str]) -> dict[str, str]:
    """`["train.steps=20"]` as `{"train.steps": "20"}`; everything after the first `=` is value."""
    pairs = {}
    for text in texts:
        key, separator, value = text.partition("=")
        if not separator:
            raise UserError(f"--set={text}: expected key=value, as in --set=train.batch_size=16")
        pairs[key.strip()] = value
    return pairs


def flat(config: Any) -> dict[str, Any]:
    """Dotted key -> value; `override(Config(), flat(config))` gives `config` back."""
    return {key: value for key, value, _ in settings(config)}
