"""The judgement of a vector, whatever it describes."""

from __future__ import annotations

from keras import layers


def residual_logit(x, width: int):
    """A logit `[B, 1]` from features `[B, ...]`, by a residual network of that width."""
    x = layers.Flatten()(x)
    x = layers.LeakyReLU(0.2)(layers.Dense(width, kernel_initializer="he_normal")(x))
    for _ in range(2):
        y = layers.LeakyReLU(0.2)(layers.Dense(width, kernel_initializer="he_normal")(x))
        y = layers.Dense(width, kernel_initializer="he_normal")(y)
        x = layers.LeakyReLU(0.2)(layers.Add()([x, y]))
    return layers.Dense(1, dtype="float32")(x)
