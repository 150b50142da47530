"""Nothing that is observed is remembered, and what the memory knows is told."""

import dataclasses

import numpy as np
import pytest

from aign_tf.data.pose_config import PoseDataConfig
from aign_tf.data.pose_roles import PoseRoles, load_roles
from aign_tf.data.pose_views import turned
from aign_tf.data.poses.observations import Observations
from aign_tf.data.synthetic.bodies import generate_motions
from aign_tf.errors import UserError
from tests.data.poses.same_poses import count_shared
from tests.data.poses.standing import H36M, body
from tests.data.poses.tiny_human36m import MOVING, TinyHuman36M

CONFIG = PoseDataConfig(people=20, cameras=1, step=1)
BONES = sum(np.linalg.norm(body()[child] - body()[parent]) for parent, child in H36M.bones)


def roles(seed=0, **values):
    return load_roles(dataclasses.replace(CONFIG, **values), seed)


def write(path, clips):
    np.savez(path, **{clip.name: clip.joints for clip in clips})
    return str(path)


def check_unpaired(cast):
    assert len(cast.memory)
    for split, part in cast.observed.items():
        assert len(part) and count_shared(part.pose, cast.memory) == 0, split


# Unpaired.


def test_poses_are_found_again_however_they_are_turned():
    memory = np.concatenate([clip.joints for clip in generate_motions(2, 7, 10)])
    cast = roles(people=8)
    seen = turned(cast.observed["test"], "x", 40).pose
    assert count_shared(seen, cast.observed["test"].pose) == len(seen)
    assert count_shared(np.concatenate([memory[:3], seen + 1]), memory) == 3


def test_procedural_people_are_unpaired():
    check_unpaired(roles())


def test_motions_of_one_file_are_unpaired(tmp_path):
    check_unpaired(roles(dir=write(tmp_path / "motions.npz", generate_motions(8, 7, 15))))


def test_one_long_motion_is_unpaired(tmp_path):
    check_unpaired(roles(dir=write(tmp_path / "walk.npz", generate_motions(1, 1, 300))))


def test_a_memory_that_holds_the_observed_motions_is_unpaired(tmp_path):
    clips = generate_motions(8, 7, 15)
    known = write(tmp_path / "known.npz", clips)
    cast = roles(dir=write(tmp_path / "seen.npz", clips[:45]), memory_dir=known)
    assert len(cast.memory) == 11 * 15
    check_unpaired(cast)


def test_a_rest_pose_at_the_start_of_every_motion_is_unpaired(tmp_path):
    rest = body()[None].astype(np.float32)
    clips = [
        clip._replace(joints=np.concatenate([rest, clip.joints]))
        for clip in generate_motions(8, 7, 10)
    ]
    cast = roles(dir=write(tmp_path / "motions.npz", clips))
    assert count_shared(rest, cast.observed["train"].pose) == 1
    assert len(cast.memory) == 22 * 10
    check_unpaired(cast)


@pytest.mark.parametrize("keypoints", ["gt", "detected"])
def test_human36m_is_unpaired(tmp_path, keypoints):
    copy = TinyHuman36M(tmp_path, (1, 5, 6, 7, 8, 9, 11))
    for subject in (1, 5, 6):
        copy.add(subject, "Sitting", "Sitting", np.random.default_rng(subject))
    cast = roles(dir=str(tmp_path), keypoints=keypoints)
    check_unpaired(cast)
    seen = {1: "train", 5: "train", 9: "test", 11: "test"}
    for subject in (1, 5, 7, 8, 9, 11):
        truth = copy.world[subject, "Walking"][:, MOVING] / 1000
        assert count_shared(truth, cast.memory) == (11 if subject in (7, 8) else 0)
        if subject in seen:
            assert count_shared(truth, cast.observed[seen[subject]].pose) == 11


def test_2d_joints_and_another_memory_are_unpaired(tmp_path):
    filmed, others = generate_motions(6, 7, 10, seed=0), generate_motions(2, 7, 10, seed=1)
    truth = {clip.name: clip.joints + np.float32([0, 0, 5]) for clip in filmed}
    videos = {name: 1000 * p[..., :2] / p[..., 2:] + 500 for name, p in truth.items()}
    (tmp_path / "videos").mkdir()
    np.savez(tmp_path / "videos" / "videos.npz", **videos)
    cast = roles(dir=str(tmp_path / "videos"), memory_dir=write(tmp_path / "known.npz", others))
    assert count_shared(np.concatenate(list(truth.values())), cast.memory) == 0
    assert count_shared(np.concatenate([clip.joints for clip in others]), cast.memory) == 140


def test_recorded_motions_are_unpaired(cmu_poses):
    with np.load(cmu_poses) as file:
        frames = {name: len(file[name]) for name in file.files}
    tested = sum(count for name, count in frames.items() if name.startswith("test/"))
    cast = roles(dir=str(cmu_poses))
    sizes = {split: len(part) for split, part in cast.observed.items()}
    assert sizes == {"train": 5876, "validation": 167, "test": tested}
    # All but the rest pose from which most recordings start.
    rest = sum(frames.values()) - sum(sizes.values()) - len(cast.memory)
    assert 0 <= rest <= 36
    assert cast.has_one_body and cast.body_length == pytest.approx(4.72, abs=0.01)
    check_unpaired(cast)


# The memory.


def test_remembered_poses_are_upright_about_their_root(tmp_path):
    known = generate_motions(2, 7, 10, seed=1)
    moved = [clip._replace(joints=clip.joints + np.float32([3, -1, 2])) for clip in known]
    cast = roles(
        dir=write(tmp_path / "seen.npz", generate_motions(8, 7, 10)),
        memory_dir=write(tmp_path / "known.npz", moved),
    )
    assert cast.memory.shape == (140, 17, 3) and cast.memory.dtype == np.float32
    expected = np.concatenate([clip.joints - clip.joints[:, :1] for clip in known])
    np.testing.assert_allclose(cast.memory, expected, atol=1e-6)
    np.testing.assert_array_equal(cast.memory[:, H36M.root], 0)


def remembering(*scales):
    poses = np.stack([scale * body() for scale in scales]).astype(np.float32)
    return PoseRoles({}, poses, H36M)


def test_lengths_are_those_of_the_bones():
    cast = remembering(1, 2)
    assert cast.bone_lengths.shape == (2, 16)
    np.testing.assert_allclose(cast.bone_lengths[1], 2 * cast.bone_lengths[0], rtol=1e-6)
    thigh = H36M.bones.index((H36M.joints.index("right_hip"), H36M.joints.index("right_knee")))
    assert cast.bone_lengths[0, thigh] == pytest.approx(np.hypot(0.45, 0.05))
    assert cast.body_length == pytest.approx(1.5 * BONES)


def test_a_body_is_one_within_a_hundredth():
    assert remembering(1, 1, 1).has_one_body
    assert remembering(0.995, 1.005).has_one_body
    assert not remembering(0.98, 1.02).has_one_body
    assert not roles().has_one_body


def test_the_same_body_in_other_poses_is_one(tmp_path):
    (clip,) = generate_motions(1, 1, 60)
    assert PoseRoles({}, clip.joints, H36M).has_one_body


def leaning(degrees, scale=1.0):
    """The standing body, leaning to its right."""
    angle = np.radians(degrees)
    turn = [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    return scale * body() @ np.transpose(turn)


# The knee of the standing body is 5 cm before the middle of its leg of 90 cm.
BENT = 2 * np.degrees(np.arctan(5 / 45))


@pytest.mark.parametrize(
    ("poses", "expected"),
    [
        (
            [leaning(25)] * 4,
            f"4 poses in 1 clips; bones add up to {BONES:.2f} m of one body; 99 % lean less than "
            f"25 degrees and bend their knees less than {BENT:.0f}",
        ),
        (
            [leaning(0, 0.9), leaning(0, 1.1)] * 600,
            f"1,200 poses in 1 clips; bones add up to {BONES:.2f} m +- {0.1 * BONES:.2f} between "
            f"bodies; 99 % lean less than 0 degrees and bend their knees less than {BENT:.0f}",
        ),
    ],
)
def test_how_far_the_memory_goes_is_told(tmp_path, caplog, poses, expected):
    caplog.set_level("INFO")
    np.savez(tmp_path / "known.npz", clip=np.array(poses))
    seen = write(tmp_path / "seen.npz", generate_motions(8, 7, 10))
    roles(dir=seen, memory_dir=str(tmp_path / "known.npz"))
    assert f"memory: {expected}" in caplog.messages
    assert "observations: 420 train, 30 validation, 110 test" in caplog.messages


# Splits.


def observations(count):
    zeros = np.zeros((count, 17, 3), np.float32)
    actions = np.arange(count).astype(str)
    return Observations(zeros[..., :2], zeros[..., 0], zeros, zeros[:, 0], actions, 1.0)


@pytest.mark.parametrize(
    ("validation", "expected"), [(5, ["0", "2", "4"]), (2, ["0", "1"]), (0, ["0", "4", "8"])]
)
def test_who_is_looked_at_is_held_out_where_anybody_is(validation, expected):
    observed = {"train": observations(9), "validation": observations(validation)}
    looked_at = PoseRoles(observed, remembering(1).memory, H36M).to_look_at(3)
    assert looked_at.actions.tolist() == expected


def test_an_empty_split_is_refused():
    observed = {"train": observations(2), "validation": observations(0), "test": observations(1)}
    cast = PoseRoles(observed, remembering(1).memory, H36M)
    assert cast.in_split("train") is observed["train"]
    with pytest.raises(UserError) as error:
        cast.in_split("validation")
    assert str(error.value) == "no observations in the validation split: more data are needed"


def test_roles_depend_on_the_seed_alone():
    one, same, other = roles(1), roles(1), roles(2)
    np.testing.assert_array_equal(one.memory, same.memory)
    np.testing.assert_array_equal(one.observed["train"].pose, same.observed["train"].pose)
    assert count_shared(one.memory, other.memory) == 0
