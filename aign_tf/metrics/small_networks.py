"""What the small networks that judge pictures are built from, and how they are trained.

The same seed gives the same network on the same machine, and the global random state is left alone.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np

from aign_tf.metrics.image import as_float

CHANNELS = (16, 32, 64, 96)
# Networks see pictures averaged down to at most this side: enough to judge a face, and cheap.
SIDE = 64
BATCH = 64
RATE = 2e-3


def trunk(pictures, seed: int) -> list:
    """The outputs of convolutions over pictures `[B, H, W, 3]` in [-1, 1], finest first."""
    x = keras.layers.AveragePooling2D(shrink(pictures.shape[1]), padding="same")(pictures)
    blocks = []
    for level, channels in enumerate(CHANNELS):
        initial = keras.initializers.HeNormal(seed + level)
        x = keras.layers.Conv2D(channels, 3, 2, "same", use_bias=False, kernel_initializer=initial)(
            x
        )
        # Training is short: with the usual momentum of 0.99 the averages would lag behind.
        x = keras.layers.BatchNormalization(momentum=0.9)(x)
        x = keras.layers.ReLU()(x)
        blocks.append(x)
    return blocks


def shrink(side: int) -> int:
    """How many pixels `trunk` averages into one, along each side."""
    return -(-side // SIDE)


def dense(x, units: int, seed: int):
    """All responses `[B, h, w, C]` -> `[B, units]`: faces are aligned, so places matter."""
    initial = keras.initializers.GlorotUniform(seed)
    x = keras.layers.Flatten()(x)
    return keras.layers.Dense(units, kernel_initializer=initial)(x)


def fit(
    model: keras.Model,
    loss,
    draw: Callable[[np.random.Generator], tuple[np.ndarray, np.ndarray]],
    seed: int,
    steps: int,
) -> None:
    """Trains by Adam, with a rate that falls to 0, on batches (pictures, targets) as drawn."""
    rate = keras.optimizers.schedules.CosineDecay(RATE, steps)
    # Compiled by XLA, such a small network would take longer to build than to train.
    model.compile(keras.optimizers.Adam(rate), loss, jit_compile=False)
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        model.train_on_batch(*draw(rng))


def vary(pictures: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Mirrors half of the pictures and changes contrast and brightness a little."""
    shape = (len(pictures), 1, 1, 1)
    pictures = np.where(rng.random(shape) < 0.5, pictures[:, :, ::-1], pictures)
    gain, shift = rng.uniform(0.8, 1.2, shape), rng.uniform(-0.2, 0.2, shape)
    return pictures * gain.astype(np.float32) + shift.astype(np.float32)


def predict(model: keras.Model, images) -> np.ndarray:
    """What a network says of pictures `[B, S, S, 3]`, uint8 or in [-1, 1]."""
    return model.predict(as_float(images), batch_size=256, verbose=0)
