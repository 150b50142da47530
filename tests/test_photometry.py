"""How far pictures are apart, by hand and between bounds, and what counts as smooth."""

import hypothesis
import hypothesis.extra.numpy as arrays
import hypothesis.strategies as st
import numpy as np
import pytest
import tensorflow as tf

from aign_tf.photometry import dissimilarity, photometric_error, roughness, with_blurred

SHAPE = (2, 7, 9, 3)
PIXELS = st.floats(-1, 1, width=32) | st.sampled_from([-1.0, 0.0, 1.0])
PICTURES = arrays.arrays(np.float32, SHAPE, elements=PIXELS)
SHARES = st.sampled_from([0.0, 0.3, 0.85, 1.0])


def pictures(seed=0, shape=SHAPE, least=-1.0, most=1.0):
    return np.random.default_rng(seed).uniform(least, most, shape).astype(np.float32)


def brightness(picture):
    return picture.mean(axis=-1, keepdims=True)


# Structural similarity.


def windows(picture):
    """The 3x3 pixels round each one, `[N, H, W, C, 9]`; at the border, pixels repeat."""
    padded = np.pad(picture.astype(np.float64), [(0, 0), (1, 1), (1, 1), (0, 0)], "edge")
    views = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    return views.reshape(*picture.shape, 9)


def ssim(one, other):
    """Wang et al. 2004, equation 13, window by window, of values that span 2."""
    (a, b), (c1, c2) = map(windows, (one, other)), ((0.01 * 2) ** 2, (0.03 * 2) ** 2)
    mean_a, mean_b = a.mean(axis=-1), b.mean(axis=-1)
    covariance = ((a - mean_a[..., None]) * (b - mean_b[..., None])).mean(axis=-1)
    brightnesses = (2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)
    return brightnesses * (2 * covariance + c2) / (a.var(axis=-1) + b.var(axis=-1) + c2)


@pytest.mark.parametrize("noise", [0.03, 0.3, 2.0])
def test_dissimilarity_is_that_of_all_windows(noise):
    one = pictures(0)
    other = np.clip(one + noise * pictures(1), -1, 1)
    expected = (1 - ssim(one, other)) / 2
    assert np.ptp(expected) > 0.01
    np.testing.assert_allclose(dissimilarity(one, other), expected, atol=1e-4)


def test_dissimilarity_of_flat_pictures_by_hand():
    one, other = np.full(SHAPE, 0.5, np.float32), np.full(SHAPE, -0.5, np.float32)
    c1 = (0.01 * 2) ** 2
    expected = (1 - (-0.5 + c1) / (0.5 + c1)) / 2
    np.testing.assert_allclose(dissimilarity(one, other), np.full(SHAPE, expected), atol=1e-4)


@hypothesis.settings(max_examples=30)
@hypothesis.given(PICTURES, PICTURES)
def test_dissimilarity_is_between_0_and_1_and_the_same_both_ways(one, other):
    found = dissimilarity(one, other).numpy()
    assert found.min() >= 0 and found.max() <= 1
    np.testing.assert_allclose(found, dissimilarity(other, one), atol=1e-5)
    np.testing.assert_allclose(dissimilarity(one, one), np.zeros(SHAPE), atol=1e-4)


# The photometric error.


@hypothesis.settings(max_examples=30)
@hypothesis.given(PICTURES, PICTURES, SHARES)
def test_errors_are_between_0_and_1_and_0_for_the_same_picture(one, other, share):
    found = photometric_error(one, other, share).numpy()
    assert found.dtype == np.float32 and found.shape == (*SHAPE[:3], 1)
    assert found.min() >= -1e-6 and found.max() <= 1 + 1e-6
    np.testing.assert_allclose(photometric_error(one, one, share), 0 * found, atol=1e-4)


def test_black_against_white_is_1():
    white = np.ones(SHAPE, np.float32)
    for share in (0.0, 0.85, 1.0):
        error = photometric_error(white, -white, share)
        np.testing.assert_allclose(error, np.ones((*SHAPE[:3], 1)), atol=1e-3)


@pytest.mark.parametrize("share", [0.0, 0.85, 1.0])
def test_the_error_is_a_share_of_each_part(share):
    one, other = pictures(0), pictures(1)
    difference = np.abs(one - other).mean(axis=-1, keepdims=True) / 2
    structure = (1 - ssim(brightness(one), brightness(other))) / 2
    expected = share * structure + (1 - share) * difference
    np.testing.assert_allclose(photometric_error(one, other, share), expected, atol=1e-4)


def test_another_colour_of_the_same_brightness_differs_in_no_structure():
    one = pictures(0)
    other = np.roll(one, 1, axis=-1)
    np.testing.assert_allclose(
        photometric_error(one, other, 1.0), np.zeros((*SHAPE[:3], 1)), atol=1e-4
    )
    assert np.mean(photometric_error(one, other, 0.0)) > 0.1


@pytest.mark.parametrize("share", [0.0, 0.85, 1.0])
def test_blurred_copies_count_as_much_as_the_picture_by_their_difference_alone(share):
    one, other = pictures(0, (*SHAPE[:3], 9)), pictures(1, (*SHAPE[:3], 9))
    fine = photometric_error(one[..., :3], other[..., :3], share)
    copies = np.abs(one - other)[..., 3:].mean(axis=-1, keepdims=True) / 2
    error = photometric_error(one, other, share)
    np.testing.assert_allclose(error, (fine + 2 * copies) / 3, atol=1e-5)


@pytest.mark.parametrize("value", [-1.0, 0.0, 0.7])
def test_gradients_of_flat_and_of_equal_pictures_are_finite(value):
    flat, rough = tf.fill(SHAPE, value), tf.constant(pictures())
    for one, other in ((flat, flat), (flat, rough), (rough, rough)):
        with tf.GradientTape() as tape:
            tape.watch(one)
            error = tf.reduce_sum(photometric_error(one, other, 0.85))
        assert np.all(np.isfinite(tape.gradient(error, one)))


def test_gradients_of_the_error_agree_with_finite_differences():
    # Differences of one sign, so that no step crosses the corner of an absolute value.
    shape = (1, 3, 4, 3)
    one, other = pictures(0, shape, most=-0.1), pictures(1, shape, least=0.1)
    shares = pictures(2, (*shape[:3], 1))
    (exact,), (near,) = tf.test.compute_gradient(
        lambda picture: tf.reduce_sum(shares * photometric_error(picture, other, 0.6)),
        [one],
        delta=1e-2,
    )
    assert np.abs(exact).max() > 0.05
    np.testing.assert_allclose(exact, near, atol=5e-3)


# Blurred copies.


@pytest.mark.parametrize("blurs", [0, 1, 3])
def test_copies_stand_behind_the_picture(blurs):
    one = pictures(shape=(2, 32, 48, 3))
    found = with_blurred(one, blurs).numpy()
    assert found.shape == (2, 32, 48, 3 * (1 + blurs))
    np.testing.assert_array_equal(found[..., :3], one)


def test_one_colour_stays_one_colour():
    flat = np.tile(np.float32([0.2, -0.7, 1.0]), (1, 32, 48, 1))
    found = with_blurred(flat, 3)
    np.testing.assert_allclose(found, np.tile(flat, (1, 1, 1, 4)), atol=1e-5)


def test_each_copy_is_smoother_than_the_one_before():
    copies = np.split(with_blurred(pictures(shape=(2, 32, 48, 3)), 3).numpy(), 4, axis=-1)
    steps = [np.abs(np.diff(copy, axis=2)).mean() for copy in copies]
    assert all(finer > 2 * coarser for finer, coarser in zip(steps, steps[1:]))
    assert all(np.abs(copy).max() <= 1 for copy in copies)


@pytest.mark.parametrize(
    "width",
    [54, 48],
)
def test_what_moves_moves_as_far_in_its_blurred_copies(width):
    x = np.arange(width, dtype=np.float32)

    def middles(place):
        """Of a bump at that place: in the picture and its copies, over 3 and 9 pixels."""
        bump = np.exp(-(((x - place) / 6) ** 2) / 2)
        copies = with_blurred(np.tile(bump[None, None, :, None], (1, 27, 1, 1)), 2).numpy()[0]
        return (copies * x[:, None]).sum(axis=(0, 1)) / copies.sum(axis=(0, 1))

    np.testing.assert_allclose(middles(32.0) - middles(18.0), 14.0, rtol=0.03)


# Roughness.

MAP = (2, 6, 8, 1)


def flat_picture(channels=3):
    return np.zeros((*MAP[:3], channels), np.float32)


def test_roughness_of_a_ramp_by_hand():
    """Disparities 1 to 8 over their mean, 4.5: slopes of 1 / 4.5 to the right, and none down."""
    disparity = np.broadcast_to(np.arange(1.0, 9.0, dtype=np.float32)[:, None], MAP)
    found = roughness(tf.constant(-np.log(disparity)), flat_picture())
    assert float(found) == pytest.approx(1 / 4.5, rel=1e-5)


def test_constant_depths_are_not_rough():
    assert float(roughness(tf.fill(MAP, 1.3), pictures(shape=(*MAP[:3], 3)))) == 0


@hypothesis.settings(max_examples=20)
@hypothesis.given(arrays.arrays(np.float32, MAP, elements=st.floats(-2, 2, width=32)), PIXELS)
def test_roughness_does_not_depend_on_the_scale_of_each_map(log_depth, shift):
    picture = pictures(shape=(*MAP[:3], 3))
    scale = np.float32([3 * shift, -shift])[:, None, None, None]
    found = float(roughness(log_depth, picture))
    assert found >= 0
    assert float(roughness(log_depth + scale, picture)) == pytest.approx(found, rel=1e-3, abs=1e-5)


def test_steps_of_depth_cost_less_where_the_picture_has_an_edge():
    log_depth = np.zeros(MAP, np.float32)
    log_depth[:, :, 4:] = 1.0
    edge_there, edge_elsewhere = flat_picture(), flat_picture()
    edge_there[:, :, 4:], edge_elsewhere[:, :, 2:] = 1.0, 1.0
    none, there, elsewhere = (
        float(roughness(log_depth, picture))
        for picture in (flat_picture(), edge_there, edge_elsewhere)
    )
    assert elsewhere == pytest.approx(none, rel=1e-5)
    # exp(-1/2) of the slope: half a step between black and white.
    assert there == pytest.approx(np.exp(-0.5) * none, rel=1e-5)


def test_rows_and_columns_count_alike():
    log_depth, picture = pictures(shape=MAP), pictures(shape=(*MAP[:3], 3))
    found = float(roughness(log_depth, picture))
    turned = (np.swapaxes(part, 1, 2) for part in (log_depth, picture))
    assert float(roughness(*turned)) == pytest.approx(found, rel=1e-5)


def test_roughness_pulls_a_bump_down():
    log_depth = np.zeros(MAP, np.float32)
    log_depth[:, 3, 3] = 0.5
    log_depth = tf.constant(log_depth)
    with tf.GradientTape() as tape:
        tape.watch(log_depth)
        total = roughness(log_depth, flat_picture())
    gradient = tape.gradient(total, log_depth).numpy()
    assert np.all(np.isfinite(gradient)) and np.all(gradient[:, 3, 3] > 0)
