"""Typed overrides, and what people read when they mistype one."""

import dataclasses
import math

import hypothesis
import pytest
from hypothesis import strategies as st

from aign_tf import config
from aign_tf.config import LossConfig, TrainConfig, flat, override, parse_assignments, settings
from aign_tf.errors import UserError
from aign_tf.losses import FAMILIES


@dataclasses.dataclass(frozen=True)
class Example:
    loss: LossConfig = LossConfig()
    train: TrainConfig = TrainConfig()


def test_override_replaces_one_setting_and_leaves_the_rest():
    changed = override(Example(), {"train.steps": "7"})
    assert changed.train == dataclasses.replace(TrainConfig(), steps=7)
    assert changed.loss == LossConfig()


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("train.steps", "12", 12),
        ("loss.r1", "1e-3", 1e-3),
        ("loss.r1", "2", 2.0),
        ("train.jit_compile", "True", True),
        ("train.jit_compile", "0", False),
        ("loss.adversarial", "hinge", "hinge"),
    ],
)
def test_texts_are_read_as_the_type_of_the_key(key, text, value):
    read = flat(override(Example(), {key: text}))[key]
    assert read == value and type(read) is type(value)


@pytest.mark.parametrize(
    ("key", "text", "message"),
    [
        ("train.steps", "many", "train.steps=many: expected a whole number"),
        ("train.steps", "1.5", "train.steps=1.5: expected a whole number"),
        ("train.steps", "0", "train.steps=0: expected a number of at least 1"),
        ("loss.r1", "nan", "loss.r1=nan: expected a number of at least 0"),
        ("loss.r1", "x", "loss.r1=x: expected a number"),
        ("loss.label_swap", "2", "label_swap=2: expected a number of at least 0 and at most 1"),
        ("loss.adversarial", "wgan", "wgan: use one of non_saturating, least_squares, hinge"),
        ("loss.r1", "inf", "loss.r1=inf: expected a number of at least 0"),
        ("train.jit_compile", "maybe", "train.jit_compile=maybe: expected true or false"),
        ("train.step", "1", "no setting 'train.step', did you mean 'train.steps'?"),
        ("train", "1", "no setting 'train'"),
        ("", "1", "no setting ''"),
    ],
)
def test_mistakes_are_told_in_one_line(key, text, message):
    with pytest.raises(UserError) as error:
        override(Example(), {key: text})
    assert message in str(error.value) and "\n" not in str(error.value)


@dataclasses.dataclass(frozen=True)
class Choosy:
    points: int = config.setting(68, "numbers to choose from", choices=(66, 68))
    share: float = config.setting(0.5, "likewise", choices=(0.5, 1.0))


@dataclasses.dataclass(frozen=True)
class Choices:
    data: Choosy = Choosy()


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [("data.points", "66", 66), ("data.points", "68", 68), ("data.share", "1", 1.0)],
)
def test_numbers_to_choose_from(key, text, value):
    read = flat(override(Choices(), {key: text}))[key]
    assert read == value and type(read) is type(value)


@pytest.mark.parametrize(
    ("key", "text", "message"),
    [
        ("data.points", "67", "data.points=67: use one of 66, 68"),
        ("data.points", "66.0", "data.points=66.0: expected a whole number"),
        ("data.points", "", "data.points=: expected a whole number"),
        ("data.share", "0.6", "data.share=0.6: use one of 0.5, 1.0"),
        ("data.share", "nan", "data.share=nan: use one of 0.5, 1.0"),
    ],
)
def test_other_numbers_than_those(key, text, message):
    with pytest.raises(UserError) as error:
        override(Choices(), {key: text})
    assert str(error.value) == message


@hypothesis.given(
    st.integers(1, 10**6),
    st.floats(0, 1e6, allow_nan=False),
    st.booleans(),
    st.sampled_from(sorted(FAMILIES)),
)
def test_flat_and_override_are_inverse(steps, weight, jit, family):
    values = {
        "train.steps": steps,
        "loss.r1": weight,
        "train.jit_compile": jit,
        "loss.adversarial": family,
    }
    changed = override(Example(), values)
    assert override(Example(), flat(changed)) == changed
    assert math.isclose(changed.loss.r1, weight)


def test_every_setting_has_a_meaning():
    for key, _, meaning in settings(Example()):
        assert meaning and "\n" not in meaning, key


def test_assignments_split_at_the_first_equals_sign():
    assert parse_assignments(["data.memory=gender=female"]) == {"data.memory": "gender=female"}
    with pytest.raises(UserError, match="--set=steps: expected key=value"):
        parse_assignments(["steps"])


def test_preset_is_a_meaning_and_overrides():
    assert config.Preset("fast", {"train.steps": 1}).overrides == {"train.steps": 1}
