import numpy as np
import pytest

from aign_tf.depth_pictures import coloured, shared_range

GREY = [110, 110, 110]


def brightness(picture):
    return picture.astype(int).sum(axis=-1)


def test_what_is_near_is_bright_and_warm_and_what_is_far_is_dark():
    picture = coloured(np.array([[1.0, 1.5, 2.0, 3.0, 6.0, 50.0]]))
    assert picture.dtype == np.uint8 and picture.shape == (1, 6, 3)
    assert np.all(np.diff(brightness(picture)[0, :-1]) < 0)
    red, _, blue = picture[0, 0]
    assert red > blue and red > 240
    assert brightness(picture)[0, -1] < 20


def test_equal_steps_of_inverse_depth_are_equal_steps_of_colour():
    ramp = coloured(1 / np.linspace(1, 0.1, 256)[None], nearest=1, farthest=10)
    assert len(np.unique(ramp[0], axis=0)) > 250


def test_no_reading_is_grey_which_is_no_colour_of_a_depth():
    depth = np.array([[0.0, np.nan, np.inf, 2.0, 3.0]])
    picture = coloured(depth)
    assert picture[0, :3].tolist() == [GREY] * 3
    every = coloured(1 / np.linspace(1, 0.01, 1000)[None], nearest=1, farthest=100)
    assert not np.all(np.ptp(every.astype(int), axis=-1) < 3, where=brightness(every) > 60)


def test_pictures_of_one_range_compare():
    one, other = np.array([[1.0, 2.0]]), np.array([[2.0, 8.0]])
    shown = shared_range(one, other)
    np.testing.assert_array_equal(coloured(one, *shown)[0, 1], coloured(other, *shown)[0, 0])
    assert np.any(coloured(one)[0, 1] != coloured(other)[0, 0])


def test_the_range_leaves_out_few_outliers_and_what_was_not_read():
    depth = np.full((10, 100), 2.0)
    depth[:, ::2] = 4.0
    depth[0, :5], depth[1, :5], depth[2] = 1e-3, 1e3, 0
    assert shared_range(depth) == (2, 4)
    assert shared_range(depth, np.full(2000, 8.0)) == (2, 8)


def test_what_lies_beyond_the_range_has_the_colours_of_its_ends():
    inside, beyond = coloured(np.array([[2.0, 4.0], [1.0, 9.0]]), nearest=2, farthest=4)
    np.testing.assert_array_equal(inside, beyond)


def test_many_maps_are_coloured_as_each_alone():
    depth = np.random.default_rng(0).uniform(1, 5, (3, 4, 5)).astype(np.float32)
    alone = [coloured(one, 1, 5) for one in depth]
    np.testing.assert_array_equal(coloured(depth, 1, 5), alone)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("depth", [0.0, 3.3])
def test_a_map_of_one_depth_or_of_none_has_one_colour(depth):
    picture = coloured(np.full((4, 5), depth, np.float32))
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) == 1
