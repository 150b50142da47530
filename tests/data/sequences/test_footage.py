"""Fewer frames of a recording are the same frames, with the same depths and poses."""

import numpy as np
import pytest

from aign_tf.data.sequences.footage import Footage
from tests.data.sequences.numbered import numbered, numbers_of

COUNT = 11


def footage(read=None, **changes):
    """Frames that are read from a recording in memory, whose numbers `read` receives."""
    recording = numbered(COUNT, **changes)

    def image(frame):
        if read is not None:
            read.append(frame)
        return recording.frames[frame]

    depth = None if recording.depth is None else lambda frame: recording.depth[frame]
    camera = recording.focal, recording.principal_point
    return Footage("walk", COUNT, image, *camera, depth, recording.poses)


@pytest.mark.parametrize("stride", [1, 2, 3, 5, 10, 11, 50])
def test_one_frame_in_so_many_from_the_first_on(stride):
    whole, thinned = footage(), footage().every(stride)
    kept = range(0, COUNT, stride)
    assert thinned.count == len(kept) == len(thinned.poses)
    for row, frame in enumerate(kept):
        np.testing.assert_array_equal(thinned.read_image(row), whole.read_image(frame))
        np.testing.assert_array_equal(thinned.read_depth(row), whole.read_depth(frame))
        np.testing.assert_array_equal(thinned.poses[row], whole.poses[frame])
    assert thinned.name == whole.name
    np.testing.assert_array_equal(thinned.focal, whole.focal)
    np.testing.assert_array_equal(thinned.principal_point, whole.principal_point)


def test_every_third_of_every_second_is_every_sixth():
    twice, once = footage().every(2).every(3), footage().every(6)
    assert twice.count == once.count == 2
    assert [twice.read_image(row)[0, 0, 0] for row in range(2)] == [0, 6]
    np.testing.assert_array_equal(twice.poses, once.poses)


def test_thinning_reads_nothing():
    read = []
    thinned = footage(read).every(4)
    assert not read
    thinned.read_image(1)
    assert read == [4]


def test_what_is_not_known_stays_unknown():
    thinned = footage(depth=None, poses=None).every(2)
    assert thinned.read_depth is None and thinned.poses is None


@pytest.mark.parametrize("rows", [slice(2, 9, 3), np.array([8, 2, 2])])
def test_some_frames_of_a_sequence(rows):
    recording = numbered(COUNT)
    some = recording.take(rows)
    expected = np.arange(COUNT)[rows].tolist()
    assert numbers_of(some) == expected and len(some) == len(expected)
    np.testing.assert_array_equal(some.depth, recording.depth[expected])
    np.testing.assert_array_equal(some.poses, recording.poses[expected])
    assert some.name == recording.name
    np.testing.assert_array_equal(some.focal, recording.focal)


def test_some_frames_of_a_sequence_without_depths_or_poses():
    some = numbered(COUNT, depth=None, poses=None).take(slice(3))
    assert len(some) == 3 and some.depth is None and some.poses is None
