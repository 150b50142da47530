"""Networks that complete a picture of which a part is hidden.

Inputs: `image` float `[B, S, S, 3]` in [-1, 1], 0 where hidden, and `mask` `[B, S, S, 1]`, 1 where
visible. Outputs: `face`, the network's whole picture, and `completed`, which keeps the known pixels
and takes only the hidden ones from `face`; both float32 `[B, S, S, 3]` in [-1, 1].
"""

from __future__ import annotations

import keras
from keras import layers

from aign_tf.layers import (
    Composite,
    batch_normalization,
    merge_finer,
    normal_initializer,
    residual_block,
)


def residual_inpainter(size: int, width: int = 24, blocks: int = 4) -> keras.Model:
    """A U-shaped network with an image and a mask branch and dilated residual blocks at S/4.

    Dilation 1, 2, 4, ... lets the middle of the hole see the picture round it.

    Args:
      size: S, a multiple of 4.
      width: channels at full size; twice and three times that at S/2 and S/4.
      blocks: residual blocks at S/4.
    """
    image, mask = _inputs(size)
    full = _conv(image, width)
    half = _conv(full, 2 * width, strides=2)
    seen = _conv(_conv(mask, width // 2, strides=2), width, strides=2)
    x = layers.Concatenate()([_conv(half, 3 * width, strides=2), seen])
    x = _conv(x, 3 * width)
    for block in range(blocks):
        x = residual_block(x, 3 * width, dilation=2 ** (block % 4))
    x = merge_finer(merge_finer(x, half, 2 * width), full, width)
    x = layers.Conv2D(3, 3, padding="same")(x)
    return _model(image, mask, layers.Activation("tanh", dtype="float32")(x))


def paper_inpainter(size: int = 64) -> keras.Model:
    """The paper's network, to the layer: image and mask branches of 256 and 1024 channels."""
    image, mask = _inputs(size)

    def branch(x):
        for width in (256, 1024):
            x = layers.Conv2D(width, 3, 2, padding="same", kernel_initializer=normal_initializer())(
                x
            )
            x = layers.ReLU()(batch_normalization()(x))
        return x

    def grow(x, width):
        return layers.Conv2DTranspose(
            width, 5, 2, padding="same", kernel_initializer=normal_initializer()
        )(x)

    x = layers.Concatenate()([branch(image), branch(mask)])
    x = layers.ReLU()(batch_normalization()(grow(x, 512)))
    return _model(image, mask, layers.Activation("tanh", dtype="float32")(grow(x, 3)))


def _conv(x, width: int, strides: int = 1):
    return layers.Conv2D(width, 3, strides, padding="same", activation="relu")(x)


def _inputs(size: int):
    return keras.Input((size, size, 3), name="image"), keras.Input((size, size, 1), name="mask")


def _model(image, mask, face) -> keras.Model:
    outputs = {"face": face, "completed": Composite()([image, face, mask])}
    return keras.Model({"image": image, "mask": mask}, outputs, name="inpainter")
