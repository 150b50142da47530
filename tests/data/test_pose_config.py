"""Settings of the data of bodies."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aign_tf.config import flat, override
from aign_tf.data.pose_config import PoseDataConfig, parse_range
from aign_tf.errors import UserError


@dataclasses.dataclass(frozen=True)
class Config:
    data: PoseDataConfig = PoseDataConfig()


def test_defaults_are_within_their_bounds():
    assert override(Config(), flat(Config())) == Config()
    for key in ("elevation", "filmed_elevation"):
        parse_range(key, getattr(PoseDataConfig(), key))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("people", "7", "at least 8"),
        ("cameras", "0", "at least 1"),
        ("step", "0", "at least 1"),
        ("pairs", "1.5", "at most 1"),
        ("hide", "1.1", "at most 1"),
        ("bone_variation", "0.6", "at most 0.5"),
        ("roll", "181", "at most 180"),
        ("least_confidence", "-0.1", "at least 0"),
        ("keypoints", "seen", "use one of gt, detected"),
    ],
)
def test_values_out_of_bounds_are_refused(key, value, message):
    with pytest.raises(UserError, match=f"^data.{key}={value}: .*{message}"):
        override(Config(), {f"data.{key}": value})


@given(st.floats(-180, 180), st.floats(-180, 180))
def test_two_angles_are_a_range_if_the_smaller_is_first(one, other):
    low, high = sorted([one, other])
    assert parse_range("data.elevation", f"{low!r}  {high!r}") == (low, high)
    if low < high:
        with pytest.raises(UserError):
            parse_range("data.elevation", f"{high!r} {low!r}")


@pytest.mark.parametrize(
    "text", ["", "10", "-15 30 45", "-15,30", "low high", "30 -15", "-181 0", "0 181", "nan 5"]
)
def test_anything_else_is_refused_with_an_example(text):
    with pytest.raises(UserError) as error:
        parse_range("data.elevation", text)
    expected = f"data.elevation={text}: expected two angles in degrees, as in -15 30"
    assert str(error.value) == expected
