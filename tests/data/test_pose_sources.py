"""Where observations and memory come from: procedural, motions, 2D joints, Human3.6M."""

import dataclasses
import time

import numpy as np
import pytest

from aign_tf.data import pose_sources
from aign_tf.data.pose_config import PoseDataConfig
from aign_tf.data.poses.human36m import IMAGE_SIZE_NORMALISED
from aign_tf.data.poses.human36m_camera import CAMERAS
from aign_tf.data.synthetic.bodies import generate_motions
from aign_tf.errors import UserError
from tests.data.poses.same_poses import count_shared
from tests.data.poses.tiny_human36m import TinyHuman36M, true_file

CONFIG = PoseDataConfig(people=20, cameras=2, step=1)
SUBJECTS = (1, 5, 6, 7, 8, 9, 11)
NOTHING = (
    "nothing is left to remember but what is observed in {}: give a --memory_dir of other motions"
)
FOCAL, MIDDLE = 1000, 500  # pixels


def load(seed=0, **values):
    return pose_sources.load(dataclasses.replace(CONFIG, **values), seed)


def sizes(source):
    return {split: len(part) for split, part in source.observed.items()}


def refusal(**values):
    with pytest.raises(UserError) as error:
        load(**values)
    return str(error.value)


def write(path, people, frames=10, seed=0, prefix=""):
    """A file of `7 people` motions; returns them."""
    clips = [
        clip._replace(name=prefix + clip.name) for clip in generate_motions(people, 7, frames, seed)
    ]
    np.savez(path, **{clip.name: clip.joints for clip in clips})
    return clips


def write_videos(path, clips, confidence=1.0):
    """2D joints of the clips as a camera 5 m away sees them; returns their truth by name.

    The `confidence` is that of the joint 3.
    """
    truth = {clip.name: clip.joints + np.float32([0, 0, 5]) for clip in clips}
    pixels = {name: FOCAL * p[..., :2] / p[..., 2:] + MIDDLE for name, p in truth.items()}
    sure = np.where(np.arange(17) == 3, confidence, 1.0)[:, None]
    videos = {
        name: np.concatenate([xy, np.broadcast_to(sure, (len(xy), 17, 1))], axis=2)
        for name, xy in pixels.items()
    }
    np.savez(path, **videos)
    return truth


# Procedural.


def test_procedural_people_have_one_role_each():
    source = load()
    # 20 people: 8 in training, 10 remembered, 2 for validation and 4 for the test, in 4 clips of
    # 20 frames, seen by 2 cameras.
    assert sizes(source) == {"train": 1280, "validation": 320, "test": 640}
    assert len(source.memory) == 40 and {len(clip.joints) for clip in source.memory} == {20}
    assert all(part.known.all() for part in source.observed.values())

    def thighs(poses):
        return set(np.round(np.linalg.norm(poses[:, 1] - poses[:, 2], axis=1), 5))

    bodies = [thighs(part.pose) for part in source.observed.values()]
    bodies.append(thighs(np.concatenate([clip.joints for clip in source.memory])))
    assert sum(map(len, bodies)) == len(set().union(*bodies))


def test_procedural_data_depends_on_the_seed_but_for_what_is_held_out():
    one, same, other = load(1), load(1), load(2)
    for split in one.observed:
        np.testing.assert_array_equal(one.observed[split].joints, same.observed[split].joints)
        equal = (one.observed[split].position == other.observed[split].position).all(axis=1)
        assert not equal.any() if split == "train" else equal.all()
    np.testing.assert_array_equal(one.memory[3].joints, same.memory[3].joints)
    assert not np.isclose(one.memory[3].joints, other.memory[3].joints).all()


def test_procedural_data_is_drawn_in_a_moment():
    start = time.process_time()
    load(people=40, cameras=4)
    assert time.process_time() - start < 2  # A fifth of a second on one core.


# Motions.


def test_motions_are_divided_between_observations_and_memory(tmp_path):
    clips = write(tmp_path / "motions.npz", people=8)
    source = load(dir=str(tmp_path))
    # Of 56 clips one in five is for the test; of the others half is observed, and one in sixteen
    # of those for validation.
    assert sizes(source) == {"train": 22 * 20, "validation": 1 * 20, "test": 11 * 20}
    assert len(source.memory) == 22
    actions = {clip.name.split("/")[0] for clip in clips}
    remembered = {clip.name.split("/")[1] for clip in source.memory}
    assert remembered == actions
    assert set(source.observed["train"].actions) == actions


def test_motions_called_test_are_for_the_test(tmp_path):
    write(tmp_path / "a.npz", people=8, prefix="train/")
    write(tmp_path / "b.npz", people=2, seed=1, prefix="test/")
    merged = {**np.load(tmp_path / "a.npz"), **np.load(tmp_path / "b.npz")}
    np.savez(tmp_path / "all.npz", **merged)
    source = load(dir=str(tmp_path / "all.npz"))
    assert sizes(source) == {"train": 26 * 20, "validation": 2 * 20, "test": 14 * 20}
    assert len(source.memory) == 28
    assert all(clip.name.startswith("train/") for clip in source.memory)


def test_another_memory_leaves_all_motions_to_be_observed(tmp_path):
    write(tmp_path / "seen.npz", people=8)
    memory = write(tmp_path / "known.npz", people=1, seed=1)
    source = load(dir=str(tmp_path / "seen.npz"), memory_dir=str(tmp_path / "known.npz"))
    assert sum(sizes(source).values()) == 56 * 20
    assert [clip.name for clip in source.memory] == [clip.name for clip in memory]


def test_motions_for_the_test_alone_can_be_evaluated_with_a_memory(tmp_path):
    write(tmp_path / "seen.npz", people=6, prefix="test/")
    write(tmp_path / "known.npz", people=1, seed=1)
    values = {"dir": str(tmp_path / "seen.npz"), "memory_dir": str(tmp_path / "known.npz")}
    assert sizes(load(**values)) == {"train": 0, "validation": 0, "test": 42 * 20}
    assert refusal(dir=values["dir"]) == NOTHING.format(values["dir"])


def test_what_is_observed_in_one_folder_is_not_remembered_from_another(tmp_path):
    write(tmp_path / "known.npz", people=8)
    (tmp_path / "inside").mkdir()
    write(tmp_path / "inside" / "seen.npz", people=6, seed=1)
    inside = str(tmp_path / "inside")
    source = load(dir=inside, memory_dir=str(tmp_path))
    assert sum(sizes(source).values()) == 42 * 20 and len(source.memory) == 56
    assert refusal(dir=str(tmp_path), memory_dir=inside) == NOTHING.format(tmp_path)


def test_cameras_of_motions_depend_on_the_seed_in_training_alone(tmp_path):
    write(tmp_path / "motions.npz", people=8)
    one, same, other = (load(seed, dir=str(tmp_path)).observed for seed in (1, 1, 2))
    np.testing.assert_array_equal(one["train"].joints, same["train"].joints)
    assert not (one["train"].position == other["train"].position).all(axis=1).any()
    np.testing.assert_array_equal(one["test"].joints, other["test"].joints)


# 2D joints.


def test_2d_joints_are_observed_without_a_truth(tmp_path):
    clips = [clip._replace(name=f"test/{clip.name}") for clip in generate_motions(1, 7, 10, 1)]
    truth = write_videos(tmp_path / "seen.npz", [*generate_motions(6, 7, 10), *clips])
    memory = write(tmp_path / "known.npz", people=2, seed=2)
    source = load(
        dir=str(tmp_path / "seen.npz"),
        memory_dir=str(tmp_path / "known.npz"),
        intrinsics=f"{FOCAL} {FOCAL} {MIDDLE} {MIDDLE}",
    )
    assert sizes(source) == {"train": 39 * 10, "validation": 3 * 10, "test": 7 * 10}
    test = source.observed["test"]
    assert not test.known.any() and np.isnan(test.position).all()
    places = np.concatenate([truth[clip.name] for clip in clips])
    expected = places[..., :2] / places[..., 2:]
    np.testing.assert_allclose(test.joints, expected, atol=1e-5)
    assert test.image_size == 1
    for clip, known in zip(memory, source.memory):
        np.testing.assert_allclose(clip.joints, known.joints, atol=1e-6)


def test_doubtful_2d_joints_are_missing(tmp_path):
    write_videos(tmp_path / "seen.npz", generate_motions(6, 7, 10), confidence=0.4)
    write(tmp_path / "known.npz", people=1)
    paths = {"dir": str(tmp_path / "seen.npz"), "memory_dir": str(tmp_path / "known.npz")}
    for least, expected in ((0.3, 1), (0.5, 0)):
        confidence = load(**paths, least_confidence=least).observed["train"].confidence
        assert (confidence[:, 3] == expected).all() and confidence[:, :3].all()


def test_2d_joints_are_no_memory(tmp_path):
    write_videos(tmp_path / "seen.npz", generate_motions(6, 7, 10))
    write_videos(tmp_path / "known.npz", generate_motions(1, 7, 10))
    assert refusal(dir=str(tmp_path / "seen.npz"), memory_dir=str(tmp_path / "known.npz")) == (
        f"{tmp_path / 'known.npz'} holds 2D joints: a memory is made of 3D motions"
    )


def test_somebody_has_to_be_seen(tmp_path):
    np.save(tmp_path / "seen.npy", np.full((50, 17, 2), np.nan))
    write(tmp_path / "known.npz", people=1)
    paths = {"dir": str(tmp_path / "seen.npy"), "memory_dir": str(tmp_path / "known.npz")}
    assert refusal(**paths) == f"{paths['dir']}: no frame shows enough joints to tell a pose"


def test_2d_joints_need_a_memory(tmp_path):
    write_videos(tmp_path / "seen.npz", generate_motions(6, 7, 10))
    expected = (
        f"{tmp_path} holds 2D joints: a memory of 3D motions is needed too, "
        "--memory_dir=D or --set=data.memory_dir=D"
    )
    assert refusal(dir=str(tmp_path)) == expected


# Human3.6M.


@pytest.fixture(scope="module")
def human36m(tmp_path_factory):
    copy = TinyHuman36M(tmp_path_factory.mktemp("h36m"), SUBJECTS)
    rng = np.random.default_rng(1)
    for subject in (1, 5, 6):
        copy.add(subject, "Sitting", "Sitting", rng)
    return copy


@pytest.mark.parametrize("keypoints", ["gt", "detected"])
def test_subjects_of_human36m_have_their_roles(human36m, keypoints):
    source = load(dir=str(human36m.folder), keypoints=keypoints)
    # 11 frames, 4 cameras: 9 sequences in training, one of which is for validation.
    assert sizes(source) == {"train": 8 * 44, "validation": 44, "test": 4 * 44}
    names = ["S7/Walking", "S7/Walking 1", "S8/Walking", "S8/Walking 1"]
    assert [clip.name for clip in source.memory] == names
    assert set(source.observed["train"].actions) == {"Walking", "Sitting"}
    for part in source.observed.values():
        assert part.known.all() and part.image_size == pytest.approx(IMAGE_SIZE_NORMALISED)
        np.testing.assert_array_equal(part.pose[:, 0], 0)
        places = part.pose + part.position[:, None]
        error = np.abs(part.joints - places[..., :2] / places[..., 2:]) * part.confidence[..., None]
        assert error.max() < 1e-5
        missing = 17 - part.confidence.sum(axis=1)
        assert set(missing) == {0 if keypoints == "gt" else 2}


def test_all_cameras_that_saw_a_sequence_are_in_the_same_split(human36m):
    split = load(dir=str(human36m.folder)).observed
    assert count_shared(split["train"].pose, split["train"].pose[:1]) == len(CAMERAS)
    assert count_shared(split["validation"].pose, split["train"].pose) == 0


def test_frames_of_human36m_are_taken_in_steps(human36m):
    assert sizes(load(dir=str(human36m.folder), step=5))["test"] == 4 * 4 * 3


def test_few_sequences_leave_nothing_for_validation(human36m):
    source = load(dir=str(human36m.folder), observation_subjects=" S1, S5 ,")
    assert sizes(source) == {"train": 6 * 44, "validation": 0, "test": 4 * 44}


def test_a_memory_of_files_replaces_the_subjects_remembered(human36m, tmp_path):
    memory = write(tmp_path / "known.npz", people=1)
    source = load(dir=str(human36m.folder), memory_dir=str(tmp_path), memory_subjects="S99", step=5)
    assert [clip.name for clip in source.memory] == [f"known/{clip.name}" for clip in memory]


def test_nobody_has_two_roles(human36m):
    folder = str(human36m.folder)
    assert refusal(dir=folder, memory_subjects="S7,S5,S1") == (
        "S1, S5 in both data.observation_subjects and data.memory_subjects: give one"
    )
    assert refusal(dir=folder, test_subjects="S6") == (
        "S6 in both data.observation_subjects and data.test_subjects: give one"
    )
    assert refusal(dir=folder, test_subjects="S8") == (
        "S8 in both data.memory_subjects and data.test_subjects: give one"
    )


@pytest.mark.parametrize("role", ["observation", "memory", "test"])
def test_every_role_needs_somebody(human36m, role):
    assert refusal(dir=str(human36m.folder), **{f"{role}_subjects": " , "}) == (
        f"data.{role}_subjects is empty: name subjects, as in S9,S11"
    )


def test_missing_subjects_are_named(tmp_path):
    copy = TinyHuman36M(tmp_path, (1, 9))
    true_file(copy.folder, 9, "Walking").unlink()
    expected = f"{tmp_path} has nothing to read of S7, S8, there are: S1, S9; expected"
    assert refusal(dir=str(tmp_path), observation_subjects="S1").startswith(expected)


def test_subjects_that_are_observed_are_not_remembered(tmp_path):
    (tmp_path / "h36m").mkdir()
    copy = TinyHuman36M(tmp_path / "h36m", (1, 9))
    observed, other = (clip.joints for clip in generate_motions(2, 1, 10))
    np.savez(tmp_path / "all.npz", **{"S1/Walking 1": observed, "S7/Walking 1": other})
    paths = {"dir": str(copy.folder), "memory_dir": str(tmp_path / "all.npz")}
    source = load(**paths, observation_subjects="S1", test_subjects="S9", memory_subjects="S7")
    assert [clip.name for clip in source.memory] == ["S7/Walking 1"]


def test_human36m_can_be_the_memory_of_other_files(tmp_path):
    (tmp_path / "h36m").mkdir()
    copy = TinyHuman36M(tmp_path / "h36m", (7, 9))
    write(tmp_path / "seen.npz", people=8)
    source = load(dir=str(tmp_path / "seen.npz"), memory_dir=str(copy.folder), memory_subjects="S7")
    assert source.memory and all(clip.name.startswith("S7/") for clip in source.memory)


# What cannot be used.


def test_a_memory_alone_is_refused(tmp_path):
    expected = "--memory_dir needs a --data_dir of observations"
    assert refusal(memory_dir=str(tmp_path)) == expected


def test_one_folder_for_both_roles_is_refused(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path)
    for same in (f"{tmp_path}", f"{tmp_path}/", f"{tmp_path}/link"):
        assert refusal(dir=str(tmp_path), memory_dir=same) == (
            "--memory_dir is --data_dir: what is observed may not be remembered"
        )


def test_a_folder_that_is_not_there_is_named(tmp_path):
    missing = tmp_path / "nowhere"
    assert str(missing) in refusal(dir=str(missing))
    write(tmp_path / "seen.npz", people=8)
    assert str(missing) in refusal(dir=str(tmp_path / "seen.npz"), memory_dir=str(missing))


@pytest.mark.parametrize("file", ["", "motions.npz"])
def test_an_elevation_that_is_no_range_is_refused(tmp_path, file):
    write(tmp_path / "motions.npz", people=8)
    path = str(tmp_path / file) if file else ""
    assert refusal(filmed_elevation="20", dir=path) == (
        "data.filmed_elevation=20: expected two angles in degrees, as in -15 30"
    )


def test_too_few_frames_are_refused(tmp_path):
    write(tmp_path / "motions.npz", people=1, frames=5)
    assert refusal(dir=str(tmp_path)) == "35 frames altogether: at least 40 are needed"
