"""Which frames are watched, remembered and held out, and what is told where that cannot be."""

import dataclasses

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from aign_tf.data.sequences.config import SequenceDataConfig
from aign_tf.data.sequences.prepare import write_sequence
from aign_tf.data.sequences.roles import SequenceRoles, load_roles
from aign_tf.data.sequences.stride import auto_stride
from aign_tf.errors import UserError
from tests.data.sequences.numbered import numbered, numbers_of
from tests.data.sequences.textured_sphere import sphere_sequence

CONFIG = SequenceDataConfig(height=8, width=12, stride="1")
ROLES = ("watched", "remembered", "tested")


def write(folder, *recordings):
    """A folder of recordings; returns its path for the settings."""
    for recording in recordings:
        write_sequence(recording, folder / recording.name)
    return str(folder)


def roles(seed=0, **values):
    return load_roles(dataclasses.replace(CONFIG, **values), seed)


def cast_of(found):
    """Role -> frame numbers of each of its recordings."""
    return {role: [numbers_of(each) for each in getattr(found, role)] for role in ROLES}


def names_of(found):
    return {role: [each.name for each in getattr(found, role)] for role in ROLES}


def message(**values):
    with pytest.raises(UserError) as error:
        roles(**values)
    return str(error.value)


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """A folder with one recording of 40 frames."""
    return write(tmp_path_factory.mktemp("one"), numbered(40))


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    """A folder of four recordings of 10 frames, named a to d."""
    recordings = [numbered(10, 10 * row, name) for row, name in enumerate("abcd")]
    return write(tmp_path_factory.mktemp("several"), *recordings)


# By time.


def test_one_recording_is_split_by_time(one):
    cast = cast_of(roles(dir=one))
    assert cast == {
        "watched": [list(range(22))],
        "remembered": [list(range(22, 30))],
        "tested": [list(range(30, 40))],
    }


def test_shares_are_settable(one):
    cast = cast_of(roles(dir=one, shares="1 1 2"))
    assert {role: list(map(len, found)) for role, found in cast.items()} == {
        "watched": [10],
        "remembered": [10],
        "tested": [20],
    }


def test_few_recordings_are_each_split_by_time(tmp_path):
    folder = write(tmp_path, numbered(20, 0, "a"), numbered(40, 100, "b"))
    cast = cast_of(roles(dir=folder))
    assert cast == {
        "watched": [list(range(11)), list(range(100, 122))],
        "remembered": [list(range(11, 15)), list(range(122, 130))],
        "tested": [list(range(15, 20)), list(range(130, 140))],
    }


def test_parts_without_a_frame_are_none(one, tmp_path):
    assert roles(dir=one, shares="3 1 0").tested == []
    folder = write(tmp_path, numbered(40), numbered(3, 50, "short"))
    names = names_of(roles(dir=folder))
    assert names["remembered"] == ["walk"] and names["tested"] == ["short", "walk"]


def test_depths_and_poses_go_where_their_frames_go(one):
    whole = numbered(40)
    for role, rows in (("watched", slice(22)), ("tested", slice(30, None))):
        (part,) = getattr(roles(dir=one), role)
        np.testing.assert_allclose(part.depth, whole.depth[rows], atol=1e-6)
        np.testing.assert_array_equal(part.poses, whole.poses[rows])
        np.testing.assert_array_equal(part.focal, whole.focal)


# Whole recordings.


def test_several_recordings_are_divided_in_order(several):
    assert names_of(roles(dir=several)) == {
        "watched": ["a", "b"],
        "remembered": ["c"],
        "tested": ["d"],
    }


def test_recordings_are_divided_by_name(several):
    found = roles(dir=several, watched="d", remembered="a,c", tested=" b ")
    assert names_of(found) == {"watched": ["d"], "remembered": ["a", "c"], "tested": ["b"]}


def test_recordings_that_nobody_named_are_watched(several):
    found = roles(dir=several, remembered="b", tested="a")
    assert names_of(found) == {"watched": ["c", "d"], "remembered": ["b"], "tested": ["a"]}


def test_recordings_that_nobody_named_are_left_out_where_watched_ones_are_named(several):
    found = roles(dir=several, watched="d", remembered="b")
    assert names_of(found) == {"watched": ["d"], "remembered": ["b"], "tested": []}


def test_procedural_recordings_are_all_different():
    found = roles(recordings=5, length=6, height=32, width=48, shares="2 2 1")
    names = names_of(found)
    assert [len(names[role]) for role in ROLES] == [2, 2, 1]
    assert len({name for some in names.values() for name in some}) == 5
    frames = [each.frames for role in ROLES for each in getattr(found, role)]
    assert all(part.shape == (6, 32, 48, 3) for part in frames)
    assert len({part.tobytes() for part in frames}) == 5


# Other folders.


def test_another_folder_is_remembered(one, tmp_path):
    memory = write(tmp_path, numbered(10, 100, "scan"))
    cast = cast_of(roles(dir=one, memory_dir=memory, shares="3 9 1"))
    assert cast == {
        "watched": [list(range(30))],
        "remembered": [list(range(100, 110))],
        "tested": [list(range(30, 40))],
    }


def test_another_folder_is_the_test(several, tmp_path):
    test = write(tmp_path, numbered(3, 100, "new"))
    found = roles(dir=several, test_dir=test, shares="2 1 1")
    # The share of the test stays unused, so that the memory is the same with any test.
    assert names_of(found) == {"watched": ["a", "b"], "remembered": ["c"], "tested": ["new"]}


def test_with_folders_for_memory_and_test_everything_else_is_watched(one, tmp_path):
    memory = write(tmp_path / "memory", numbered(10, 100, "scan"))
    test = write(tmp_path / "test", numbered(4, 200, "new"))
    cast = cast_of(roles(dir=one, memory_dir=memory, test_dir=test))
    assert cast["watched"] == [list(range(40))]
    assert cast["remembered"] == [list(range(100, 110))]
    assert cast["tested"] == [list(range(200, 204))]


def test_what_is_watched_and_tested_may_be_nothing_but_video(tmp_path):
    video = write(tmp_path / "video", numbered(40, depth=None, poses=None))
    memory = write(tmp_path / "memory", numbered(10))
    found = roles(dir=video, memory_dir=memory)
    assert found.watched[0].depth is None and found.tested[0].poses is None
    assert found.remembered_depths().shape == (10, 8, 12)


# The memory.


def test_the_memory_holds_all_depths_and_the_motions_over_a_stride():
    remembered = [numbered(6), numbered(2), numbered(5, 50)]
    cast = SequenceRoles([], remembered, [], stride=2)
    np.testing.assert_array_equal(
        cast.remembered_depths(), np.concatenate([each.depth for each in remembered])
    )
    motions = cast.remembered_motions(reverse=False)
    numbers = np.array([0, 1, 2, 3, 50, 51, 52])  # The second recording is too short for any.
    forward = 0.01 * ((numbers + 2.0) ** 2 - numbers**2)
    np.testing.assert_allclose(motions[:, 5], -forward, rtol=1e-5)
    assert motions.shape == (7, 6) and motions.dtype == np.float32
    np.testing.assert_array_equal(motions[:, :5], 0)


def test_reversed_motions_are_the_inverse_ones():
    cast = SequenceRoles([], [sphere_sequence(6, height=8, width=12)], [], stride=1)
    motions = cast.remembered_motions(reverse=True)
    there, back = np.split(motions, 2)
    assert len(there) == 5
    np.testing.assert_array_equal(there, cast.remembered_motions(reverse=False))
    np.testing.assert_allclose(back[:, :3], -there[:, :3], atol=1e-6)
    turned = Rotation.from_rotvec(back[:, :3]).apply(there[:, 3:])
    np.testing.assert_allclose(back[:, 3:], -turned, atol=1e-6)


def test_what_the_memory_knows_is_logged(one, caplog):
    caplog.set_level("INFO")
    roles(dir=one, stride="2")
    assert "recordings: 22 frames watched, 8 frames remembered, 10 frames tested" in caplog.text
    # Depths of (22 + 1) / 8 to (29 + 1) / 8 metres; motions of 92 to 112 cm.
    assert "memory: 8 depth maps, 2.9 to 3.8 m (median 3.3), 100% of the pixels" in caplog.text
    assert "6 motions of 102.0 cm and 0.0 degrees over 2 frames" in caplog.text


# The stride.


def test_a_stride_is_found_in_what_is_watched(tmp_path):
    slow = [sphere_sequence(40, speed=0.15, name=name) for name in "abc"]
    fast = sphere_sequence(30, name="d")
    folder = write(tmp_path, *slow, fast)
    found = roles(
        dir=folder, stride="auto", remembered="c", tested="b,d", height=48, width=64, frames=2
    )
    assert found.stride == auto_stride(slow[0]) > auto_stride(fast)


# Splits.


def test_splits_are_what_is_watched_remembered_and_tested(one):
    found = roles(dir=one)
    assert found.in_split("train") is found.watched
    assert found.in_split("validation") is found.remembered
    assert found.in_split("test") is found.tested


def test_a_split_without_recordings_is_told():
    with pytest.raises(UserError) as error:
        SequenceRoles([numbered(3)], [numbered(3)], [], 1).in_split("test")
    assert str(error.value) == "no recordings in the test split: more data are needed"


# What cannot be.


def test_names_that_do_not_exist(several):
    told = message(dir=several, tested="a,e")
    assert told == "data.tested=e: the recordings are a, b, c, d"


@pytest.mark.parametrize(("watched", "tested"), [("a,b", "b"), ("a,a", "b")])
def test_a_recording_named_twice(several, watched, tested):
    told = message(dir=several, watched=watched, remembered="c", tested=tested)
    assert told == "a recording is named twice: watched, remembered and tested share none"


@pytest.mark.parametrize("absent, what", [("depth", "depths"), ("poses", "poses")])
def test_a_memory_must_have_depths_and_poses(tmp_path, absent, what):
    folder = write(tmp_path, numbered(40, **{absent: None}))
    assert message(dir=folder) == (
        f"walk is to be remembered and has no {what}: give --memory_dir, a folder of recordings "
        "with both"
    )


def test_recordings_too_short_for_a_clip(one, tmp_path):
    told = message(dir=one, stride="4")
    assert told == (
        "remembered: 1 recordings of at most 8 frames, but a clip of 3 frames at data.stride=4 "
        "takes 9"
    )
    told = message(dir=write(tmp_path, numbered(4)), memory_dir=one, stride="3")
    assert told.startswith("watched: 1 recordings of at most 3 frames, but")


def test_too_few_depth_maps(tmp_path):
    depth = numbered(40).depth
    depth[25:] = 0
    folder = write(tmp_path, numbered(40, depth=depth))
    assert message(dir=folder) == "3 depth maps to remember: at least 8 are needed"


def test_depth_maps_of_no_neighbouring_frames(tmp_path):
    depth = numbered(90).depth
    depth[1::2] = 0
    folder = write(tmp_path, numbered(90, depth=depth))
    assert message(dir=folder) == (
        "remembered: no 3 frames at data.stride=1 that all have a depth map: depth maps of "
        "neighbouring frames are needed"
    )
    assert roles(dir=folder, stride="2").stride == 2


def test_shares_and_strides_that_are_none(one):
    assert message(dir=one, shares="1 2").startswith("data.shares=1 2: expected three numbers")
    assert message(dir=one, stride="few").startswith("data.stride=few: expected auto or")


def test_a_folder_that_is_not_there(tmp_path):
    assert message(dir=str(tmp_path / "none")) == f"{tmp_path / 'none'}: no such folder"


def test_nothing_to_watch_is_told_before_a_stride_is_sought(several):
    told = message(dir=several, remembered="a,b", tested="c,d", stride="auto")
    assert told == "watched: 0 recordings: leave some to data.watched, or to data.shares"


def test_nothing_to_remember_is_told(several):
    told = message(dir=several, tested="d")
    assert told == "remembered: 0 recordings: leave some to data.remembered, or to data.shares"


def test_a_share_of_nothing_is_told_where_the_other_roles_have_folders(one, several):
    told = message(dir=one, shares="0 1 1", memory_dir=several, test_dir=one)
    assert "watched" in told or "data.shares" in told


@pytest.mark.parametrize(("watched", "remembered"), [("", ""), ("", "a"), ("a", "")])
def test_what_is_watched_cannot_be_remembered(several, watched, remembered):
    """It would be the truth of the observations, and look like a success."""
    folders = {"dir": f"{several}/{watched}", "memory_dir": f"{several}/{remembered}"}
    assert message(**folders) == (
        f"--memory_dir={folders['memory_dir']} and --data_dir={folders['dir']} hold the same "
        "recordings: give --data_dir alone, which data.shares or data.remembered divide"
    )
