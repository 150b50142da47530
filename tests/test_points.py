"""Points of which some are not seen."""

import numpy as np
import pytest
import tensorflow as tf

from aign_tf import points

POINTS = tf.constant([[[1.0, 2.0, 7.0], [3.0, 2.0, 9.0], [100.0, -100.0, 1.0]]])
FIRST_TWO, NOTHING = tf.constant([[1.0, 1.0, 0.0]]), tf.zeros([1, 3])


def test_homogeneous_points_end_with_one():
    np.testing.assert_array_equal(points.homogeneous(POINTS[0, :2, :2]), [[1, 2, 1], [3, 2, 1]])


def test_shares_of_the_points_seen_add_up_to_one():
    np.testing.assert_array_equal(points.shares(FIRST_TWO), [[[0.5], [0.5], [0]]])
    np.testing.assert_array_equal(points.shares(NOTHING), np.zeros([1, 3, 1]))


def test_the_extent_is_that_of_the_points_seen_across_the_line_of_sight():
    mean, deviation = points.extent(POINTS, FIRST_TWO)
    np.testing.assert_allclose(mean, [[2, 2, 8]])
    np.testing.assert_allclose(deviation, [[1.0]])


def test_the_extent_of_nothing_and_of_one_point_is_small_but_not_zero():
    for confidence, middle in ((NOTHING, [0, 0]), (tf.constant([[0.0, 1.0, 0.0]]), [3, 2])):
        mean, deviation = points.extent(POINTS[..., :2], confidence)
        np.testing.assert_allclose(mean, [middle])
        assert float(deviation[0, 0]) == pytest.approx(1e-4)


def test_the_deviation_is_measured_from_the_origin():
    deviation = points.deviation(tf.constant([[[3.0, 4.0], [0.0, 1.0]]]), tf.fill([1, 2, 1], 0.5))
    np.testing.assert_allclose(deviation, [[np.sqrt((25 + 1) / 2)]])


def test_bones_lead_from_parent_to_child():
    vectors = points.bone_vectors(POINTS, [(0, 1), (2, 0)])
    np.testing.assert_array_equal(vectors, [[[2, 0, 2], [-99, 102, 6]]])
