import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aign_tf.data.poses.upright import TURNS, upright
from aign_tf.errors import UserError
from tests.data.poses.standing import H36M, body

UNITS = (1, 0.01, 0.001, 0.0254, 0.0254 / 0.45)


def _motion(frames=3):
    """A body that walks on, `[T, 17, 3]`."""
    return body() + np.arange(frames)[:, np.newaxis, np.newaxis] * [0.1, 0, 0.3]


def test_turns_are_rotations_that_bring_up_to_minus_y():
    for up, turn in TURNS.items():
        direction = np.zeros(3)
        direction["xyz".index(up[-1])] = -1 if up[0] == "-" else 1
        np.testing.assert_array_equal(turn @ direction, [0, -1, 0])
        assert np.linalg.det(turn) == 1
        np.testing.assert_array_equal(np.transpose(turn) @ turn, np.eye(3))


def test_turns_keep_x_where_they_can():
    point = np.array([1, 2, 3])
    assert (TURNS["y"] @ point).tolist() == [1, -2, -3]
    assert (TURNS["z"] @ point).tolist() == [1, -3, 2]
    assert (TURNS["-y"] @ point).tolist() == [1, 2, 3]


@given(st.sampled_from(sorted(TURNS)), st.sampled_from(UNITS), st.floats(0.75, 1.25))
def test_axes_and_units_are_found(up, unit, tall):
    motion = _motion() * tall
    stored = {"a": motion @ TURNS[up] / unit}
    for given_up, given_unit in (("auto", "auto"), (up, unit), (up, str(unit))):
        found = upright(stored, H36M, "file", given_up, given_unit)["a"]
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, motion, atol=1e-5)


def test_clips_of_one_origin_share_what_is_up():
    lying = _motion() @ TURNS["z"]
    found = upright({"a": _motion(9), "b": lying}, H36M, "file")
    np.testing.assert_allclose(found["a"], _motion(9), atol=1e-6)
    np.testing.assert_allclose(found["b"], lying, atol=1e-6)


def test_a_doubtful_direction_is_named(caplog):
    lying = _motion() @ TURNS["z"]
    upright({"a": _motion(3), "b": lying}, H36M, "file")
    assert "file: up seems to be" in caplog.text


def test_a_direction_against_the_bodies_is_obeyed_and_named(caplog):
    found = upright({"a": _motion()}, H36M, "file", up="y")["a"]
    np.testing.assert_allclose(found, _motion() * [1, -1, -1], atol=1e-6)
    assert "file: up is set to y, but seems to be -y" in caplog.text


def test_swapped_sides_are_an_error():
    for swapped in (_motion()[:, H36M.mirror], _motion() * [-1, 1, 1]):
        with pytest.raises(UserError, match="file: knees bend backwards by 5 cm on average"):
            upright({"a": swapped}, H36M, "file")


def test_straight_knees_tell_nothing():
    straight = body()
    straight[[H36M.joints.index("left_knee"), H36M.joints.index("right_knee")], 2] = 0
    upright({"a": straight[np.newaxis]}, H36M, "file")


def test_what_is_not_of_human_size_is_an_error():
    with pytest.raises(UserError, match=r"file, b: legs and trunk are 135\.\d units long, with "):
        upright({"a": _motion(), "b": _motion() * 100, "c": _motion()}, H36M, "file")
    with pytest.raises(UserError, match=r"0\.01 that is 0\.0136 m: about 1\.4 m is human"):
        upright({"a": _motion()}, H36M, "file", scale=0.01)


@pytest.mark.parametrize("scale", ["tall", "", 0, -1, "nan", "inf"])
def test_a_wrong_scale_is_an_error(scale):
    with pytest.raises(UserError, match="use auto or the metres of a unit, such as"):
        upright({"a": _motion()}, H36M, "file", scale=scale)


def test_a_wrong_up_is_an_error():
    with pytest.raises(UserError, match="up is 'w': use auto or one of y, z, -y, -z, x, -x"):
        upright({"a": _motion()}, H36M, "file", up="w")
