"""Bilinear values: those of SciPy, exact at pixels, with the right gradients."""

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from aign_tf.renderers.sampling import sample

HEIGHT, WIDTH = 4, 5
PLACES = st.floats(-3, 8) | st.sampled_from([0.0, 1.0, 3.0, 4.0, -1e6, 1e30])


def pictures(dtype=np.float64):
    draw = np.random.default_rng(0)
    return draw.uniform(-1, 1, (2, HEIGHT, WIDTH, 3)).astype(dtype)


@hypothesis.given(st.lists(st.tuples(PLACES, PLACES), min_size=6, max_size=6))
def test_values_are_those_of_scipy(places):
    x, y = np.reshape(np.transpose(places), (2, 2, 1, 3))
    values = sample(pictures(), x, y)
    for row, picture in enumerate(pictures()):
        inside = np.clip(y[row], 0, HEIGHT - 1), np.clip(x[row], 0, WIDTH - 1)
        for channel in range(3):
            expected = ndimage.map_coordinates(picture[..., channel], inside, order=1)
            np.testing.assert_allclose(values[row, ..., channel], expected, atol=1e-12)


def test_at_pixels_the_picture_comes_back_bit_for_bit():
    image = pictures(np.float32)
    x, y = np.meshgrid(np.arange(WIDTH, dtype=np.float32), np.arange(HEIGHT, dtype=np.float32))
    np.testing.assert_array_equal(sample(image, [x, x], [y, y]), image)


def test_gradients_agree_with_finite_differences():
    x, y = np.random.default_rng(1).uniform(0.1, 2.9, (2, 2, 1, 3))
    theory, numeric = tf.test.compute_gradient(sample, [pictures(), x, y], delta=1e-6)
    for exact, near in zip(theory, numeric):
        np.testing.assert_allclose(exact, near, atol=1e-8)


@pytest.mark.parametrize(
    "x, y, by_x, by_y",
    [
        (1.5, 1.5, 3, 10),
        (1.0, 1.0, 3, 10),  # At a pixel, towards the next one,
        (4.0, 3.0, 7, 10),  # at the last, from the one before,
        (-0.1, 1.5, 0, 10),  # and outside nothing brings a place back.
        (4.1, 1.5, 0, 10),
        (1.5, -0.1, 3, 0),
        (1.5, 3.1, 3, 0),
        (1e30, -1e30, 0, 0),
    ],
)
def test_gradients_by_the_place_by_hand(x, y, by_x, by_y):
    columns, rows = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    image = tf.constant(columns**2 + 10.0 * rows, tf.float64)[None, ..., None]
    place = [tf.constant([[[number]]], tf.float64) for number in (x, y)]
    with tf.GradientTape() as tape:
        tape.watch(place)
        value = sample(image, *place)
    np.testing.assert_allclose(np.ravel(tape.gradient(value, place)), (by_x, by_y))


def test_the_gradients_by_a_pixel_that_is_read_often_add_up():
    image, x, y = tf.constant(pictures()), np.full((2, 7, 1), 1.25), np.full((2, 7, 1), 2.0)
    with tf.GradientTape() as tape:
        tape.watch(image)
        total = tf.reduce_sum(sample(image, x, y))
    expected = np.zeros((2, HEIGHT, WIDTH, 3))
    expected[:, 2, 1:3] = 7 * np.array([[0.75], [0.25]])
    np.testing.assert_allclose(tape.gradient(total, image), expected)


def test_where_a_place_is_not_a_number_neither_is_the_value():
    x = np.array([[[np.nan, 1.0, 1.0]]] * 2)
    y = np.array([[[1.0, np.nan, 1.0]]] * 2)
    values = sample(pictures(), x, y)
    np.testing.assert_array_equal(
        np.isnan(values), np.tile([[[True], [True], [False]]], (2, 1, 1, 3))
    )


def test_an_open_batch_in_a_function_also_within_xla():
    image = pictures(np.float32)
    x, y = np.random.default_rng(1).uniform(-1, 6, (2, 2, HEIGHT, WIDTH)).astype(np.float32)

    def gradients(image, x, y):
        with tf.GradientTape() as tape:
            tape.watch([image, x, y])
            total = tf.reduce_sum(sample(image, x, y) ** 2)
        return tape.gradient(total, [image, x, y])

    specs = [tf.TensorSpec((None, *each.shape[1:])) for each in (image, x, y)]
    expected = gradients(*map(tf.constant, (image, x, y)))
    for xla in (False, True):
        compiled = tf.function(gradients, input_signature=specs, jit_compile=xla)
        for one, other in zip(compiled(image, x, y), expected):
            np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.parametrize(
    "image, x, y, message",
    [
        ((2, 4, 5), (2, 1, 1), (2, 1, 1), "image has shape (2, 4, 5), expected (None, None,"),
        ((2, 4, 5, 3), (1, 1, 1), (2, 1, 1), "x has shape (1, 1, 1), expected (2, None, None)"),
        ((2, 4, 5, 3), (2, 1, 2), (2, 1, 1), "y has shape (2, 1, 1), expected (2, 1, 2)"),
        ((2, 1, 5, 3), (2, 1, 1), (2, 1, 1), "expected at least 2 rows and 2 columns"),
    ],
)
def test_wrong_shapes_are_named(image, x, y, message):
    with pytest.raises(ValueError) as error:
        sample(*map(tf.zeros, (image, x, y)))
    assert message in str(error.value)
