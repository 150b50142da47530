import pathlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from aign_tf.data.poses.bvh import read_bvh, world_positions
from aign_tf.data.poses.bvh_writer import write_bvh
from aign_tf.skeletons import SKELETONS, Skeleton
from tests.data.poses.standing import H36M, body

CMU = pathlib.Path(__file__).parents[3] / "../shared/data/cmu_mocap/poses_17j.npz"


def _again(path, joints, skeleton=H36M):
    write_bvh(path, joints, skeleton, fps=25)
    file = read_bvh(path)
    rows = [file.joints.index(name) for name in skeleton.joints]
    return world_positions(file)[:, rows] * [1, -1, -1]


def _turned_bones(skeleton, lengths, frames, seed):
    """A motion in which every bone turns freely about its joint."""
    rng = np.random.default_rng(seed)
    bones = rng.normal(size=(frames, len(skeleton.joints), 3))
    bones *= lengths / np.linalg.norm(bones, axis=-1, keepdims=True)
    return _placed(skeleton, bones)


def _placed(skeleton, bones):
    joints = np.full_like(bones, np.nan)
    while np.isnan(joints).any():
        for joint, parent in enumerate(skeleton.parents):
            joints[:, joint] = bones[:, joint] + (joints[:, parent] if parent >= 0 else 0)
    return joints


@settings(max_examples=15)
@given(st.sampled_from(sorted(SKELETONS)), st.integers(0, 100))
def test_constant_bone_lengths_come_back_exactly(tmp_path_factory, name, seed):
    skeleton = SKELETONS[name]
    lengths = np.random.default_rng(seed).uniform(0.05, 0.5, (len(skeleton.joints), 1))
    joints = _turned_bones(skeleton, lengths, 5, seed)
    path = tmp_path_factory.mktemp("bvh") / "motion.bvh"
    np.testing.assert_allclose(_again(path, joints, skeleton), joints, atol=1e-4)


def test_rigid_bodies_turn_at_the_root_alone(tmp_path):
    turns = Rotation.from_euler("yxz", np.linspace(0, 170, 12).reshape(4, 3), degrees=True)
    joints = np.stack([turn.apply(body()) for turn in turns])
    path = tmp_path / "rigid.bvh"
    np.testing.assert_allclose(_again(path, joints), joints, atol=1e-4)
    np.testing.assert_allclose(read_bvh(path).frames[:, 6:], 0, atol=1e-3)


def test_bones_that_turn_around_come_back(tmp_path):
    chain = Skeleton("chain", ("a", "b", "c"), (-1, 0, 1))
    joints = np.array([[[0, 0, 0], [0, 1, 0], [0, 2, 0]], [[0, 0, 0], [0, -1, 0], [0, 0, 0]]])
    np.testing.assert_allclose(_again(tmp_path / "chain.bvh", joints, chain), joints, atol=1e-4)


def test_gimbal_lock_is_silent_and_exact(tmp_path, recwarn):
    joints = np.stack([body(), Rotation.from_euler("x", 90, degrees=True).apply(body())])
    np.testing.assert_allclose(_again(tmp_path / "lock.bvh", joints), joints, atol=1e-4)
    assert not recwarn.list


def test_bones_get_their_median_length(tmp_path):
    chain = Skeleton("chain", ("a", "b", "c"), (-1, 0, 1))
    joints = np.array([[[0, 0, 0], [0, y, 0], [0, y + 1, 0]] for y in (1.0, 1.1, 1.5)])
    again = _again(tmp_path / "chain.bvh", joints, chain)
    np.testing.assert_allclose(again[:, 1], [[0, 1.1, 0]] * 3, atol=1e-6)
    np.testing.assert_allclose(again[:, 2], [[0, 2.1, 0]] * 3, atol=1e-6)


def test_errors_do_not_add_up_along_limbs(tmp_path):
    """A bone points to its joint from where its parent came to be."""
    noise = np.random.default_rng(0).normal(0, 0.02, (50, 17, 3))
    joints = body() + noise
    error = np.linalg.norm(_again(tmp_path / "noisy.bvh", joints) - joints, axis=-1)
    assert error.mean() < 0.025


def test_the_file_has_y_up_and_metres(tmp_path):
    write_bvh(tmp_path / "body.bvh", body()[np.newaxis] + [1, 2, 3], H36M, fps=25)
    file = read_bvh(tmp_path / "body.bvh")
    assert file.frame_time == 0.04
    np.testing.assert_allclose(file.frames[0, :3], [1, -2, -3])
    head = world_positions(file)[0, file.joints.index("head_top")]
    np.testing.assert_allclose(head, [1, -2 + 0.72, -3], atol=1e-6)


def test_what_is_not_finite_is_refused_and_leaves_no_file(tmp_path):
    joints = np.full((1, 17, 3), np.nan)
    with pytest.raises(ValueError, match="not finite"):
        write_bvh(tmp_path / "nan.bvh", joints, H36M, fps=25)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not CMU.exists(), reason="the CMU motions are not on this machine")
def test_real_motions_come_back(tmp_path):
    with np.load(CMU) as file:
        joints = file["test/walking/walking_1"] * [1, -1, -1]
    # Their bone lengths vary by a millimetre.
    np.testing.assert_allclose(_again(tmp_path / "walk.bvh", joints), joints, atol=2e-3)
