import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aign_tf.data.synthetic.bodies import draw_body
from aign_tf.data.synthetic.body_joints import (
    ARM,
    CHEST,
    FOREARM,
    HEAD,
    LIMITS,
    LUMBAR,
    NECK,
    PELVIS,
    SHIN,
    SHOULDER,
    SKELETON,
    THIGH,
    forward_kinematics,
    limited,
    rotations,
)

R_HIP, R_KNEE, R_FOOT, L_HIP, L_KNEE, L_FOOT, NOSE, CROWN = 1, 2, 3, 4, 5, 6, 9, 10
L_SHOULDER, L_ELBOW, L_WRIST, R_SHOULDER, R_ELBOW, R_WRIST = 11, 12, 13, 14, 15, 16
RIGHT, DOWN, AHEAD = np.eye(3)
LEFT, UP, BACK = -np.eye(3)

BODY = draw_body(np.random.default_rng(0))
LENGTHS = np.linalg.norm(BODY, axis=1)

seeds = st.integers(0, 2**32 - 1)


def random_angles(seed, count=4):
    return np.random.default_rng(seed).uniform(LIMITS[..., 0], LIMITS[..., 1], (count, 17, 3))


def bent(*turns):
    """Joints of BODY with angles given as (bone, kind, degrees)."""
    angles = np.zeros((17, 3))
    for bone, kind, degrees in turns:
        angles[bone, kind] = degrees
    return forward_kinematics(angles, BODY)


def test_at_rest_every_joint_lies_where_the_offsets_add_up_to():
    joints = bent()
    for child, parent in enumerate(SKELETON.parents):
        start = joints[parent] if parent >= 0 else 0
        np.testing.assert_allclose(joints[child], start + BODY[child], atol=1e-6)


@pytest.mark.parametrize(
    "turns, start, end, direction",
    [
        ([(THIGH[0], 0, 90)], R_HIP, R_KNEE, AHEAD),
        ([(THIGH[1], 0, 90)], L_HIP, L_KNEE, AHEAD),
        ([(THIGH[0], 1, 90)], R_HIP, R_KNEE, RIGHT),
        ([(THIGH[1], 1, 90)], L_HIP, L_KNEE, LEFT),
        ([(SHIN[0], 0, 90)], R_KNEE, R_FOOT, BACK),
        ([(SHIN[1], 0, 90)], L_KNEE, L_FOOT, BACK),
        ([(THIGH[0], 0, 90), (SHIN[0], 0, 90)], R_KNEE, R_FOOT, DOWN),
        ([(THIGH[0], 2, 90), (SHIN[0], 0, 90)], R_KNEE, R_FOOT, LEFT),
        ([(ARM[0], 0, 90)], R_SHOULDER, R_ELBOW, AHEAD),
        ([(ARM[0], 1, 90)], R_SHOULDER, R_ELBOW, RIGHT),
        ([(ARM[1], 1, 90)], L_SHOULDER, L_ELBOW, LEFT),
        ([(FOREARM[0], 0, 90)], R_ELBOW, R_WRIST, AHEAD),
        ([(ARM[0], 0, 90), (FOREARM[0], 0, 90)], R_ELBOW, R_WRIST, UP),
        ([(ARM[0], 2, 90), (FOREARM[0], 0, 90)], R_ELBOW, R_WRIST, RIGHT),
        ([(ARM[1], 2, 90), (FOREARM[1], 0, 90)], L_ELBOW, L_WRIST, LEFT),
        ([(ARM[0], 1, 90), (ARM[0], 2, 90), (FOREARM[0], 0, 90)], R_ELBOW, R_WRIST, UP),
        ([(PELVIS, 0, 90)], PELVIS, LUMBAR, AHEAD),
        ([(PELVIS, 0, 90)], R_HIP, R_KNEE, BACK),
        ([(LUMBAR, 0, 90)], LUMBAR, CHEST, AHEAD),
        ([(CHEST, 1, 90)], LUMBAR, CHEST, RIGHT),
    ],
)
def test_angles_turn_bones_as_anatomy_names_them(turns, start, end, direction):
    joints = bent(*turns)
    np.testing.assert_allclose(joints[end] - joints[start], LENGTHS[end] * direction, atol=1e-6)


def test_head_turns_right_and_nods_and_shoulders_rise_and_draw_back():
    assert (bent((NECK, 2, 90)) - bent())[NOSE] @ RIGHT > 0.02
    assert (bent((HEAD, 0, 30)) - bent())[CROWN] @ AHEAD > 0.03
    for side, joint in zip(SHOULDER, (R_SHOULDER, L_SHOULDER)):
        assert (bent((side, 1, 20)) - bent())[joint] @ UP > 0.03
        assert (bent((side, 2, 20)) - bent())[joint] @ BACK > 0.03


@given(seeds)
@settings(max_examples=30, deadline=None)
def test_turns_are_rotations(seed):
    turns = rotations(random_angles(seed))
    identity = np.broadcast_to(np.eye(3), turns.shape)
    np.testing.assert_allclose(turns @ np.swapaxes(turns, -1, -2), identity, atol=1e-5)
    np.testing.assert_allclose(np.linalg.det(turns), 1, atol=1e-5)


@given(seeds)
@settings(max_examples=30, deadline=None)
def test_mirrored_angles_give_the_mirrored_body(seed):
    angles = random_angles(seed)
    mirrored = angles[:, SKELETON.mirror]
    mirrored[:, [PELVIS, LUMBAR, CHEST, NECK, HEAD], 1:] *= -1
    expected = forward_kinematics(angles, BODY)[:, SKELETON.mirror] * [-1, 1, 1]
    np.testing.assert_allclose(forward_kinematics(mirrored, BODY), expected, atol=1e-5)


@given(seeds)
@settings(max_examples=30, deadline=None)
def test_no_turn_changes_a_bone(seed):
    joints = forward_kinematics(random_angles(seed), BODY)
    parents, children = np.transpose(SKELETON.bones)
    lengths = np.linalg.norm(joints[:, children] - joints[:, parents], axis=-1)
    np.testing.assert_allclose(lengths, np.tile(LENGTHS[1:], (4, 1)), atol=1e-5)


def test_limits_are_kept_and_change_nothing_within():
    angles = 3 * random_angles(0, 200)
    kept = limited(angles)
    assert (kept >= LIMITS[..., 0]).all() and (kept <= LIMITS[..., 1]).all()
    np.testing.assert_array_equal(limited(kept), kept)
    inside = random_angles(1)
    np.testing.assert_array_equal(limited(inside), inside)
    assert LIMITS[SHIN, 0, 0].tolist() == LIMITS[FOREARM, 0, 0].tolist() == [0, 0]


def test_within_their_limits_knees_bend_back_and_elbows_ahead_only():
    turns = rotations(random_angles(3, 50))
    assert (turns[:, SHIN, 2, 1] <= 0).all()
    assert (turns[:, FOREARM, 2, 1] >= 0).all()
