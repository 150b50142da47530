"""Depth maps with gaps, by hand."""

import hypothesis
import hypothesis.extra.numpy as arrays
import numpy as np

from aign_tf.data.sequences.clips import NO_READING
from aign_tf.data.sequences.gaps import without_gaps

HEIGHT, WIDTH = 12, 64  # Of which a gap of two pixels is narrow.


def completed(*gaps):
    """A slope from log depth 1 on the left to 2 on the right that lacks some slices of itself."""
    whole = np.broadcast_to(np.linspace(1, 2, WIDTH, dtype=np.float32), (HEIGHT, WIDTH)).copy()
    shown = whole.copy()
    for gap in gaps:
        shown[gap] = NO_READING
    complete, known = without_gaps(shown[None])
    return whole, shown, complete[0], known[0]


def test_what_is_read_stays_as_it_is():
    whole, _, complete, known = completed()
    np.testing.assert_array_equal(complete, whole)
    assert known.all()
    _, shown, complete, _ = completed(np.s_[:5, 10:30], np.s_[7, 3])
    np.testing.assert_array_equal(complete[shown < NO_READING], shown[shown < NO_READING])


def test_a_narrow_gap_is_as_far_as_what_is_next_to_it_and_not_believed():
    whole, _, complete, known = completed(np.s_[:, 20:24])
    np.testing.assert_array_equal(complete[:, 20:22], whole[:, [19, 19]])
    np.testing.assert_array_equal(complete[:, 22:24], whole[:, [24, 24]])
    assert not known[:, 20:24].any() and known.sum() == HEIGHT * (WIDTH - 4)


def test_the_sky_is_as_far_as_anything_and_believed_but_next_to_what_is_read():
    whole, _, complete, known = completed(np.s_[:6])
    np.testing.assert_array_equal(complete[:4], np.full((4, WIDTH), 2, np.float32))
    np.testing.assert_array_equal(complete[4:], whole[4:])
    assert known[:4].all() and not known[4:6].any() and known[6:].all()


def test_a_wide_hole_below_a_reading_is_far_but_not_believed():
    _, _, complete, known = completed(np.s_[2:10, 20:40])
    assert np.all(complete[5:7, 25:35] == 2) and not known[2:10, 20:40].any()


def test_a_map_without_any_reading_stays_without():
    _, _, complete, known = completed(np.s_[:])
    assert np.all(complete == NO_READING) and not known.any()


@hypothesis.given(arrays.arrays(bool, (2, 6, 40)))
def test_gaps_are_never_nearer_or_farther_than_all_that_is_read(gaps):
    depth = np.random.default_rng(0).uniform(0, 3, gaps.shape).astype(np.float32)
    complete, known = without_gaps(np.where(gaps, np.float32(NO_READING), depth))
    for row in range(2):
        read = depth[row][~gaps[row]]
        assert known[row][~gaps[row]].all()
        if read.size:
            assert read.min() <= complete[row].min() and complete[row].max() <= read.max()
