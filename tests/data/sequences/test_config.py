"""What texts in the settings of the data mean."""

import pytest

from aign_tf.data.sequences.config import (
    SequenceDataConfig,
    parse_shares,
    parse_stride,
    usual_variety,
)
from aign_tf.errors import UserError


@pytest.mark.parametrize(
    "text, shares",
    [
        ("0.55 0.2 0.25", (0.55, 0.2, 0.25)),
        ("55, 20, 25", (0.55, 0.2, 0.25)),
        ("2,1,1", (0.5, 0.25, 0.25)),
        ("0 1 1", (0, 0.5, 0.5)),
    ],
)
def test_shares_add_up_to_one(text, shares):
    assert parse_shares(text) == pytest.approx(shares)


@pytest.mark.parametrize(
    "text", ["", "0.5 0.5", "1 1 1 1", "a b c", "-1 1 1", "0 0 0", "nan 1 1", "inf 1 1"]
)
def test_shares_that_are_none(text):
    with pytest.raises(UserError) as error:
        parse_shares(text)
    assert str(error.value) == f"data.shares={text}: expected three numbers, as in 0.55 0.2 0.25"


def test_strides():
    assert parse_stride("auto") is None
    assert [parse_stride(text) for text in ("1", "12")] == [1, 12]


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "", "Auto", "two"])
def test_strides_that_are_none(text):
    with pytest.raises(UserError) as error:
        parse_stride(text)
    expected = f"data.stride={text}: expected auto or a number of at least 1"
    assert str(error.value) == expected


def test_names_are_parted_by_commas():
    config = SequenceDataConfig(watched="a, b/02,", tested=" c ")
    assert config.names == {"watched": ["a", "b/02"], "remembered": [], "tested": ["c"]}


def test_the_settings_as_they_are_can_be_used():
    config = SequenceDataConfig()
    assert sum(parse_shares(config.shares)) == pytest.approx(1)
    assert parse_stride(config.stride) is None
    assert not any(config.names.values())


def test_a_small_memory_is_turned_and_has_something_held_before_it():
    found = [tuple(usual_variety(maps).values()) for maps in (8, 80, 499, 500, 2000)]
    assert found == [(5, 0.25)] * 3 + [(0, 0)] * 2
    assert list(usual_variety(80)) == ["data.turn", "data.cards"]
