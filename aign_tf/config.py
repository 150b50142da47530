"""Configs are frozen dataclasses; presets and `--set=key=value` are typed overrides of them.

A task's config nests groups of settings one level deep, so that every setting has a dotted key such
as `train.batch_size`.
"""

from __future__ import annotations

import dataclasses
import difflib
import typing
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from aign_tf.errors import UserError


def setting(default: Any, meaning: str) -> Any:
    """A dataclass field with a one-line meaning, shown by `--set=help`."""
    return dataclasses.field(default=default, metadata={"meaning": meaning})


class Preset(NamedTuple):
    """A named set of overrides of a task's default config."""

    meaning: str
    overrides: Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class LossConfig:
    adversarial: str = setting(
        "non_saturating", "non_saturating, least_squares, hinge or wasserstein"
    )
    reprojection_weight: float = setting(1.0, "weight of the reprojection term")
    adversarial_weight: float = setting(
        0.01, "weight of each adversarial term; 0 trains by reconstruction only"
    )
    paired_weight: float = setting(0.0, "weight of the supervised term; 0 trains without pairs")
    r1: float = setting(0.0, "weight of the R1 penalty on discriminators; 0 leaves it out")
    gradient_penalty: float = setting(
        0.0, "weight of the penalty between real and fake; wasserstein needs it (10 is usual)"
    )
    label_swap: float = setting(0.0, "probability that real and fake labels swap in a step")
    skip_winning_below: float = setting(
        0.0, "a discriminator rests while its previous loss is at most this; 0 never rests"
    )


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    steps: int = setting(1000, "length of the whole training (--steps)")
    batch_size: int = setting(32, "observations in a step, over all devices together")
    seed: int = setting(0, "of weights, data order and everything random (--seed)")
    precision: str = setting(
        "auto", "float32, bfloat16, float16, or auto: what this machine is fast at (--precision)"
    )
    generator_lr: float = setting(2e-4, "learning rate of Adam for the generator")
    discriminator_lr: float = setting(2e-4, "learning rate of Adam for the discriminators")
    beta1: float = setting(0.5, "of Adam")
    beta2: float = setting(0.99, "of Adam")
    clip_norm: float = setting(0.0, "largest norm of a gradient; 0 does not clip")
    generator_steps: int = setting(1, "updates of the generator for each batch")
    discriminator_steps: int = setting(1, "updates of the discriminators for each batch")
    ema_decay: float = setting(0.999, "of the averaged generator that is evaluated and exported")
    log_every: int = setting(50, "steps between lines in log.jsonl and TensorBoard")
    sample_every: int = setting(250, "steps between sample grids")
    checkpoint_every: int = setting(250, "steps between checkpoints")
    steps_per_execution: int = setting(1, "steps in one call of the compiled function")
    jit_compile: bool = setting(False, "compile the step with XLA")


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
            raise UserError(f"no setting {key!r}{hint} Settings: {', '.join(known)}")
        config = _replaced(config, key.split("."), key, value)
    return config


def _replaced(config: Any, path: list[str], key: str, value: Any) -> Any:
    name, *rest = path
    if rest:
        new = _replaced(getattr(config, name), rest, key, value)
    else:
        new = _typed(key, typing.get_type_hints(type(config))[name], value)
    return dataclasses.replace(config, **{name: new})


_TRUE, _FALSE = ("true", "1", "yes"), ("false", "0", "no")


def _typed(key: str, kind: type, value: Any) -> Any:
    text = str(value)
    try:
        if kind is bool:
            if text.lower() not in _TRUE + _FALSE:
                raise ValueError
            return text.lower() in _TRUE
        number = kind(text)
    except ValueError:
        wanted = {int: "a whole number", float: "a number", bool: "true or false"}[kind]
        raise UserError(f"{key}={text}: expected {wanted}") from None
    if kind in (int, float) and not 0 <= number < float("inf"):
        raise UserError(f"{key}={text}: expected a number of at least 0")
    return number


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
