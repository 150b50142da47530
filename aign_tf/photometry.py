"""How far a picture is from another one that shows the same, pixel by pixel, and what is smooth.

Pictures are float `[N, H, W, 3]` in [-1, 1], maybe with more channels behind RGB where it is said;
results are float32 `[N, H, W, 1]`, or a scalar where it is said.
"""

from __future__ import annotations

import tensorflow as tf

SSIM_SHARE = 0.85
"""Of the photometric error (Godard et al. 2017, equation 2); the rest is absolute difference."""

# Wang et al. 2004, for values that span 2.
_C1, _C2 = (0.01 * 2) ** 2, (0.03 * 2) ** 2


def with_blurred(pictures: tf.Tensor, blurs: int) -> tf.Tensor:
    """Pictures beside copies of themselves that are blurred over 3, 9, 27... pixels.

    Where a picture has to move by many pixels, only its blurred copies tell in which direction: the
    fine ones match by chance all the way.

    Args:
      pictures: `[N, H, W, C]`.
      blurs: how many copies.

    Returns:
      `[N, H, W, (1 + blurs) C]`.
    """
    height, width = pictures.shape[1:3]
    copies = [pictures]
    for level in range(1, blurs + 1):
        block = 3**level
        small = tf.nn.avg_pool2d(pictures, block, block, "SAME")
        # Blocks reach over the border: what is stretched back is larger than the picture.
        tall, wide = (block * size for size in small.shape[1:3])
        large = tf.image.resize(small, (tall, wide))
        top, left = (tall - height) // 2, (wide - width) // 2
        copies.append(large[:, top : top + height, left : left + width])
    return tf.concat(copies, axis=-1)


@tf.function(jit_compile=True, autograph=False)
def photometric_error(seen: tf.Tensor, image: tf.Tensor, ssim_share: float) -> tf.Tensor:
    """ssim_share (1 - SSIM) / 2 + (1 - ssim_share) |difference| / 2, between 0 and 1.

    The difference is the mean of the channels, SSIM that of their mean, the brightness. Source:
    Godard et al. 2017, equation 2, who take SSIM of each channel, for three times the work. Blurred
    copies, the channels after the third, count as much as the picture, by their difference alone.
    """
    copies = seen.shape[-1] // 3
    difference = 0.5 * tf.reduce_mean(tf.abs(seen - image), axis=-1, keepdims=True)
    if ssim_share == 0:
        return difference
    seen, image = seen[..., :3], image[..., :3]
    grey = (tf.reduce_mean(picture, axis=-1, keepdims=True) for picture in (seen, image))
    fine = 0.5 * tf.reduce_mean(tf.abs(seen - image), axis=-1, keepdims=True)
    return difference + ssim_share / copies * (dissimilarity(*grey) - fine)


def dissimilarity(one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    """(1 - SSIM) / 2 in [0, 1] over windows of 3x3 pixels, `[N, H, W, C]`.

    Source: Wang et al. 2004, equation 13, with the plain window of Godard et al. 2017.
    """

    def mean(values):
        # Sums of shifted pictures, which XLA fuses with all else. The border repeats.
        rows = tf.concat([values[:, :1], values, values[:, -1:]], axis=1)
        rows = rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]
        both = tf.concat([rows[:, :, :1], rows, rows[:, :, -1:]], axis=2)
        return (both[:, :, :-2] + both[:, :, 1:-1] + both[:, :, 2:]) / 9.0

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
