"""Every clip has one role, and every observation keeps its own truth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aign_tf.data import pose_sets
from aign_tf.data.poses.clips import Clip2D, Clip3D, action_of
from aign_tf.data.poses.observations import Observations
from aign_tf.data.splits import SPLITS
from aign_tf.data.synthetic.bodies import generate_motions
from aign_tf.errors import UserError
from aign_tf.skeletons import SKELETONS

H36M = SKELETONS["h36m17"]


def clip(name, frames=2, first=0):
    """A motion in which all coordinates of a frame are its number."""
    numbers = np.arange(first, first + frames, dtype=np.float32)
    return Clip3D(name, np.tile(numbers[:, None, None], (1, 17, 3)), H36M)


def video(name, frames=2):
    joints = clip(name, frames).joints
    return Clip2D(name, joints[..., :2], joints[..., 0], H36M)


def names(clips):
    return [clip.name for clip in clips]


def observations(count, first=0, image_size=1.0):
    """All numbers of an observation are its row."""
    row = np.arange(first, first + count)
    column = row.astype(np.float32)[:, None, None]
    return Observations(
        np.tile(column, (1, 17, 2)),
        np.tile(column[..., 0], (1, 17)),
        np.tile(column, (1, 17, 3)),
        np.tile(column[..., 0], (1, 3)),
        row.astype(str),
        image_size,
    )


def rows(observed):
    """Rows of `observations` that these were, after a look at every column."""
    found = [int(action) for action in observed.actions]
    for column in (observed.joints, observed.confidence, observed.pose, observed.position):
        assert len(column) == len(observed)
        assert (np.isnan(column.T) | np.equal(column.T, found)).all()
    return found


# Observations.


def test_taking_rows_takes_them_of_every_column():
    assert rows(observations(6).take(np.array([4, 0, 4]))) == [4, 0, 4]
    assert rows(observations(6).take(slice(1, 3))) == [1, 2]
    assert observations(6, image_size=0.8).take(slice(2)).image_size == 0.8


def test_known_is_what_has_a_whole_pose():
    observed = observations(3)
    observed.pose[1, 16, 2] = np.nan
    assert observed.known.tolist() == [True, False, True]


@given(st.integers(1, 300), st.floats(0, 1), st.integers(0, 9))
def test_pairs_alone_are_a_share_of_the_observations(count, share, seed):
    found = rows(observations(count).with_pairs(share, seed, alone=True))
    assert len(found) == max(1, round(share * count))
    assert found == sorted(set(found)) and set(found) <= set(range(count))


@given(st.integers(1, 300), st.floats(0, 1), st.integers(0, 9))
def test_pairs_among_others_are_at_least_a_quarter_and_few_are_not_more(count, share, seed):
    observed = observations(count).with_pairs(share, seed, alone=False)
    found, known = np.array(rows(observed)), observed.known
    assert set(found) == set(range(count))
    paired = rows(observations(count).with_pairs(share, seed, alone=True))
    assert set(found[known]) == set(paired)
    _, repeats = np.unique(found[known], return_counts=True)
    assert len(set(repeats)) == 1
    assert (np.unique(found[~known], return_counts=True)[1] == 1).all()
    assert 0.25 <= known.mean() <= 0.25 + len(paired) / count
    assert np.isnan(observed.position).all(axis=1).tolist() == (~known).tolist()
    assert np.isfinite(observed.joints).all() and observed.pose.dtype == np.float32


def test_one_pair_in_a_hundred_is_drawn_in_one_of_four():
    observed = observations(400).with_pairs(0.01, seed=0, alone=False)
    assert len(observed) == 400 + 4 * 33 and observed.known.sum() == 4 * 34


def test_pairs_depend_on_the_seed_alone():
    one, same, other = (rows(observations(99).with_pairs(0.2, s, alone=True)) for s in (1, 1, 2))
    assert one == same != other


def test_hidden_truth_is_not_lost_in_what_it_was_hidden_in():
    observed = observations(9)
    observed.with_pairs(0.1, seed=0, alone=False)
    assert observed.known.all()


def test_splits_are_joined_in_order_and_may_be_empty():
    parts = {
        "train": [observations(2, image_size=1.0), observations(3, 5, image_size=0.5)],
        "validation": [],
        "test": [observations(1, 9)],
    }
    split = pose_sets.joined_splits(parts)
    assert {name: rows(part) for name, part in split.items()} == {
        "train": [0, 1, 5, 6, 7],
        "validation": [],
        "test": [9],
    }
    assert split["train"].image_size == 0.75
    for field in ("joints", "confidence", "pose", "position"):
        empty, some = (getattr(split[name], field) for name in ("validation", "test"))
        assert empty.shape == (0, *some.shape[1:]) and empty.dtype == some.dtype


# Clips.


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("train/walking/07_01", "walking"),
        ("test/walking/07_01", "walking"),
        ("walking/person_003_1", "walking"),
        ("walking/test/3", "walking"),
        ("S9/Walking 1/54138969", "Walking"),
        ("S9/Walking", "Walking"),
        ("test/dance", "all"),
        ("dance", "all"),
    ],
)
def test_the_action_is_the_folder_of_a_clip(name, action):
    assert action_of(name) == action


def test_clips_called_test_are_for_the_test():
    clips = [clip(name) for name in ("test/a/1", "train/a/2", "b/test/3", "testing/4", "test/b/5")]
    rest, test = pose_sets.for_test(clips)
    assert names(rest) == ["train/a/2", "b/test/3", "testing/4"]
    assert names(test) == ["test/a/1", "test/b/5"]


def test_without_such_names_one_in_five_is_for_the_test():
    rest, test = pose_sets.for_test([clip(f"{number:02d}") for number in range(12)])
    assert names(test) == ["02", "07"]
    assert names(rest) == ["00", "01", "03", "04", "05", "06", "08", "09", "10", "11"]


def test_one_in_sixteen_of_those_seen_is_for_validation():
    seen = [clip(f"{number:02d}") for number in range(40)]
    split = pose_sets.in_splits(seen, [clip("test/1")])
    assert list(split) == list(SPLITS)
    assert names(split["validation"]) == ["08", "24"]
    assert len(split["train"]) == 38 and names(split["test"]) == ["test/1"]
    assert pose_sets.in_splits(seen[:8], [])["validation"] == []


CLIP_NAMES = st.lists(
    st.tuples(
        st.sampled_from(["test/", "train/", ""]), st.sampled_from("abc"), st.integers(0, 99)
    ).map(lambda parts: f"{parts[0]}{parts[1]}/{parts[2]}"),
    unique=True,
    max_size=80,
)


@given(CLIP_NAMES)
def test_every_clip_has_exactly_one_place(chosen):
    rest, test = pose_sets.for_test([clip(name) for name in chosen])
    seen, memory = pose_sets.halves(rest)
    split = pose_sets.in_splits(seen, test)
    places = [*split["train"], *split["validation"], *split["test"], *memory]
    assert sorted(names(places)) == sorted(chosen)


@given(CLIP_NAMES)
def test_both_halves_know_every_action_that_has_two_clips(chosen):
    clips = [clip(name) for name in chosen]
    one, other = ([action_of(clip.name) for clip in half] for half in pose_sets.halves(clips))
    assert abs(len(one) - len(other)) <= 1
    for action in "abc":
        assert abs(one.count(action) - other.count(action)) <= 1


def test_halves_do_not_depend_on_the_order_of_files():
    clips = [clip(f"{action}/{number}") for action in "ba" for number in range(5)]
    assert list(map(names, pose_sets.halves(clips))) == list(
        map(names, pose_sets.halves(clips[::-1]))
    )


def test_observed_poses_are_left_out_of_the_memory_wherever_they_stand():
    rng = np.random.default_rng(0)
    poses = rng.normal(size=(6, 17, 3)).astype(np.float32)
    elsewhere = poses + np.float32([1, 2, 3])
    memory = [Clip3D("a", poses[:3], H36M), Clip3D("b", poses[3:5], H36M), clip("c")]
    observed = [Clip3D("d", elsewhere[[1, 5]], H36M), Clip3D("e", poses[[4, 3]], H36M)]
    (left, other) = pose_sets.unless_observed(memory, observed)
    assert (left.name, other.name) == ("a", "c")
    np.testing.assert_array_equal(left.joints, poses[[0, 2]])
    assert len(other.joints) == 2
    assert pose_sets.unless_observed(memory[:2], memory) == []


def test_many_clips_are_left_whole():
    clips = [clip(str(number), frames=1) for number in range(40)]
    assert pose_sets.in_pieces(clips) == clips


@pytest.mark.parametrize("make", [clip, video])
def test_few_long_clips_are_cut_in_time(make):
    pieces = pose_sets.in_pieces([make("test/walking/long", 100), make("short", 30)])
    long, short = pieces[:40], pieces[40:]
    assert names(long[:2]) == ["test/walking/long-00", "test/walking/long-01"]
    assert names(short[-1:]) == ["short-29"] and len(short) == 30
    assert {action_of(piece.name) for piece in long} == {"walking"}
    assert {len(piece.joints) for piece in long} == {2, 3}
    for whole, parts in ((make("", 100), long), (make("", 30), short)):
        np.testing.assert_array_equal(np.concatenate([part.joints for part in parts]), whole.joints)
        assert all(part.skeleton is H36M for part in parts)
    if make is video:
        assert all((part.confidence == part.joints[..., 0]).all() for part in pieces)


@given(
    st.lists(st.integers(1, 90), min_size=1, max_size=50).filter(lambda frames: sum(frames) > 39)
)
def test_pieces_are_enough_for_every_role(frames):
    pieces = pose_sets.in_pieces([clip(f"a/{row}", count) for row, count in enumerate(frames)])
    assert len(set(names(pieces))) == len(pieces) >= 40
    assert sum(len(piece.joints) for piece in pieces) == sum(frames)
    rest, test = pose_sets.for_test(pieces)
    seen, memory = pose_sets.halves(rest)
    assert memory and all(pose_sets.in_splits(seen, test).values())


def test_too_few_frames_are_refused():
    assert len(pose_sets.in_pieces([clip("a", 40)])) == 40
    with pytest.raises(UserError, match=r"^39 frames altogether: at least 40 are needed$"):
        pose_sets.in_pieces([clip("a", 20), clip("b", 19)])


# Bodies.


def test_frames_of_no_human_size_are_left_out_and_named(caplog):
    clips = generate_motions(2, 2, 20)
    clips[1].joints[7, 3] = 1e6
    kept = pose_sets.with_usual_bodies(clips, "memory.npz")
    assert [len(clip.joints) for clip in kept] == [20, 19, 20, 20]
    np.testing.assert_array_equal(kept[1].joints, np.delete(clips[1].joints, 7, axis=0))
    assert "memory.npz: in 1 frames bones do not add up to about" in caplog.text
    assert f"m: frame 7 of {clips[1].name}; left out" in caplog.text


def test_many_frames_of_no_human_size_are_refused():
    clips = generate_motions(2, 2, 20)
    clips[0].joints[::2] *= 3
    with pytest.raises(UserError, match=r"in 10 frames bones do not .*: frame 0 of .*, \.\.\.$"):
        pose_sets.with_usual_bodies(clips, "memory.npz")


def test_usual_bodies_stay_as_they_are(caplog):
    clips = generate_motions(2, 2, 20)
    for before, after in zip(clips, pose_sets.with_usual_bodies(clips, "memory.npz")):
        np.testing.assert_array_equal(before.joints, after.joints)
    assert not caplog.messages
