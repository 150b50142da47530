import numpy as np
import pytest

from aign_tf.data.augment import quantized
from aign_tf.visualize import captioned_grid


def pictures(count, value, size=8):
    return np.full((count, size, size, 3), value, np.float32)


def test_one_column_for_each_caption_one_row_for_each_picture():
    grid = captioned_grid({"black": pictures(2, -1.0), "red": pictures(3, [1, -1, -1])}, side=20)
    assert grid.dtype == np.uint8
    height, width, channels = grid.shape
    assert (width, channels) == (2 * 20 + 2, 3)
    caption = height - (3 * 20 + 2 * 2)
    assert 0 < caption < 30
    for row in range(3):
        top = caption + 22 * row
        black, red = grid[top : top + 20, :20], grid[top : top + 20, 22:]
        assert np.all(red == [255, 0, 0])
        assert np.all(black == (0 if row < 2 else 255))  # White where there is no picture.


def test_captions_are_drawn_above_the_columns():
    named = captioned_grid({"face": pictures(1, 0.0)}, side=96)
    blank = captioned_grid({"": pictures(1, 0.0)}, side=96)
    top = named.shape[0] - 96
    assert np.all(blank[:top] == 255)
    assert np.any(named[:top] < 128)
    np.testing.assert_array_equal(named[top:], blank[top:])


def test_at_their_own_size_pictures_are_shown_pixel_by_pixel():
    drawn = np.random.default_rng(0).uniform(-1, 1, (2, 24, 24, 3)).astype(np.float32)
    grid = captioned_grid({"a": drawn}, side=24)
    shown = np.stack([grid[-50:-26], grid[-24:]])
    np.testing.assert_array_equal(shown, quantized(drawn))


@pytest.mark.parametrize("value", [-5.0, 5.0])
def test_beyond_the_range_is_clipped(value):
    assert np.all(
        captioned_grid({"a": pictures(1, value)}, side=8)[-8:] == (255 if value > 0 else 0)
    )


@pytest.mark.parametrize("height, width", [(12, 30), (30, 12)])
def test_pictures_that_are_not_square_keep_their_shape(height, width):
    """At their own width, pixel by pixel, below one another and beside one another."""
    drawn = np.random.default_rng(0).uniform(-1, 1, (2, height, width, 3)).astype(np.float32)
    grid = captioned_grid({"a": drawn, "b": drawn[:1]}, side=width)
    assert grid.shape[1] == 2 * width + 2
    left, right = grid[-2 * height - 2 :, :width], grid[-2 * height - 2 :, width + 2 :]
    np.testing.assert_array_equal(left[:height], quantized(drawn[0]))
    np.testing.assert_array_equal(left[-height:], quantized(drawn[1]))
    np.testing.assert_array_equal(right[:height], quantized(drawn[0]))
    assert np.all(left[height:-height] == 255) and np.all(right[height:] == 255)


@pytest.mark.parametrize("height, width, tall", [(4, 9, 40), (9, 4, 202), (6, 8, 68)])
def test_pictures_that_are_not_square_are_as_wide_as_asked_for(height, width, tall):
    grid = captioned_grid({"a": np.full((1, height, width, 3), -1, np.float32)}, side=90)
    assert grid.shape[1] == 90
    black = np.all(grid[16:] == 0, axis=(1, 2))
    assert black.all() and len(black) == tall


def test_all_columns_have_the_proportions_of_the_first_picture_there_is():
    wide, black = np.ones((1, 4, 8, 3), np.float32), pictures(1, -1.0)
    grid = captioned_grid({"none": [], "wide": wide, "square": black}, side=20)
    assert np.all(grid[16:, :20] == 255)
    assert grid.shape == (16 + 10, 3 * 20 + 2 * 2, 3) and np.all(grid[16:, -20:] == 0)


def test_grey_pictures_stand_beside_coloured_ones():
    grid = captioned_grid({"grey": pictures(1, 0.5)[..., :1], "red": pictures(1, [1, -1, -1])}, 10)
    assert np.all(grid[-10:, :10] == quantized(np.float32(0.5)))
    assert np.all(grid[-10:, -10:] == [255, 0, 0])
