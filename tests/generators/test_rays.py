"""Rays of pixels by the lens, in pixels."""

import keras
import numpy as np
import tensorflow as tf

from aign_tf import compat
from aign_tf.generators.rays import Rays


def test_rays_are_those_of_the_pixels():
    focal, centre = np.float32([[40, 50], [10, 10]]), np.float32([[3, 1], [0, -2]])
    rays = Rays(4, 6)([focal, centre]).numpy()
    assert rays.shape == (2, 4, 6, 2)
    for row in range(2):
        np.testing.assert_allclose(rays[row, 3, 5], ([5, 3] - centre[row]) / focal[row], rtol=1e-6)
        np.testing.assert_allclose(rays[row, 0, 0], -centre[row] / focal[row], rtol=1e-6)
    # At the principal point the ray is the optical axis.
    np.testing.assert_array_equal(rays[0, 1, 3], [0, 0])


def test_a_lens_without_a_focal_length_has_finite_rays():
    assert np.all(np.isfinite(Rays(4, 6)([tf.zeros((1, 2)), tf.zeros((1, 2))])))


def test_it_survives_its_config_and_computes_in_float32():
    with compat.precision("bfloat16"):
        again = keras.layers.deserialize(keras.layers.serialize(Rays(4, 6)))
    assert (again.height, again.width) == (4, 6)
    assert again.compute_dtype == "float32"
