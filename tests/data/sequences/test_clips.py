"""Clips hold the frames that they say, and motions move points from each frame to the next."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from aign_tf.data.sequences.clips import NO_READING, cut, log_depths, relative_motions, windows
from tests.data.sequences.numbered import numbered
from tests.data.sequences.textured_sphere import TURN, sphere_sequence, wandering_poses
from tests.data.sequences.tiny_files import poses


def matrices(rotation, translation):
    """`[..., 3]` twice -> `[..., 4, 4]`."""
    motions = np.tile(np.eye(4), (*rotation.shape[:-1], 1, 1))
    turns = Rotation.from_rotvec(rotation.reshape(-1, 3)).as_matrix()
    motions[..., :3, :3] = turns.reshape(*rotation.shape, 3)
    motions[..., :3, 3] = translation
    return motions


def shown(clips):
    """Frame numbers `[C, F]`."""
    return clips.frames[clips.rows][..., 0, 0, 0].tolist()


# Motions.


def test_things_come_nearer_to_a_camera_that_goes_forward():
    rotation, translation = relative_motions(numbered(3).poses)
    np.testing.assert_array_equal(rotation, np.zeros((2, 3)))
    np.testing.assert_allclose(translation, [[0, 0, -0.01], [0, 0, -0.03]], atol=1e-12)


def test_things_turn_left_where_a_camera_turns_right():
    """About y, which points down, by a positive angle; then it goes forward, its own way."""
    here, turned, gone = np.tile(np.eye(4), (3, 1, 1))
    turned[:3, :3] = gone[:3, :3] = Rotation.from_rotvec([0, 0.3, 0]).as_matrix()
    gone[:3, 3] = 2 * turned[:3, 2]
    rotation, translation = relative_motions(np.stack([here, turned, gone]))
    np.testing.assert_allclose(rotation, [[0, -0.3, 0], [0, 0, 0]], atol=1e-12)
    np.testing.assert_allclose(translation, [[0, 0, 0], [0, 0, -2]], atol=1e-12)
    ahead = Rotation.from_rotvec(rotation[0]).apply([0, 0, 1])
    assert ahead[0] < 0


def test_motions_carry_points_of_the_world_from_camera_to_camera():
    path = poses(5)
    motions = matrices(*relative_motions(path))
    points = np.linalg.inv(path) @ [0.3, -2.0, 5.0, 1.0]
    np.testing.assert_allclose((motions @ points[:-1, :, None])[..., 0], points[1:], atol=1e-9)


def test_motions_do_not_depend_on_the_world():
    path, elsewhere = wandering_poses(4), poses(1)[0]
    for one, other in zip(relative_motions(path), relative_motions(elsewhere @ path)):
        np.testing.assert_allclose(one, other, atol=1e-9)
    angles = np.degrees(np.linalg.norm(relative_motions(path)[0], axis=-1))
    np.testing.assert_allclose(angles, TURN)


def test_motions_of_many_clips_at_once():
    path = poses(6)
    clips = path[windows(6, 3, 2)]
    rotation, translation = relative_motions(clips)
    assert rotation.shape == translation.shape == (2, 2, 3)
    for clip, *motion in zip(clips, rotation, translation):
        for found, alone in zip(motion, relative_motions(clip)):
            np.testing.assert_allclose(found, alone)


# Clips.


@pytest.mark.parametrize(
    "frames, length, stride, rows",
    [
        (4, 3, 1, [[0, 1, 2], [1, 2, 3]]),
        (6, 3, 2, [[0, 2, 4], [1, 3, 5]]),
        (3, 2, 2, [[0, 2]]),
        (3, 3, 1, [[0, 1, 2]]),
        (4, 3, 2, []),
        (0, 2, 1, []),
    ],
)
def test_windows_by_hand(frames, length, stride, rows):
    found = windows(frames, length, stride)
    assert found.shape == (len(rows), length) and found.tolist() == rows


def test_clips_of_several_recordings_do_not_cross_from_one_to_the_next():
    clips = cut([numbered(5), numbered(6, first=100)], 3, 2, reverse=False)
    assert shown(clips) == [[0, 2, 4], [100, 102, 104], [101, 103, 105]] and len(clips) == 3


def test_each_clip_has_the_lens_the_depths_and_the_motions_of_its_recording():
    one, other = numbered(4), numbered(4, first=100)
    clips = cut([one, other], 2, 2, reverse=False)
    numbers = np.array(shown(clips))
    assert numbers.tolist() == [[0, 2], [1, 3], [100, 102], [101, 103]]
    np.testing.assert_array_equal(clips.focal, np.repeat([one.focal, other.focal], 2, axis=0))
    centres = np.repeat([one.principal_point, other.principal_point], 2, axis=0)
    np.testing.assert_array_equal(clips.principal_point, centres)
    depths = np.exp(clips.log_depth[clips.rows])[..., 0, 0]
    np.testing.assert_allclose(depths, (numbers + 1) / 8, rtol=1e-5)
    forward = -0.01 * np.diff(numbers**2, axis=1)
    np.testing.assert_allclose(clips.translation[..., 2], forward, rtol=1e-5)
    for part in (clips.focal, clips.principal_point, clips.log_depth, clips.rotation):
        assert part.dtype == np.float32


def test_reversed_clips_have_the_inverse_motions():
    recording = sphere_sequence(5, height=8, width=12)
    clips = cut([recording], 3, 1, reverse=True)
    there, back = np.split(clips.rows, 2)
    np.testing.assert_array_equal(back, there[:, ::-1])
    motions, returns = np.split(matrices(clips.rotation, clips.translation), 2)
    both = motions @ returns[:, ::-1]
    np.testing.assert_allclose(both, np.broadcast_to(np.eye(4), both.shape), atol=1e-6)


def test_truth_is_known_where_all_recordings_have_it():
    whole = numbered(3)
    for absent, found in (("depth", "log_depth"), ("poses", "rotation")):
        clips = cut([whole, numbered(3, **{absent: None})], 2, 1, reverse=True)
        assert getattr(clips, found) is None
        assert clips.known.all() and len(clips.known) == len(clips) == 8
    assert not cut([numbered(3, depth=None, poses=None)], 2, 1, True).known.any()


def test_a_recording_too_short_for_a_clip_gives_none():
    clips = cut([numbered(2), numbered(3, first=100)], 3, 1, reverse=True)
    assert shown(clips) == [[100, 101, 102], [102, 101, 100]]


def test_some_of_the_clips():
    clips = cut([numbered(9)], 3, 1, reverse=False)
    some = clips.take(np.array([5, 0]))
    assert shown(some) == [[5, 6, 7], [0, 1, 2]]
    np.testing.assert_array_equal(some.translation, clips.translation[[5, 0]])
    assert cut([numbered(9, poses=None)], 3, 1, False).take(np.array([1])).rotation is None


def test_inputs_are_frames_in_minus_one_to_one_and_the_lens():
    inputs = cut([numbered(3, first=253)], 3, 1, reverse=False).inputs()
    assert {name: part.shape for name, part in inputs.items()} == {
        "frames": (1, 3, 8, 12, 3),
        "focal": (1, 2),
        "principal_point": (1, 2),
    }
    levels = np.array([253, 254, 255]) / 127.5 - 1
    np.testing.assert_allclose(inputs["frames"][0, :, 0, 0, 0], levels, atol=1e-6)
    assert all(part.dtype == np.float32 for part in inputs.values())


# Depths.


def test_depths_without_reading_or_beyond_all_have_one_logarithm():
    depth = np.float32([0, 1, 10, 100, 1e4, np.inf])
    expected = [NO_READING, 0, np.log(10), np.log(100), NO_READING, NO_READING]
    found = log_depths(depth)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert found.dtype == np.float32


# Few pairs.


CLIPS = cut([numbered(42)], 3, 1, reverse=False)


def known(clips):
    """Which clips have motions, and `[C, F]` which of their frames have depths."""
    motions = np.isfinite(clips.rotation) & np.isfinite(clips.translation)
    assert np.all(motions.all(axis=(1, 2)) | ~motions.any(axis=(1, 2)))
    return motions.all(axis=(1, 2)), (clips.log_depth < NO_READING).all(axis=(1, 2))[clips.rows]


def test_few_pairs_keep_the_depths_and_motions_of_some_clips():
    clips = CLIPS.with_pairs(0.1, seed=0, alone=False)
    moved, seen = known(clips)
    assert seen[moved].all() and not seen[~moved].all()
    assert len(np.unique(clips.rows[moved, 0])) == 4  # A tenth of 40 clips.
    # Nobody's video is lost, and pairs are repeated until they are a quarter.
    np.testing.assert_array_equal(np.unique(clips.rows[:, 0]), np.arange(40))
    assert 0.2 < moved.mean() < 0.35
    # Frames that no clip with a truth shows have no depth.
    paired = np.unique(clips.rows[moved])
    np.testing.assert_array_equal(seen, np.isin(clips.rows, paired))
    np.testing.assert_array_equal(clips.known, moved)


def test_pairs_alone_leave_out_all_other_clips():
    clips = CLIPS.with_pairs(0.1, seed=0, alone=True)
    moved, seen = known(clips)
    assert len(clips) == 4 and moved.all() and seen.all()
    few = CLIPS.with_pairs(1e-6, seed=0, alone=True)
    assert len(few) == 1


def test_what_is_kept_is_as_it_was():
    clips = CLIPS.with_pairs(0.1, seed=0, alone=False)
    moved, _ = known(clips)
    rows = clips.rows[moved, 0]
    np.testing.assert_array_equal(clips.translation[moved], CLIPS.translation[rows])
    np.testing.assert_array_equal(clips.frames, CLIPS.frames)
    frames = np.unique(clips.rows[moved])
    np.testing.assert_array_equal(clips.log_depth[frames], CLIPS.log_depth[frames])
    assert CLIPS.known.all()  # The clips themselves did not forget.


def test_the_choice_of_pairs_is_that_of_the_seed():
    chosen = [CLIPS.with_pairs(0.1, seed, alone=True).rows.tolist() for seed in (0, 0, 1)]
    assert chosen[0] == chosen[1] != chosen[2]


def test_few_pairs_of_recordings_that_know_depths_or_motions_alone():
    without = cut([numbered(42, poses=None)], 3, 1, False).with_pairs(0.1, 0, False)
    assert without.rotation is None
    read = (without.log_depth < NO_READING).all(axis=(1, 2))
    assert 3 <= read.sum() <= 12
    without = cut([numbered(42, depth=None)], 3, 1, False).with_pairs(0.1, 0, False)
    assert without.log_depth is None and 0 < without.known.mean() < 0.5
