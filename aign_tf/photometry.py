"""How far a picture is from another one that shows the same, pixel by pixel, and what is smooth.

Pictures are float `[N, H, W, C]` in [-1, 1]; results are float32 `[N, H, W, 1]`, or a scalar where
it is said.
"""

from __future__ import annotations

import tensorflow as tf

SSIM_SHARE = 0.85
"""Of the photometric error (Godard et al. 2017, equation 2); the rest is absolute difference."""

# Wang et al. 2004, for values that span 2.
_C1, _C2 = (0.01 * 2) ** 2, (0.03 * 2) ** 2


def photometric_error(seen: tf.Tensor, image: tf.Tensor, ssim_share: float) -> tf.Tensor:
    """ssim_share (1 - SSIM) / 2 + (1 - ssim_share) |difference| / 2, the mean of the channels.

    Between 0 and 1. Source: Godard et al. 2017, equation 2.
    """
    error = (1.0 - ssim_share) * 0.5 * tf.abs(seen - image)
    if ssim_share > 0:
        error += ssim_share * dissimilarity(seen, image)
    return tf.reduce_mean(error, axis=-1, keepdims=True)


def dissimilarity(one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    """(1 - SSIM) / 2 in [0, 1] over windows of 3x3 pixels, `[N, H, W, C]`.

    Source: Wang et al. 2004, equation 13, with the plain window of Godard et al. 2017.
    """

    def mean(values):
        return tf.nn.avg_pool2d(values, 3, 1, "SAME")

    mean_one, mean_other = mean(one), mean(other)
    squares, product = mean_one**2 + mean_other**2, mean_one * mean_other
    variances = mean(one**2 + other**2) - squares
    covariance = mean(one * other) - product
    ssim = (2 * product + _C1) * (2 * covariance + _C2)
    ssim /= (squares + _C1) * (variances + _C2)
    return tf.clip_by_value((1.0 - ssim) / 2.0, 0.0, 1.0)


def roughness(log_depth: tf.Tensor, image: tf.Tensor) -> tf.Tensor:
    """Scalar: slopes of disparity, by its mean, where the picture has no edge.

    mean |d disparity| exp(-|d picture|) over x and y, which does not depend on the scale of the
    depth. Source: Godard et al. 2019, equation 3.

    Args:
      log_depth: `[N, H, W, 1]`.
      image: `[N, H, W, C]`.
    """
    disparity = tf.exp(-log_depth)
    disparity /= tf.reduce_mean(disparity, axis=[1, 2], keepdims=True)
    # Differences in [-1, 1] are twice those of the source's pictures in [0, 1].
    image = 0.5 * image

    def along(values, axis):
        length = values.shape[axis]
        return tf.gather(values, tf.range(1, length), axis=axis) - tf.gather(
            values, tf.range(length - 1), axis=axis
        )

    total = 0.0
    for axis in (1, 2):
        edges = tf.reduce_mean(tf.abs(along(image, axis)), axis=-1, keepdims=True)
        total += tf.reduce_mean(tf.abs(along(disparity, axis)) * tf.exp(-edges))
    return total
