import numpy as np
import pytest
import tensorflow as tf

from aign_tf.metrics.image import PSNR_CAP_DB, as_float, completion_scores, psnr_db, ssim


@pytest.fixture
def pictures():
    rng = np.random.default_rng(0)
    a = rng.uniform(-1, 1, (2, 14, 12, 3)).astype(np.float32)
    return a, np.clip(a + rng.normal(0, 0.2, a.shape), -1, 1).astype(np.float32)


def ssim_map(a, b):
    """Wang et al., equation 13, one window at a time, for pictures [H, W, C] in 0..1."""
    offset = np.arange(-5, 6)
    window = np.exp(-(offset[:, None] ** 2 + offset**2) / (2 * 1.5**2))
    window = (window / window.sum())[..., None]
    a, b = (np.pad(x.astype(np.float64), [(5, 5), (5, 5), (0, 0)], "symmetric") for x in (a, b))
    result = np.zeros((a.shape[0] - 10, a.shape[1] - 10))
    for y, x in np.ndindex(result.shape):
        p, q = a[y : y + 11, x : x + 11], b[y : y + 11, x : x + 11]
        mean_p, mean_q = ((window * v).sum((0, 1)) for v in (p, q))
        var_p = (window * (p - mean_p) ** 2).sum((0, 1))
        var_q = (window * (q - mean_q) ** 2).sum((0, 1))
        covariance = (window * (p - mean_p) * (q - mean_q)).sum((0, 1))
        similarity = (2 * mean_p * mean_q + 0.01**2) * (2 * covariance + 0.03**2)
        similarity /= (mean_p**2 + mean_q**2 + 0.01**2) * (var_p + var_q + 0.03**2)
        result[y, x] = similarity.mean()
    return result


def test_psnr_by_hand():
    # A difference of 0.2 everywhere: 20 log10(2 / 0.2) = 20 dB. Of 2: 0 dB.
    a = np.zeros((2, 4, 4, 3))
    b = np.stack([a[0] + 0.2, a[1] - 2])
    np.testing.assert_allclose(psnr_db(a, b), [20, 0], atol=1e-9)
    np.testing.assert_allclose(psnr_db(a, b, peak=1.0), [13.9794, -6.0206], atol=1e-4)


def test_psnr_counts_the_pixels_of_the_mask_only():
    a, b, mask = np.zeros((1, 2, 2, 3)), np.zeros((1, 2, 2, 3)), np.zeros((1, 2, 2, 1))
    b[0, 0] = 0.02
    b[0, 1] = 1.9
    mask[0, 0] = 1
    np.testing.assert_allclose(psnr_db(a, b, mask), [40])


def test_psnr_of_identical_pictures_is_capped(pictures):
    np.testing.assert_array_equal(psnr_db(pictures[0], pictures[0]), [PSNR_CAP_DB] * 2)


def test_empty_mask_is_nan(pictures):
    a, b = pictures
    mask = np.zeros((2, 14, 12, 1))
    mask[1] = 1
    for metric in (psnr_db, ssim):
        result = metric(a, b, mask)
        assert np.isnan(result[0])
        assert result[1] == pytest.approx(metric(a, b)[1])


def test_ssim_equals_its_definition(pictures):
    a, b = pictures
    expected = np.stack([ssim_map((p + 1) / 2, (q + 1) / 2) for p, q in zip(a, b)])
    np.testing.assert_allclose(ssim(a, b), expected.mean((1, 2)), atol=1e-5)
    mask = np.zeros((2, 14, 12, 1))
    mask[:, :5, 3:] = 1
    np.testing.assert_allclose(ssim(a, b, mask), expected[:, :5, 3:].mean((1, 2)), atol=1e-5)


def test_ssim_of_identical_pictures_is_1_and_falls_with_noise(pictures):
    a, b = pictures
    np.testing.assert_allclose(ssim(a, a), 1, atol=1e-6)
    assert np.all(ssim(a, b) < 0.99)


def test_tensors_are_welcome(pictures):
    a, b = pictures
    for metric in (psnr_db, ssim):
        result = metric(tf.constant(a), tf.constant(b), tf.ones((2, 14, 12, 1)))
        assert isinstance(result, np.ndarray)
        np.testing.assert_allclose(result, metric(a, b))


def test_as_float():
    np.testing.assert_allclose(as_float(np.array([0, 255], np.uint8)), [-1, 1])
    assert as_float(np.array([0.25])).dtype == np.float32
    assert as_float(np.array([0.25])) == 0.25


def test_completion_is_scored_where_it_belongs():
    """The output counts where visible, the completed picture where hidden."""
    original = np.zeros((1, 16, 16, 3), np.float32)
    visible = np.ones((1, 16, 16, 1), np.float32)
    visible[:, :, 8:] = 0.0
    output = np.where(visible == 1, 0.2, 0.9).astype(np.float32) + original
    completed = np.where(visible == 1, 0.0, 0.02).astype(np.float32) + original
    scores = completion_scores(output, completed, original, visible)
    assert scores["rerender_psnr_db"] == pytest.approx(20.0, abs=1e-3)  # 20 log10(2 / 0.2)
    assert scores["hole_psnr_db"] == pytest.approx(40.0, abs=1e-3)
    assert 0.5 < scores["hole_ssim"] <= 1.0
