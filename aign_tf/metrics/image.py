"""How much two pictures differ: PSNR and SSIM, over the whole picture or a part of it."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

PSNR_CAP_DB = 100.0
# SSIM looks at each pixel through a Gaussian window of this side and standard deviation.
SSIM_WINDOW = 11
SSIM_SIGMA = 1.5

# Of `completion_scores`, for people.
MEANINGS = {
    "rerender_psnr_db": (
        "visible pixels of `face` against the input, in dB; higher is better, at most 100"
    ),
    "hole_psnr_db": (
        "hidden pixels of `completed` against the original, in dB; a biased memory lowers it "
        "on purpose"
    ),
    "hole_ssim": "structural similarity there, at most 1; a biased memory lowers it on purpose",
}


def as_float(images) -> np.ndarray:
    """uint8 pictures -> float32 in [-1, 1]; float pictures keep their values."""
    images = np.asarray(images)
    if images.dtype == np.uint8:
        return images.astype(np.float32) / np.float32(127.5) - 1
    return images.astype(np.float32)


def psnr_db(a, b, mask=None, peak: float = 2.0) -> np.ndarray:
    """Peak signal-to-noise ratio of each picture in dB, `[B]`: 20 log10(peak / rmse).

    Args:
      a: pictures `[B, H, W, C]`.
      b: the pictures to compare them with, `[B, H, W, C]`.
      mask: `[B, H, W, 1]`, 1 where pixels count and 0 elsewhere; by default all count.
      peak: difference between white and black; 2 for pictures in [-1, 1].

    Returns:
      float64 `[B]`, at most `PSNR_CAP_DB` (identical pictures); NaN where the mask is empty.
    """
    squared = np.square(np.asarray(a, np.float64) - np.asarray(b, np.float64))
    mse = _masked_mean(squared.mean(axis=-1), mask)
    floor = peak**2 * 10 ** (-PSNR_CAP_DB / 10)
    return 10 * np.log10(peak**2 / np.maximum(mse, floor))


def ssim(a, b, mask=None) -> np.ndarray:
    """Structural similarity of each picture, `[B]`, in -1..1; 1 for identical pictures.

    Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment: from error visibility to structural
    similarity", 2004: Gaussian window, constants 0.01 and 0.03, mean over colour channels.

    Args:
      a: pictures `[B, H, W, C]` in [-1, 1].
      b: the pictures to compare them with, `[B, H, W, C]`.
      mask: `[B, H, W, 1]`, 1 where pixels count and 0 elsewhere; by default all count. The window
        of a counted pixel still reaches its neighbours outside the mask.

    Returns:
      float64 `[B]`; NaN where the mask is empty.
    """
    # Mirrored borders give every pixel a whole window, and so the map the size of the picture.
    # SSIM compares brightness by ratio, hence needs black at 0.
    half = SSIM_WINDOW // 2
    border = [(0, 0), (half, half), (half, half), (0, 0)]
    a, b = (np.pad((np.asarray(x, np.float32) + 1) / 2, border, mode="symmetric") for x in (a, b))
    similarity = tf.image.ssim(
        a, b, 1.0, filter_size=SSIM_WINDOW, filter_sigma=SSIM_SIGMA, return_index_map=True
    )
    return _masked_mean(similarity.numpy().astype(np.float64), mask)


def _masked_mean(values: np.ndarray, mask) -> np.ndarray:
    """Mean of `values` `[B, H, W]` over the pixels of `mask` `[B, H, W, 1]`; NaN if it is empty."""
    if mask is None:
        return values.mean(axis=(1, 2))
    weights = np.asarray(mask, np.float64)[..., 0]
    with np.errstate(invalid="ignore"):
        return (values * weights).sum(axis=(1, 2)) / weights.sum(axis=(1, 2))


def completion_scores(
    output: np.ndarray, completed: np.ndarray, original: np.ndarray, visible: np.ndarray
) -> dict[str, float]:
    """How faithful completed pictures are, as means over the pictures.

    Args:
      output: a network's whole pictures `[B, H, W, 3]` in [-1, 1].
      completed: the known pixels, and the output where they were hidden.
      original: the pictures before anything was hidden.
      visible: masks `[B, H, W, 1]`, 1 where visible.

    Returns:
      `rerender_psnr_db` of the output where visible; `hole_psnr_db` and `hole_ssim` of the
      completed pictures where hidden.
    """
    scores = {
        "rerender_psnr_db": psnr_db(output, original, visible),
        "hole_psnr_db": psnr_db(completed, original, 1.0 - visible),
        "hole_ssim": ssim(completed, original, 1.0 - visible),
    }
    return {name: float(np.mean(values)) for name, values in scores.items()}
