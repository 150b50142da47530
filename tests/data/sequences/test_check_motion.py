"""How well depths and poses explain pictures."""

import numpy as np
import pytest

from aign_tf.data.sequences.check_motion import fit, neighbours
from tests.data.sequences.textured_sphere import sphere_sequence


def test_pairs_are_so_many_frames_apart():
    recording = sphere_sequence(9)
    pairs = neighbours(recording, 2, 4)
    np.testing.assert_array_equal(pairs.first, recording.frames[[0, 2, 4, 6]])
    np.testing.assert_array_equal(pairs.second, recording.frames[[2, 4, 6, 8]])
    np.testing.assert_array_equal(pairs.depth, recording.depth[[0, 2, 4, 6]])
    np.testing.assert_array_equal(pairs.first_pose, recording.poses[[0, 2, 4, 6]])
    np.testing.assert_array_equal(pairs.second_pose, recording.poses[[2, 4, 6, 8]])
    assert len(neighbours(recording, 8, 50).first) == 1
    assert len(neighbours(recording, 9, 50).first) == 0


def test_fewer_pairs():
    pairs = neighbours(sphere_sequence(9), 1, 50)
    fewer = pairs.spaced(3)
    np.testing.assert_array_equal(fewer.second_pose, pairs.second_pose[[0, 4, 7]])
    np.testing.assert_array_equal(fewer.first, pairs.first[[0, 4, 7]])
    np.testing.assert_array_equal(fewer.focal, pairs.focal)


def test_what_is_right_makes_pictures_alike():
    found = fit(neighbours(sphere_sequence(), 1, 50))
    assert found.before > 40
    assert found.after < 1.5
    assert found.after < found.overall < found.before
    assert 0.7 < found.share < 0.95


def test_the_difference_is_that_of_the_frames_where_nothing_moves():
    pairs = neighbours(sphere_sequence(3), 1, 1)
    found = fit(pairs._replace(second_pose=pairs.first_pose))
    expected = np.abs(pairs.first - pairs.second).mean()
    for value in (found.before, found.after, found.overall):
        assert value == pytest.approx(expected, rel=1e-5)
    assert found.share == 1


def test_only_pixels_with_depth_count():
    pairs = neighbours(sphere_sequence(3), 1, 1)
    pairs = pairs._replace(second_pose=pairs.first_pose, depth=pairs.depth.copy())
    pairs.depth[:, :, 20:] = 0
    found = fit(pairs)
    expected = np.abs(pairs.first - pairs.second)[:, :, :20].mean()
    for value in (found.before, found.after, found.overall):
        assert value == pytest.approx(expected, rel=1e-5)
    assert found.share == 1


def test_what_moves_everything_out_of_view_gains_nothing():
    pairs = neighbours(sphere_sequence(3), 1, 1)
    pairs.second_pose[:, 0, 3] += 1000
    found = fit(pairs)
    assert found.share == 0
    assert found.before == found.after == found.overall


def test_gain_where_both_show_something():
    pairs = neighbours(sphere_sequence(), 1, 4)
    right, still = fit(pairs), fit(pairs._replace(second_pose=pairs.first_pose))
    gone = fit(pairs._replace(second_pose=pairs.second_pose + 1000))
    assert right.gain_on(still) == pytest.approx(right.after / right.before, rel=1e-5)
    assert still.gain_on(right) == pytest.approx(right.before / right.after, rel=1e-5)
    assert right.gain_on(gone) == pytest.approx(right.overall / gone.overall)
