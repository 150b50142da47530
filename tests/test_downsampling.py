"""Smaller pictures: blocks by hand, Pillow for every kernel, gradients."""

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from aign_tf.downsampling import KERNELS, LUMA, downsampled
from aign_tf.errors import UserError
from aign_tf.renderers.downsample import Downsample

PILLOW = {
    "average": Image.Resampling.BOX,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


def pictures(rows=2, height=16, width=24, channels=3):
    draw = np.random.default_rng(0)
    return draw.uniform(-1, 1, (rows, height, width, channels)).astype(np.float32)


def by_pillow(picture, factor, kernel):
    """`[H, W, C]`, every channel as a picture of floats."""
    height, width, channels = picture.shape
    small = (width // factor, height // factor)
    layers = [
        Image.fromarray(np.ascontiguousarray(picture[..., c])).resize(small, PILLOW[kernel])
        for c in range(channels)
    ]
    return np.stack([np.asarray(layer) for layer in layers], axis=-1)


def test_every_kernel_is_compared_with_pillow():
    assert set(PILLOW) == set(KERNELS)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("factor, height, width", [(2, 16, 24), (4, 16, 32), (3, 9, 6), (8, 8, 16)])
def test_it_is_the_resize_of_pillow_borders_too(kernel, factor, height, width):
    large = pictures(height=height, width=width)
    small = downsampled(large, factor, kernel)
    assert small.shape == (2, height // factor, width // factor, 3)
    for row in range(2):
        np.testing.assert_allclose(small[row], by_pillow(large[row], factor, kernel), atol=1e-5)


def test_an_average_by_hand():
    large = np.float32([[0, 2, 8, 0], [4, 6, 0, 0]])[None, ..., None]
    np.testing.assert_array_equal(downsampled(large, 2)[0, ..., 0], [[3, 2]])


def test_bicubic_by_hand():
    # One row of four to two: distances .25 .25 .75 1.25 have weights 111 111 29 -9 over 128, and
    # the fifth pixel of the window lies outside the picture.
    large = np.float32([[1, 0, 0, 0], [1, 0, 0, 0]])[None, ..., None]
    near = 1.5 * 0.25**3 - 2.5 * 0.25**2 + 1
    middle = 1.5 * 0.75**3 - 2.5 * 0.75**2 + 1
    far = -0.5 * 1.25**3 + 2.5 * 1.25**2 - 4 * 1.25 + 2
    expected = np.float32([near, far]) / (2 * near + middle + far)
    np.testing.assert_allclose(downsampled(large, 2, "bicubic")[0, 0, :, 0], expected, rtol=1e-5)


@pytest.mark.parametrize("kernel", KERNELS)
def test_factor_one_changes_nothing(kernel):
    np.testing.assert_allclose(downsampled(pictures(), 1, kernel), pictures(), atol=1e-6)


@hypothesis.given(st.sampled_from(KERNELS), st.floats(-1, 1, width=32), st.sampled_from([2, 4, 8]))
def test_one_colour_stays_that_colour_up_to_the_border(kernel, value, factor):
    small = downsampled(np.full((1, 16, 16, 3), value, np.float32), factor, kernel)
    np.testing.assert_allclose(small, np.full_like(small, value), atol=1e-6)


def test_stripes_alias_in_no_kernel():
    stripes = np.tile(np.float32([1, -1]), (1, 32, 16))[..., None]
    for kernel in KERNELS:
        assert np.abs(downsampled(stripes, 4, kernel)[:, :, 2:-2]).max() < 0.02


@pytest.mark.parametrize("kernel", KERNELS)
def test_grey_is_the_brightness_of_the_colours(kernel):
    colour = downsampled(pictures(), 4, kernel)
    grey = downsampled(pictures(), 4, kernel, grey=True)
    assert grey.shape == (2, 4, 6, 1)
    np.testing.assert_allclose(grey[..., 0], np.dot(colour, LUMA), atol=1e-6)


def test_white_and_black_are_as_bright_in_grey():
    for value in (-1, 1):
        grey = downsampled(np.full((1, 4, 4, 3), value, np.float32), 4, grey=True)
        np.testing.assert_allclose(grey, [[[[value]]]], rtol=1e-6)


def test_grey_lets_colour_change():
    green = np.float32([0.1, 0.2, 0.3])
    shift = np.float32([LUMA[1], -LUMA[0], 0]) * 0.5  # Red for green at the same brightness.
    small = [
        downsampled(np.tile(colour, (1, 4, 4, 1)), 4, grey=True)
        for colour in (green, green + shift)
    ]
    np.testing.assert_allclose(*small, atol=1e-6)


@pytest.mark.parametrize("grey", [False, True])
@pytest.mark.parametrize("kernel", KERNELS)
def test_gradients_agree_with_finite_differences(kernel, grey):
    theory, numeric = tf.test.compute_gradient(
        lambda face: tf.sin(downsampled(face, 2, kernel, grey)),
        [pictures(rows=1, height=4, width=6)],
        delta=1e-2,
    )
    np.testing.assert_allclose(theory[0], numeric[0], atol=1e-3)


def test_the_gradient_of_an_average_is_shared_by_its_block():
    face = tf.constant(pictures())
    with tf.GradientTape() as tape:
        tape.watch(face)
        corner = tf.reduce_sum(downsampled(face, 4)[:, 0, 0])
    expected = np.zeros(face.shape)
    expected[:, :4, :4] = 1 / 16
    np.testing.assert_array_equal(tape.gradient(corner, face), expected)


@pytest.mark.parametrize("kernel", ["average", "bicubic"])
def test_it_compiles(kernel):
    compiled = tf.function(lambda x: downsampled(x, 4, kernel, grey=True), jit_compile=True)
    expected = downsampled(pictures(), 4, kernel, grey=True)
    np.testing.assert_allclose(compiled(pictures()), expected, atol=1e-6)


def test_it_takes_any_batch():
    signature = [tf.TensorSpec((None, 8, 8, 3), tf.float32)]
    function = tf.function(lambda x: downsampled(x, 2, "bicubic"), input_signature=signature)
    for rows in (1, 5):
        large = pictures(rows, 8, 8)
        np.testing.assert_allclose(function(large), downsampled(large, 2, "bicubic"), atol=1e-6)


@pytest.mark.parametrize("height, width", [(10, 8), (8, 10)])
def test_sides_that_do_not_divide(height, width):
    with pytest.raises(
        ValueError, match=rf"factor 4 does not divide .*\(2, {height}, {width}, 3\)"
    ):
        Downsample(4)({"face": pictures(height=height, width=width)}, {})


def test_sides_that_are_not_known():
    signature = [tf.TensorSpec((None, None, 8, 3), tf.float32)]
    with pytest.raises(ValueError, match="factor 4 does not divide"):
        tf.function(lambda x: downsampled(x, 4), input_signature=signature).get_concrete_function()


def test_an_unknown_kernel():
    message = "no kernel 'nearest': use one of average, bicubic, lanczos"
    for make in (lambda: Downsample(4, "nearest"), lambda: downsampled(pictures(), 4, "nearest")):
        with pytest.raises(UserError) as error:
            make()
        assert str(error.value) == message
