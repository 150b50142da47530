"""What a small picture keeps of a large one: anti-aliased down-sampling by a whole number.

Every kernel is linear and separable. Bicubic and Lanczos grow with the factor, so that a new pixel
weighs all that it covers, and their weights add up to 1 at the borders too: the definition of
Pillow's `Image.resize`. Over whole blocks of pixels, "average" is the area kernel.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from aign_tf.errors import UserError

KERNELS = ("average", "bicubic", "lanczos")

LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in brightness (ITU-R BT.601)."""


def downsampled(
    pictures: tf.Tensor, factor: int, kernel: str = "average", grey: bool = False
) -> tf.Tensor:
    """Pictures whose sides are `factor` times shorter.

    Args:
      pictures: float32 `[B, H, W, C]`; H and W are known and multiples of `factor`.
      factor: k, at least 1.
      kernel: of `KERNELS`. At edges, all but "average" go beyond the range of the pictures.
      grey: brightness instead of colour; then C is 3.

    Returns:
      `[B, H / k, W / k, C]`, or 1 channel if `grey`.

    Raises:
      UserError: there is no such kernel.
      ValueError: H or W is unknown or no multiple of `factor`.
    """
    known_kernel(kernel)
    _, height, width, _ = pictures.shape
    if not (height and width) or height % factor or width % factor:
        raise ValueError(f"factor {factor} does not divide the sides of pictures {pictures.shape}")
    if grey:
        pictures = tf.tensordot(pictures, tf.reshape(tf.constant(LUMA), (3, 1)), 1)
    if kernel == "average":
        return _average(pictures, factor)
    return _filtered(pictures, factor, _FILTERS[kernel])


def known_kernel(kernel: str) -> str:
    """`kernel`; raises `UserError` if there is no such one."""
    if kernel not in KERNELS:
        raise UserError(f"no kernel {kernel!r}: use one of {', '.join(KERNELS)}")
    return kernel


def _average(pictures: tf.Tensor, factor: int) -> tf.Tensor:
    """Rows, then columns: faster than pooling, and float32 where GPUs round factors of products."""
    _, height, width, channels = pictures.shape
    rows = tf.reduce_mean(tf.reshape(pictures, (-1, factor, width * channels)), axis=1)
    pixels = tf.reduce_mean(tf.reshape(rows, (-1, factor, channels)), axis=1)
    return tf.reshape(pixels, (-1, height // factor, width // factor, channels))


def _filtered(
    pictures: tf.Tensor, factor: int, weight: Callable[[np.ndarray], np.ndarray]
) -> tf.Tensor:
    """Products with constant matrices, one for the rows and one for the columns."""
    _, height, width, channels = pictures.shape
    flat = tf.reshape(pictures, (-1, height, width * channels))
    rows = tf.matmul(_matrix(height, factor, weight), flat)
    rows = tf.reshape(rows, (-1, height // factor, width, channels))
    return tf.matmul(_matrix(width, factor, weight), rows)


def _matrix(size: int, factor: int, weight: Callable[[np.ndarray], np.ndarray]) -> tf.Tensor:
    """float32 `[size / factor, size]`: row i weighs the old pixels in the new pixel i."""
    old = np.arange(size) + 0.5
    new = np.arange(size // factor)[:, None] + 0.5
    weights = weight(np.abs(old / factor - new))
    return tf.constant(weights / weights.sum(axis=1, keepdims=True), tf.float32)


def _bicubic(x: np.ndarray) -> np.ndarray:
    """Keys (1981), a = -0.5, at distances x >= 0 in new pixels."""
    near = (1.5 * x - 2.5) * x**2 + 1.0
    far = ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    return np.where(x < 1.0, near, np.where(x < 2.0, far, 0.0))


def _lanczos(x: np.ndarray) -> np.ndarray:
    """Three lobes (Duchon 1979), at distances x >= 0 in new pixels."""
    return np.where(x < 3.0, np.sinc(x) * np.sinc(x / 3.0), 0.0)


_FILTERS = {"bicubic": _bicubic, "lanczos": _lanczos}
