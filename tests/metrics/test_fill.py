import numpy as np
import pytest

from aign_tf.metrics.fill import mean_colour, telea


@pytest.fixture
def scene():
    images = np.random.default_rng(0).uniform(-1, 1, (3, 16, 16, 3)).astype(np.float32)
    visibility = np.ones((3, 16, 16, 1), np.float32)
    visibility[0, 4:9, 5:11] = 0
    visibility[1, 10:] = 0
    return images, visibility


@pytest.mark.parametrize("fill", [mean_colour, telea])
def test_visible_pixels_come_back_unchanged(fill, scene):
    images, visibility = scene
    result = fill(images, visibility)
    assert result.dtype == np.float32 and result.shape == images.shape
    visible = np.broadcast_to(visibility == 1, images.shape)
    np.testing.assert_array_equal(result[visible], images[visible])
    np.testing.assert_array_equal(result[2], images[2])


@pytest.mark.parametrize("fill", [mean_colour, telea])
def test_hidden_pixels_do_not_matter(fill, scene):
    images, visibility = scene
    np.testing.assert_array_equal(
        fill(np.where(visibility == 1, images, np.float32(0.9)), visibility),
        fill(images, visibility),
    )


@pytest.mark.parametrize("fill", [mean_colour, telea])
def test_plain_pictures_are_completed(fill, scene):
    images = np.broadcast_to(np.float32([-1, 0.2, 1]), (3, 16, 16, 3))
    # Telea's method, in bytes, is off by up to two grey levels.
    np.testing.assert_allclose(fill(images, scene[1]), images, atol=0.016)


@pytest.mark.parametrize("fill", [mean_colour, telea])
def test_nothing_visible_is_grey(fill, scene):
    result = fill(scene[0], np.zeros((3, 16, 16, 1)))
    np.testing.assert_allclose(result, 0, atol=1 / 255 + 1e-6)


def test_mean_colour_by_hand():
    images = np.float32([0.2, 0.4, 0.6, -1]).reshape(1, 2, 2, 1) * np.ones(3, np.float32)
    visibility = np.float32([1, 1, 1, 0]).reshape(1, 2, 2, 1)
    np.testing.assert_allclose(mean_colour(images, visibility)[0, 1, 1], [0.4] * 3, rtol=1e-6)


def test_telea_continues_an_edge_better_than_the_mean():
    images = np.full((1, 32, 32, 3), -0.8, np.float32)
    images[:, :, 16:] = 0.8
    visibility = np.ones((1, 32, 32, 1), np.float32)
    visibility[:, 12:20, 10:22] = 0
    errors = [np.abs(fill(images, visibility) - images).mean() for fill in (telea, mean_colour)]
    assert errors[0] < errors[1] / 3
