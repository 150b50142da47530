"""Networks that make a large picture of a small one.

Input: `image` float `[B, S / k, S / k, C]` in [-1, 1], C 3 or, where grey, 1.
Output: `face` float32 `[B, S, S, 3]` in [-1, 1]; with an exact head also `draft`, before that head.
"""

from __future__ import annotations

import keras
import tensorflow as tf
from keras import layers

from aign_tf.errors import UserError
from aign_tf.layers import (
    Float32Layer,
    batch_normalization,
    merge_finer,
    normal_initializer,
    residual_block,
)

_REACH = 0.99
_TINY = 1e-12


def residual_super_resolver(
    size: int = 64,
    factor: int = 4,
    width: int = 64,
    blocks: int = 6,
    exact: bool = False,
    channels: int = 3,
) -> keras.Model:
    """Residual blocks at the small size, where they are cheap, then one doubling after the other.

    Each doubling is a bilinear resize between convolutions (see `merge_finer`) that sees the small
    picture again. The network changes that picture, enlarged bilinearly, and starts without any
    change.

    Args:
      size: S, a multiple of `factor`.
      factor: k, a power of two.
      width: channels at the small size; each doubling halves them.
      blocks: residual blocks at the small size.
      exact: the averages of k x k pixels are those of `image`, by `MatchAverages`; C is 3.
      channels: C.

    Raises:
      UserError: `size` and `factor` do not fit.
    """
    image = _input(size, factor, channels)
    x = start = layers.Conv2D(width, 3, padding="same", activation="relu")(image)
    for _ in range(blocks):
        x = residual_block(x, width)
    x = layers.Add()([x, start])
    for scale in _doublings(factor):
        x = merge_finer(x, _enlarged(image, scale), max(width // scale, 1))
    # Zero, so that training starts from the enlarged picture.
    change = layers.Conv2D(3, 3, padding="same", kernel_initializer="zeros", dtype="float32")(x)
    start = _enlarged(image, factor)
    if channels == 1:
        start = layers.Concatenate(dtype="float32")([start] * 3)
    return _model(image, ChangePicture()([start, change]), factor, exact)


def paper_super_resolver(
    size: int = 128, factor: int = 4, exact: bool = False, channels: int = 3
) -> keras.Model:
    """The paper's network, to the layer: 15 residual blocks of 64 channels, two doublings to 256.

    Args:
      size: S, a multiple of `factor`.
      factor: k, a power of two; the paper's is 4, and others double more or less often.
      exact, channels: as of `residual_super_resolver`; not in the paper.

    Raises:
      UserError: `size` and `factor` do not fit.
    """
    image = _input(size, factor, channels)

    def conv(x, width):
        return layers.Conv2D(width, 3, padding="same", kernel_initializer=normal_initializer())(x)

    def grow(x):
        return layers.Conv2DTranspose(
            256, 5, 2, padding="same", activation="relu", kernel_initializer=normal_initializer()
        )(x)

    x = start = layers.ReLU()(conv(image, 64))
    for _ in range(15):
        y = layers.ReLU()(batch_normalization()(conv(x, 64)))
        x = layers.Add()([x, batch_normalization()(conv(y, 64))])
    x = layers.Add()([start, batch_normalization()(conv(x, 64))])
    for _ in _doublings(factor):
        x = grow(x)
    face = layers.Activation("tanh", dtype="float32")(conv(x, 3))
    return _model(image, face, factor, exact)


@keras.saving.register_keras_serializable("aign_tf")
class ChangePicture(Float32Layer):
    """A picture changed within its range: tanh(atanh(0.99 picture) + change).

    Clipping the sum would keep the range too, but a pixel beyond it would get no gradient back.
    """

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        """`[picture [B, H, W, C] in [-1, 1], change [B, H, W, C]]` -> `[B, H, W, C]`."""
        picture, change = inputs
        picture = _REACH * tf.clip_by_value(picture, -1.0, 1.0)
        # TFLite has a logarithm, but no atanh.
        return tf.tanh(0.5 * tf.math.log((1.0 + picture) / (1.0 - picture)) + change)


@keras.saving.register_keras_serializable("aign_tf")
class MatchAverages(Float32Layer):
    """Moves every block of k x k pixels to a given average, channel by channel.

    A block of mean m that is to have the mean y > m keeps an equal share of each distance to white,

        x' = 1 - (1 - x) (1 - y) / (1 - m),

    and one that is to be darker keeps a share of the distances to black. Its mean is then y, x' is
    in [-1, 1] and a block that matches already stays. The nearest block of that mean would be
    x + y - m, which leaves the range, and clipped it would match no more.

    Args:
      factor: k.
    """

    def __init__(self, factor: int, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        """`[face [B, H, W, C], image [B, H / k, W / k, C]]`, both in [-1, 1] -> `[B, H, W, C]`.

        An `image` beyond the range, as sharp kernels make it, is clipped: no face has it.

        Raises:
          ValueError: the face is not k times larger than the image.
        """
        face, image = inputs
        _, rows, columns, channels = image.shape
        large = (rows * self.factor, columns * self.factor, channels)
        if not face.shape[1:].is_compatible_with(large):
            raise ValueError(f"face has shape {face.shape}, expected {(None, *large)}")
        blocks = tf.reshape(face, (-1, self.factor, columns, self.factor, channels))
        target = tf.reshape(tf.clip_by_value(image, -1.0, 1.0), (-1, 1, columns, 1, channels))
        matched = tf.reshape(_matched(blocks, target), (-1, *large))
        # What is left to clip is rounding.
        return tf.clip_by_value(matched, -1.0, 1.0)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


def _matched(blocks: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """Blocks `[N, k, w, k, C]` moved to the means `[N, 1, w, 1, C]`."""

    def mean(x):
        return tf.reduce_mean(x, axis=(1, 3), keepdims=True)

    limit = tf.where(target > mean(blocks), 1.0, -1.0)
    # Means of distances, unlike those of values, keep their digits where a block is near white.
    room = 1.0 - limit * blocks
    # A block that is at the limit already has no room and needs none: 0 / _TINY.
    share = (1.0 - limit * target) / tf.maximum(mean(room), _TINY)
    return limit * (1.0 - room * share)


def check_sizes(size: int, factor: int) -> None:
    """Raises `UserError` where faces of `size` pixels cannot be `factor` times larger."""
    if factor < 2 or factor & (factor - 1):
        raise UserError(f"faces {factor} times larger: the factor is a power of two, 2 at least")
    if size < factor or size % factor:
        raise UserError(f"faces of {size} pixels, {factor} times larger: {factor} must divide them")


def _input(size: int, factor: int, channels: int):
    check_sizes(size, factor)
    return keras.Input((size // factor, size // factor, channels), name="image")


def _doublings(factor: int) -> list[int]:
    """2, 4, ... up to `factor`, a power of two."""
    return [2**power for power in range(1, factor.bit_length())]


def _enlarged(image, scale: int):
    return layers.UpSampling2D(scale, interpolation="bilinear", dtype="float32")(image)


def _model(image, face, factor: int, exact: bool) -> keras.Model:
    factors = {"face": face}
    if exact:
        # The head hides how far a draft is from the input. One that nothing else holds back drifts
        # to black and white, where the head's gradient is lost: so the draft is rendered too.
        factors = {"face": MatchAverages(factor)([face, image]), "draft": face}
    return keras.Model({"image": image}, factors, name="super_resolver")
