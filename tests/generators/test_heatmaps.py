"""Points as pictures."""

import numpy as np

from aign_tf.generators.heatmaps import Heatmaps


def test_bumps_are_gaussians_of_two_pixels_at_the_points():
    to_pixel = 127 / 6  # From -3 to 3, first to last pixel.
    points = np.array([[[0.5, -1.25], [-3.0, 3.0]]], np.float32)
    maps = Heatmaps(-3.0, 3.0, 2.0)(points).numpy()
    assert maps.shape == (1, 128, 128, 2)
    rows, columns = np.mgrid[:128, :128]
    for channel, (x, y) in enumerate((points[0] + 3) * to_pixel):
        squared = (columns - x) ** 2 + (rows - y) ** 2
        np.testing.assert_allclose(maps[0, ..., channel], np.exp(-squared / 8), atol=1e-4)
    row, column = np.unravel_index(maps[0, ..., 0].argmax(), (128, 128))
    assert (column, row) == (round(3.5 * to_pixel), round(1.75 * to_pixel))


def test_a_point_outside_leaves_its_map_empty():
    maps = Heatmaps(0.0, 1.0, 1.0)(np.array([[[0.5, 2.0]]], np.float32)).numpy()
    assert maps.max() < 1e-6
