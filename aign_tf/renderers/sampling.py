"""Pictures read between their pixels.

Four gathers and two interpolations, which XLA fuses into one loop: on a CPU three times faster than
the resampler of TensorFlow Addons or the image transformer of TensorFlow Graphics. Only the
gradient by the picture, a scatter, is left to TensorFlow, whose own is deterministic on a GPU and
still fast there.
"""

from __future__ import annotations

import tensorflow as tf

from aign_tf.geometry import check_shape


def sample(image: tf.Tensor, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """Bilinear values of a picture at places between its pixels.

    Places outside are moved to the nearest one inside and have no gradient by `x` and `y`; at a
    pixel this gradient is that towards the next pixel. At whole numbers the values are exactly
    those of the picture. Where a place is not a number, so is the value.

    Args:
      image: `[B, H, W, C]`, H and W at least 2 and known.
      x, y: `[B, h, w]`, pixels, (0, 0) being the centre of the first one. Of the type of `image`.

    Returns:
      `[B, h, w, C]`.

    Raises:
      ValueError: The shapes are others.
    """
    image, x, y = (tf.convert_to_tensor(tensor) for tensor in (image, x, y))
    check_shape("image", image, (None, None, None, None))
    check_shape("x", x, (image.shape[0], None, None))
    check_shape("y", y, x.shape)
    if min(image.shape[1:3]) < 2:
        raise ValueError(f"image has shape {image.shape}, expected two rows and columns at least")
    return _sample(image, x, y)


@tf.custom_gradient
def _sample(image, x, y):
    def gradient(upstream):
        return _scattered(image, x, y, upstream), *_slopes(image, x, y, upstream)

    return _mixed(image, x, y), gradient


@tf.function(jit_compile=True, autograph=False)
def _mixed(image: tf.Tensor, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    corners, right, down = _corners(image, x, y)
    pixels = tf.reshape(image, (-1, image.shape[-1]))
    right, down = right[..., tf.newaxis], down[..., tf.newaxis]
    # Sums of shares, not a + (b - a) t, are exact for a share of 1 as well as of 0.
    upper, lower = (
        tf.gather(pixels, one) * (1.0 - right) + tf.gather(pixels, other) * right
        for one, other in (corners[:2], corners[2:])
    )
    return upper * (1.0 - down) + lower * down


@tf.function(jit_compile=True, autograph=False)
def _slopes(image, x, y, upstream) -> tuple[tf.Tensor, tf.Tensor]:
    """Gradients by x and y."""
    corners, right, down = _corners(image, x, y)
    pixels = tf.reshape(image, (-1, image.shape[-1]))
    # The sum over the channels comes first: one number of each corner remains.
    a, b, c, d = (tf.reduce_sum(upstream * tf.gather(pixels, k), axis=-1) for k in corners)
    return (
        _inside(x, image.shape[2]) * ((b - a) * (1.0 - down) + (d - c) * down),
        _inside(y, image.shape[1]) * ((c - a) * (1.0 - right) + (d - b) * right),
    )


def _scattered(image, x, y, upstream) -> tf.Tensor:
    """Gradient by the picture: every value hands its upstream back to its four pixels."""
    corners, right, down = _corners(image, x, y)
    right, down = right[..., tf.newaxis], down[..., tf.newaxis]
    upper, lower = upstream * (1.0 - down), upstream * down
    parts = upper * (1.0 - right), upper * right, lower * (1.0 - right), lower * right
    count = tf.reduce_prod(tf.shape(image)[:3])
    total = tf.add_n([tf.math.unsorted_segment_sum(*x, count) for x in zip(parts, corners)])
    return tf.reshape(total, tf.shape(image))


def _corners(image, x, y) -> tuple[list[tf.Tensor], tf.Tensor, tf.Tensor]:
    """The four pixels around each place, and where it is between them.

    Returns:
      Numbers `[B, h, w]` of the pixels upper left, upper right, lower left and lower right, counted
      through the whole batch; the shares of the right and of the lower pixels `[B, h, w]`.
    """
    height, width = image.shape[1:3]
    column, right = _split(x, width)
    row, down = _split(y, height)
    picture = tf.reshape(tf.range(tf.shape(image)[0]), (-1, 1, 1))
    first = (picture * height + row) * width + column
    return [first, first + 1, first + width, first + width + 1], right, down


def _split(x: tf.Tensor, size: int) -> tuple[tf.Tensor, tf.Tensor]:
    """The pixel before a place, which is never the last one, and the share of the next."""
    x = tf.clip_by_value(x, 0.0, size - 1.0)
    # Clipped again as a whole number, since what is not a number becomes any.
    pixel = tf.clip_by_value(tf.cast(x, tf.int32), 0, size - 2)
    return pixel, x - tf.cast(pixel, x.dtype)


def _inside(x: tf.Tensor, size: int) -> tf.Tensor:
    return tf.cast(tf.logical_and(x >= 0.0, x <= size - 1.0), x.dtype)
