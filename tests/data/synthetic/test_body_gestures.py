import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aign_tf.data.synthetic.body_gestures import (
    ARM_SPREAD,
    HANGING,
    RATE,
    gesture,
    lean,
    posture,
    raise_shoulders,
    set_arm,
    steps,
    sway,
    tilt,
)
from aign_tf.data.synthetic.body_joints import (
    ARM,
    FOREARM,
    LIMITS,
    PELVIS,
    SHOULDER,
    SPREAD,
    THIGH,
    rotations,
)


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 80),
    st.floats(0, 1),
    st.floats(0.05, 1),
    st.floats(0, 2),
)
@settings(max_examples=60, deadline=None)
def test_steps_stay_between_their_levels(seed, frames, hold, move, extra):
    levels = []

    def draw(count):
        levels.append(np.random.default_rng(seed).normal(size=(count, 2)))
        return levels[0]

    rng = np.random.default_rng(seed)
    values = steps(rng, frames, draw, (hold, hold + extra), (move, move + extra))
    assert values.shape == (frames, 2)
    assert (values >= levels[0].min(axis=0) - 1e-9).all()
    assert (values <= levels[0].max(axis=0) + 1e-9).all()


def test_steps_hold_and_move_as_told():
    def alternating(count):
        return np.arange(count) % 2

    values = steps(np.random.default_rng(0), 50 * RATE, alternating, hold=(3, 3), move=(1, 1))
    assert np.mean((values == 0) | (values == 1)) == pytest.approx(0.75, abs=0.03)
    # A move of least jerk over one second is at most 15 / 8 times as fast as a steady one.
    assert np.abs(np.diff(values)).max() * RATE == pytest.approx(15 / 8, rel=0.02)


def test_sway_has_the_spread_of_the_postures():
    waver = np.stack([sway(np.random.default_rng(i), 20) for i in range(300)])
    np.testing.assert_allclose(waver.std(axis=(0, 1)), 0.6 * SPREAD, rtol=0.25)


def test_postures_have_their_spread_and_no_outliers():
    drawn = np.stack([posture(np.random.default_rng(i)) for i in range(500)])
    np.testing.assert_allclose(drawn.std(axis=0), SPREAD, rtol=0.15)
    assert (np.abs(drawn) <= 2.5 * SPREAD + 1e-9).all()
    assert (LIMITS[..., 1] - LIMITS[..., 0] >= SPREAD).all()


def world_thighs(angles):
    turns = rotations(angles)
    return (turns[:, [PELVIS]] @ turns[:, THIGH])[..., 1]


@pytest.mark.parametrize("move", [lean, tilt])
def test_leaning_and_tilting_leave_the_legs_where_they_are(move):
    angles = np.zeros((3, 17, 3))
    before = world_thighs(angles)
    move(angles, np.array([0.0, 10.0, 30.0]))
    assert np.abs(angles[1:, PELVIS]).max() == 30
    np.testing.assert_allclose(world_thighs(angles), before, atol=1e-6)


def test_arms_are_written_to_their_side_and_lift_the_shoulder():
    angles = np.zeros((2, 17, 3))
    set_arm(angles, 1, np.array([[10.0, 20, 30, 40], [0, 130, 0, 0]]))
    assert angles[0, ARM[1]].tolist() == [10, 20, 30] and angles[0, FOREARM[1], 0] == 40
    assert not angles[:, [ARM[0], FOREARM[0]]].any()
    raise_shoulders(angles)
    np.testing.assert_allclose(angles[:, SHOULDER, 1], [[0, 0], [0, 15]])


def test_gestures_go_from_one_arm_to_another():
    arm = gesture(np.random.default_rng(0), 200 * RATE, (HANGING, (90, 0, 0, 90)))
    assert arm.shape == (200 * RATE, 4)
    assert arm[:, 0].min() < 2 + ARM_SPREAD[0] and arm[:, 0].max() > 90 - ARM_SPREAD[0]
