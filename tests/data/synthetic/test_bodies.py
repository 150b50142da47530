import pathlib
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aign_tf.data.synthetic.bodies import draw_angles, draw_body, generate_motions
from aign_tf.data.synthetic.body_gestures import RATE
from aign_tf.data.synthetic.body_joints import SKELETON, forward_kinematics, limited
from aign_tf.data.synthetic.body_motions import MOTIONS
from aign_tf.errors import UserError

REAL = pathlib.Path(__file__).parents[3] / "../shared/data/cmu_mocap/poses_17j.npz"

MIRROR = list(SKELETON.mirror)
HIP, R_HIP, R_KNEE, R_FOOT, L_HIP, L_KNEE, L_FOOT = range(7)
THORAX, NOSE, CROWN, L_SHOULDER, L_WRIST, R_SHOULDER, R_WRIST = 8, 9, 10, 11, 13, 14, 16
LIMBS = (1, 2), (2, 3), (4, 5), (5, 6), (0, 8), (11, 12), (12, 13), (14, 15), (15, 16), (11, 14)
RIGHT, DOWN, AHEAD = np.eye(3)


@pytest.fixture(scope="module")
def clips():
    return generate_motions(people=28, clips_per_person=7, frames=40, seed=5)


def of(clips, *motions):
    """Poses `[clips, frames, 17, 3]` of these motions."""
    return np.stack([c.joints for c in clips if c.name.split("/")[0] in motions])


def bone_lengths(joints):
    parents, children = np.transpose(SKELETON.bones)
    return np.linalg.norm(joints[..., children, :] - joints[..., parents, :], axis=-1)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_bodies_are_people(seed):
    body = draw_body(np.random.default_rng(seed))
    rest = forward_kinematics(np.zeros((17, 3)), body)
    height = (rest[R_FOOT, 1] - rest[CROWN, 1]) / 0.953
    assert 1.4999 <= height <= 1.9501
    np.testing.assert_allclose(body[MIRROR] * [-1, 1, 1], body)
    thigh, shin, arm, forearm = np.linalg.norm(body[[2, 3, 15, 16]], axis=1) / height
    assert 0.22 < thigh < 0.30 and 0.22 < shin < 0.31
    assert 0.13 < forearm < 0.18 and 0.14 < arm < 0.20
    assert body[R_HIP] @ RIGHT > 0 and body[R_SHOULDER] @ RIGHT > 0


def test_names_shapes_and_types(clips):
    assert len(clips) == 28 * 7
    names = [clip.name for clip in clips]
    assert len(set(names)) == len(names)
    assert names[0] == "walking/person_000_1" and "/person_027_" in names[-1]
    assert all(clip.joints.shape == (40, 17, 3) for clip in clips)
    assert all(clip.joints.dtype == np.float32 for clip in clips)
    assert all(clip.skeleton is SKELETON for clip in clips)
    assert all(np.isfinite(clip.joints).all() and not clip.joints[:, 0].any() for clip in clips)


def test_clips_of_a_person_take_the_motions_in_turn():
    names = [clip.name for clip in generate_motions(2, 8, 1)]
    motions = list(MOTIONS)
    assert names[:8] == [f"{m}/person_000_1" for m in motions] + ["walking/person_000_2"]
    assert names[8:10] == [f"{m}/person_001_1" for m in motions[1:3]]


def test_a_clip_depends_on_its_seed_and_person_alone():
    few, many = generate_motions(2, 2, 9, seed=3), generate_motions(3, 5, 9, seed=3)
    by_name = {clip.name: clip.joints for clip in many}
    for clip in few:
        np.testing.assert_array_equal(clip.joints, by_name[clip.name])
    for clip, other in zip(few, generate_motions(2, 2, 9, seed=4)):
        assert np.abs(clip.joints - other.joints).max() > 0.02


def test_bones_keep_their_length_in_all_clips_of_a_person_and_are_equal_left_and_right(clips):
    lengths = np.stack([bone_lengths(clip.joints) for clip in clips]).reshape(28, -1, 16)
    np.testing.assert_allclose(lengths, np.broadcast_to(lengths[:, :1], lengths.shape), atol=1e-5)
    other_side = np.array(MIRROR[1:]) - 1
    np.testing.assert_allclose(lengths, lengths[..., other_side], atol=1e-5)
    # People differ by some per cent, also after their height is taken out.
    proportions = lengths[:, 0] / lengths[:, 0].sum(axis=1, keepdims=True)
    spread = proportions.std(axis=0) / proportions.mean(axis=0)
    assert (spread > 0.01).all() and (spread < 0.1).all()


def test_who_stands_or_walks_is_upright_and_faces_ahead(clips):
    joints = of(clips, "walking", "standing", "waving")
    head, thorax, hip = joints[..., CROWN, :], joints[..., THORAX, :], joints[..., HIP, :]
    assert ((thorax - head) @ DOWN > 0.1).all() and ((hip - thorax) @ DOWN > 0.3).all()
    assert (joints[..., [R_FOOT, L_FOOT], :] @ DOWN > 0.4).all()
    assert (joints[..., R_HIP, :] - joints[..., L_HIP, :])[..., 0].min() > 0.15
    assert (joints[..., R_SHOULDER, 0] > joints[..., L_SHOULDER, 0] + 0.1).all()
    assert np.mean(joints[..., NOSE, 2] > thorax[..., 2]) > 0.95


@pytest.mark.parametrize("motion", MOTIONS)
def test_angles_seldom_need_their_limits(motion):
    angles = np.stack([draw_angles(motion, np.random.default_rng(i), 20, i % 2) for i in range(40)])
    beyond = np.abs(angles - limited(angles)).max(axis=(2, 3))
    assert np.mean(beyond > 15) < 0.03


def test_knees_bend_back(clips):
    joints = np.stack([clip.joints for clip in clips]).reshape(-1, 17, 3)
    across = joints[:, R_HIP] - joints[:, L_HIP]
    for hip, knee, foot in ((R_HIP, R_KNEE, R_FOOT), (L_HIP, L_KNEE, L_FOOT)):
        thigh, shin = joints[:, knee] - joints[:, hip], joints[:, foot] - joints[:, knee]
        hinge = np.cross(shin, thigh)
        lengths = np.linalg.norm(thigh, axis=1) * np.linalg.norm(shin, axis=1)
        is_bent = np.linalg.norm(hinge, axis=1) > 0.3 * lengths  # by 17 degrees or more
        assert is_bent.mean() > 0.3
        assert np.mean(np.einsum("ni,ni->n", hinge, across)[is_bent] > 0) > 0.995


def test_thighs_of_the_seated_are_level_and_shins_hang(clips):
    joints = of(clips, "sitting")
    thigh = joints[..., [R_KNEE, L_KNEE], :] - joints[..., [R_HIP, L_HIP], :]
    shin = joints[..., [R_FOOT, L_FOOT], :] - joints[..., [R_KNEE, L_KNEE], :]
    slope = np.degrees(np.arcsin(thigh[..., 1] / np.linalg.norm(thigh, axis=-1)))
    seated = (np.abs(slope) < 35).all(axis=-1)
    assert 0.6 < seated.mean() < 0.98
    assert np.median(np.abs(slope[seated])) < 12
    assert np.mean(thigh[seated][..., 2] > 0.3) > 0.97
    assert np.mean(shin[seated] @ DOWN > 0.25) > 0.9
    assert ((-joints[seated][:, THORAX]) @ DOWN > 0.2).mean() > 0.97


def test_strides_alternate_and_arms_swing_against_the_legs(clips):
    joints = of(clips, "running")
    legs = joints[..., R_KNEE, 2] - joints[..., L_KNEE, 2]
    arms = joints[..., R_WRIST, 2] - joints[..., L_WRIST, 2]
    assert all(leg.min() < -0.1 and leg.max() > 0.1 for leg in legs)
    assert all(np.corrcoef(leg, arm)[0, 1] < -0.5 for leg, arm in zip(legs, arms))


def test_waving_lifts_a_hand_above_its_shoulder(clips):
    joints = of(clips, "waving")
    height = joints[..., [R_SHOULDER, L_SHOULDER], 1] - joints[..., [R_WRIST, L_WRIST], 1]
    assert np.mean(height.max(axis=(1, 2)) > 0.05) > 0.75


def test_bending_brings_the_hands_far_down_and_reaching_far_out(clips):
    lowest = of(clips, "bending")[..., [R_WRIST, L_WRIST], 1].max(axis=(1, 2))
    assert np.mean(lowest > 0.15) > 0.6 and lowest.max() > 0.35
    reaching = of(clips, "reaching")
    arm = reaching[..., R_WRIST, :] - reaching[..., R_SHOULDER, :]
    assert arm[..., 2].max() > 0.4 and arm[..., 0].max() > 0.4 and arm[..., 1].min() < -0.3


def test_poses_fill_many_dimensions(clips):
    poses = np.stack([clip.joints for clip in clips]).reshape(-1, 51)
    assert (poses.reshape(-1, 17, 3).std(axis=0)[[2, 3, 5, 6, 12, 13, 15, 16]] > 0.05).all()
    energy = np.linalg.svd(poses - poses.mean(axis=0), compute_uv=False) ** 2
    needed = np.searchsorted(np.cumsum(energy) / energy.sum(), 0.95) + 1
    assert needed >= 9


def test_motion_is_smooth(clips):
    for clip in clips:
        speed = np.linalg.norm(np.diff(clip.joints, axis=0), axis=-1) * RATE
        assert speed.max() < 12


def test_speed():
    generate_motions(1, 7, 100)
    start = time.process_time()
    generate_motions(4, 7, 100)
    assert 4 * 7 * 100 / (time.process_time() - start) > 4000


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((0, 1, 1), "procedural motions of 0 people: use 1 or more"),
        ((1, -2, 1), "procedural motions of -2 clips a person: use 1 or more"),
        ((1, 1, 0), "procedural motions of 0 frames a clip: use 1 or more"),
        ((1, 1, 1, -1), "seed -1: use a whole number of 0 or more"),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(UserError) as error:
        generate_motions(*arguments)
    assert str(error.value) == message


def limb_directions(joints):
    """Unit vectors `[N, 30]` of limbs and trunk, the hips turned parallel to x."""
    across = joints[:, R_HIP] - joints[:, L_HIP]
    turn = np.exp(-1j * np.arctan2(across[:, 2], across[:, 0]))[:, None]
    level = (joints[..., 0] + 1j * joints[..., 2]) * turn
    joints = np.stack([level.real, joints[..., 1], level.imag], axis=-1)
    start, end = np.transpose(LIMBS)
    bones = joints[:, end] - joints[:, start]
    return (bones / np.linalg.norm(bones, axis=-1, keepdims=True)).reshape(len(joints), -1)


@pytest.mark.skipif(not REAL.exists(), reason="no recorded motions here")
def test_recorded_walking_has_neighbours_and_turned_round_it_has_none(clips):
    with np.load(REAL) as archive:
        names = [name for name in archive if name.startswith("test/walking")]
        recorded = np.concatenate([archive[name][::10] for name in names]) * [1, -1, -1]
    memory = limb_directions(np.concatenate([clip.joints for clip in clips]))

    def distance(poses):
        squares = 2 * (10 - limb_directions(poses) @ memory.T)
        return np.sqrt(squares.min(axis=1) / 10).mean()

    assert distance(recorded) < 0.22  # a root mean square of 13 degrees a bone
    assert distance(recorded[:, MIRROR]) > 1.5 * distance(recorded)
