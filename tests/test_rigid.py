"""Rigid motions: against SciPy and each other, and smooth where nothing moves."""

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import tensorflow as tf
from scipy.spatial.transform import Rotation

from aign_tf import rigid

NUMBERS = st.lists(st.floats(-4, 4), min_size=6, max_size=6)
# All of them below, at or about the length where the series ends.
TINY = st.floats(-1e-2, 1e-2) | st.sampled_from([0.0, 1e-30, -1e-20, 1e-8, 0.0099999, 0.01])
SMALL_OR_NOT = st.tuples(TINY, TINY, TINY) | st.tuples(*[st.floats(-4, 4)] * 3)


@hypothesis.given(SMALL_OR_NOT)
def test_axis_and_angle_are_those_of_scipy(vector):
    rotation = rigid.rotation_from_axis_angle(tf.constant(vector, tf.float64))
    expected = Rotation.from_rotvec(vector).as_matrix()
    np.testing.assert_allclose(rotation, expected, rtol=0, atol=1e-14)


@hypothesis.given(st.tuples(*[st.floats(-1.5, 1.5)] * 3))
def test_sines_of_angles_turn_about_x_then_y_then_z(angles):
    rotation = rigid.rotation_from_sines(tf.constant(np.sin(angles)))
    expected = Rotation.from_euler("xyz", angles).as_matrix()
    np.testing.assert_allclose(rotation, expected, atol=1e-12)


@pytest.mark.parametrize("function", [rigid.rotation_from_axis_angle, rigid.rotation_from_sines])
@pytest.mark.parametrize("dtype", [tf.float32, tf.float64])
def test_nothing_is_exactly_no_turn_and_has_the_generators_as_gradient(function, dtype):
    nothing = tf.zeros((2, 3), dtype)
    with tf.GradientTape() as tape:
        tape.watch(nothing)
        rotation = function(nothing)
    np.testing.assert_array_equal(rotation, [np.eye(3)] * 2)
    assert rotation.dtype == dtype
    jacobian = tape.batch_jacobian(rotation, nothing)[0]
    for axis, unit in enumerate(np.eye(3)):
        np.testing.assert_array_equal(jacobian[..., axis], np.cross(unit, -np.eye(3)))


@pytest.mark.parametrize("size", [1e-30, 1e-4, 0.00999, 0.01001, 1.0, 3.0])
def test_gradients_of_axis_and_angle_agree_with_finite_differences(size):
    vector = size * np.array([[0.6, -0.64, 0.48]])
    theory, numeric = tf.test.compute_gradient(
        rigid.rotation_from_axis_angle, [vector], delta=max(1e-6, 1e-3 * size)
    )
    np.testing.assert_allclose(theory[0], numeric[0], atol=1e-6)


@hypothesis.given(st.tuples(*[st.floats(-2, 2) | st.sampled_from([-1.0, 1.0])] * 3))
def test_whatever_the_sines_the_rotation_is_one_with_a_finite_gradient(sines):
    sines = tf.constant(sines)
    with tf.GradientTape() as tape:
        tape.watch(sines)
        rotation = rigid.rotation_from_sines(sines)
        total = tf.reduce_sum(rotation[0])
    np.testing.assert_allclose(rotation @ tf.transpose(rotation), np.eye(3), atol=1e-6)
    assert np.all(np.isfinite(tape.gradient(total, sines)))


def motion(numbers):
    rotation = rigid.rotation_from_axis_angle(tf.constant(numbers[:3], tf.float64))
    return rotation.numpy(), np.array(numbers[3:])


@hypothesis.given(NUMBERS, st.tuples(*[st.floats(-100, 100)] * 3))
def test_the_inverse_moves_every_point_back(numbers, point):
    rotation, translation = motion(numbers)
    back, shift = map(np.asarray, rigid.inverse(rotation, translation))
    there = rotation @ point + translation
    np.testing.assert_allclose(back @ there + shift, point, atol=1e-12)


@hypothesis.given(NUMBERS)
def test_the_inverse_of_the_inverse_is_the_motion(numbers):
    again = rigid.inverse(*rigid.inverse(*motion(numbers)))
    for one, other in zip(again, motion(numbers)):
        np.testing.assert_allclose(one, other, atol=1e-13)


def test_leading_dimensions_are_kept_and_batches_may_be_open():
    def function(vector):
        rotation, translation = rigid.inverse(rigid.rotation_from_axis_angle(vector), vector)
        return rotation, translation, rigid.rotation_from_sines(vector)

    vector = tf.random.normal((5, 2, 3), seed=0) / 10.0
    compiled = tf.function(function, input_signature=[tf.TensorSpec((None, 2, 3))])
    for one, other, shape in zip(compiled(vector), function(vector), [(3, 3), (3,), (3, 3)]):
        assert one.shape == other.shape == (5, 2, *shape)
        np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: rigid.rotation_from_axis_angle(tf.zeros((2, 4))), "vector has shape (2, 4)"),
        (lambda: rigid.rotation_from_sines(tf.zeros((2, 1))), "sines has shape (2, 1)"),
        (lambda: rigid.inverse(tf.zeros((2, 3, 3)), tf.zeros((1, 3))), "expected (2, 3)"),
        (lambda: rigid.inverse(tf.zeros((2, 3, 4)), tf.zeros((2, 3))), "expected (2, 3, 3)"),
    ],
)
def test_wrong_shapes_are_named(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert message in str(error.value)
