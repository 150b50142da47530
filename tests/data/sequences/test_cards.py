"""What is held in front of remembered clips is near, and covers a part of them."""

import numpy as np
import pytest
import tensorflow as tf

from aign_tf.data.sequences.cards import random_cards

HEIGHT, WIDTH, COUNT = 48, 64, 200
FOCAL = np.full((COUNT, 2), 50, np.float32)


def cards(share=1.0, metres=2.0, seed=0):
    """Before maps half of which are as far as that, and half farther."""
    depth = np.full((COUNT, 3, HEIGHT, WIDTH, 1), metres, np.float32)
    depth[:, :, : HEIGHT // 2 - 1] *= 3
    return random_cards(tf.math.log(depth), tf.constant(FOCAL), share, tf.constant([seed, 1]))


def covered(found):
    return np.mean(found.outline, axis=(1, 2, 3))


def test_they_cover_a_part_of_the_picture():
    area = covered(cards())
    assert 0.049 < area.min() < 0.1 and 0.55 < area.max() < 0.601
    assert set(np.unique(cards().outline)) == {0.0, 1.0}


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_they_are_held_before_a_share_of_the_clips(share):
    assert np.mean(covered(cards(share)) > 0) == pytest.approx(share, abs=0.1)


@pytest.mark.parametrize("metres", [0.5, 2.0, 20.0])
def test_they_are_nearer_than_half_of_what_is_remembered(metres):
    depth = 1 / cards(metres=metres).plane.numpy()[:, 2] / metres
    assert 0.25 <= depth.min() < 0.27 and 0.72 < depth.max() < 0.751
    assert np.median(depth) == pytest.approx(np.sqrt(0.25 * 0.75), rel=0.1)


def test_they_slant_and_end_in_front_of_the_camera():
    slant = cards().plane.numpy()[:, :2] / cards().plane.numpy()[:, 2:]
    sides = np.abs(slant * np.float32([WIDTH, HEIGHT]) / 2 / FOCAL)
    assert sides.max() < 0.301 and sides.max(axis=0).min() > 0.27
    assert np.abs(np.mean(slant > 0, axis=0) - 0.5).max() < 0.1


def test_shapes_differ_and_some_are_more_ragged_than_others():
    outline = cards().outline.numpy()[..., 0]
    assert len({each.tobytes() for each in outline}) == COUNT
    borders = np.abs(np.diff(outline, axis=2)).sum(axis=(1, 2)) / HEIGHT
    assert np.percentile(borders, 10) < 2 and np.percentile(borders, 90) > 3


def test_the_same_seed_holds_the_same_card():
    one, again, other = cards(), cards(), cards(seed=1)
    for part, same, another in zip(one, again, other):
        np.testing.assert_array_equal(part, same)
        assert np.abs(part - another).max() > 0.1
