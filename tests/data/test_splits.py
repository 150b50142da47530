"""What is held out."""

import pytest

from aign_tf.data import splits


@pytest.mark.parametrize(
    ("count", "expected"),
    [(1, [0]), (2, [0, 8]), (3, [0, 4, 8]), (9, list(range(9))), (99, list(range(9))), (0, [])],
)
def test_a_sample_is_spread_from_the_first_to_the_last(count, expected):
    assert splits.spaced(9, count).tolist() == expected


def test_a_sample_of_nothing_is_nothing():
    assert splits.spaced(0, 5).tolist() == []


def test_held_out_items_are_spread_and_missing_from_the_others():
    assert splits.held_out("abcdefgh", 3) == (["a", "c", "d", "f", "g"], ["b", "e", "h"])
    assert splits.held_out("a", 5) == (["a"], [])
