"""Small networks, trained on real faces inside an evaluation, that judge the generated ones.

An attribute probe says which share of the faces has an attribute, a size probe how big something
is, a feature network describes pictures for KID. The same seed gives the same network on the same
machine. All compute in float32 and leave the global random state alone.
"""

from __future__ import annotations

import dataclasses

import keras
import numpy as np

from aign_tf import compat
from aign_tf.errors import UserError
from aign_tf.metrics.image import as_float
from aign_tf.metrics.kid import Features
from aign_tf.metrics.small_networks import (
    BATCH,
    CHANNELS,
    dense,
    fit,
    predict,
    shrink,
    trunk,
    vary,
)

CODE = 64
STEPS = 300


@dataclasses.dataclass(frozen=True)
class AttributeProbe:
    """Tells faces with an attribute from those without.

    Attributes:
      model: Keras model from pictures to logits `[B, 1]`.
      accuracy: mean of the shares of both classes that it gets right among the held-out faces; a
        coin gets 0.5. NaN if one of them is missing there.
    """

    model: keras.Model
    accuracy: float

    def probabilities(self, images) -> np.ndarray:
        """Probability `[B]` of class 1 for pictures `[B, S, S, 3]`, uint8 or in [-1, 1]."""
        return 1 / (1 + np.exp(-predict(self.model, images)[:, 0].astype(np.float64)))

    def share(self, images) -> float:
        """Share of the pictures that it assigns to class 1."""
        return float(np.mean(self.probabilities(images) > 0.5))


@dataclasses.dataclass(frozen=True)
class SizeProbe:
    """Measures a size in faces, such as the height of the lips.

    Attributes:
      model: Keras model from pictures to standardised sizes `[B, 1]`.
      mean: of the sizes it was trained on.
      deviation: standard deviation of the sizes it was trained on.
      mean_absolute_error: on the held-out faces, in the unit of the sizes.
    """

    model: keras.Model
    mean: float
    deviation: float
    mean_absolute_error: float = float("nan")

    def predict(self, images) -> np.ndarray:
        """Sizes `[B]` of pictures `[B, S, S, 3]`, uint8 or in [-1, 1]."""
        return predict(self.model, images)[:, 0] * self.deviation + self.mean


@compat.precision("float32")
def train_attribute_probe(
    images: np.ndarray,
    labels: np.ndarray,
    held_out: tuple[np.ndarray, np.ndarray],
    seed: int = 0,
    steps: int = STEPS,
) -> AttributeProbe:
    """Trains an attribute probe; both classes count the same, however rare one is.

    Args:
      images: uint8 `[N, S, S, 3]`. Their mirror images must have the same labels.
      labels: `[N]`, 0 or 1.
      held_out: (images, labels) of other people's faces, for `accuracy`.
      seed: of initial weights and batches.
      steps: number of batches.

    Raises:
      UserError: all labels are the same.
    """
    labels = np.asarray(labels).astype(int)
    counts = np.bincount(labels, minlength=2)
    if min(counts) == 0:
        raise UserError(
            f"an attribute probe needs faces with and without the attribute, got {counts[1]} with "
            f"and {counts[0]} without"
        )
    model = _one_number(images.shape[1], seed)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    draw = _batches(images, labels[:, None], weights=0.5 / counts[labels])
    fit(model, loss, draw, seed, steps)
    held_out_images, truth = held_out
    says = predict(model, held_out_images)[:, 0] > 0
    classes = (np.asarray(truth) == 0, np.asarray(truth) == 1)
    with np.errstate(invalid="ignore"):
        recalls = [np.sum(says[rows] == label) / np.sum(rows) for label, rows in enumerate(classes)]
    return AttributeProbe(model, float(np.mean(recalls)))


@compat.precision("float32")
def train_size_probe(
    images: np.ndarray,
    sizes: np.ndarray,
    held_out: tuple[np.ndarray, np.ndarray],
    seed: int = 0,
    steps: int = STEPS,
) -> SizeProbe:
    """Trains a size probe.

    Args:
      images: uint8 `[N, S, S, 3]`. Their mirror images must have the same sizes.
      sizes: finite numbers `[N]` in any unit, e.g. fractions of the picture's side.
      held_out: (images, sizes) of other people's faces, for `mean_absolute_error`.
      seed: of initial weights and batches.
      steps: number of batches.
    """
    sizes = np.asarray(sizes, np.float32)
    mean, deviation = float(sizes.mean()), float(sizes.std()) + 1e-12
    model = _one_number(images.shape[1], seed)
    draw = _batches(images, (sizes[:, None] - mean) / deviation)
    fit(model, "mean_absolute_error", draw, seed, steps)
    probe = SizeProbe(model, mean, deviation)
    held_out_images, truth = held_out
    error = float(np.mean(np.abs(probe.predict(held_out_images) - truth)))
    return dataclasses.replace(probe, mean_absolute_error=error)


@compat.precision("float32")
def train_feature_network(images: np.ndarray, seed: int = 0, steps: int = 200) -> Features:
    """Trains features for KID on real pictures alone, for where no Inception weights are at hand.

    A small autoencoder: it needs no labels, so it favours no attribute. Its code knows what is
    where in a picture but little of texture, hence a blurred face would pass for a real one; so
    the contrast of the pictures and of all responses of the encoder joins it. Each feature is
    standardised over `images`, or the loudest would be all that KID's kernel hears.

    Args:
      images: uint8 `[N, S, S, 3]`, real and best not among the pictures that will be compared.
      seed: of initial weights and batches.
      steps: number of batches.
    """
    side = images.shape[1]
    pictures = keras.Input((side, side, 3))
    blocks = trunk(pictures, seed)
    code = dense(blocks[-1], CODE, seed)
    autoencoder = keras.Model(pictures, _decoder(code, blocks[-1].shape[1], side, seed))
    fit(autoencoder, "mse", _batches(images, None), seed, steps)
    contrasts = [_contrast(block) for block in (pictures, *blocks)]
    features = keras.layers.Concatenate()([*contrasts, code])
    raw = predict(keras.Model(pictures, features), images)
    # The variance has a floor: a response that is silent in `images` must not explode elsewhere.
    standardise = keras.layers.Normalization(mean=raw.mean(axis=0), variance=raw.var(axis=0) + 1e-4)
    name = f"features of a small autoencoder trained in this call on {len(images)} real pictures"
    return Features(name, keras.Model(pictures, standardise(features)))


def _one_number(side: int, seed: int) -> keras.Model:
    pictures = keras.Input((side, side, 3))
    return keras.Model(pictures, dense(trunk(pictures, seed)[-1], 1, seed))


def _contrast(x):
    """`[B, h, w, C]` -> `[B, C]`: how far responses rise above the mean around them."""
    around = keras.layers.AveragePooling2D(3, 1, "same")(x)
    above = keras.layers.ReLU()(keras.layers.Subtract()([x, around]))
    return keras.layers.GlobalAveragePooling2D()(above)


def _decoder(code, coarse: int, side: int, seed: int):
    """`[B, d]` -> pictures `[B, side, side, 3]`: a grid of side `coarse` that doubles each time."""
    x = dense(code, coarse * coarse * CHANNELS[-1], seed)
    x = keras.layers.Reshape((coarse, coarse, CHANNELS[-1]))(x)
    for level, channels in enumerate((*CHANNELS[-2::-1], 3)):
        x = keras.layers.ReLU()(x)
        initial = keras.initializers.HeNormal(seed + level)
        x = keras.layers.Conv2DTranspose(channels, 3, 2, "same", kernel_initializer=initial)(x)
    x = keras.layers.UpSampling2D(shrink(side))(x)
    # The doubled grid overhangs where the side is not divisible by all the strides.
    return keras.layers.CenterCrop(side, side)(x)


def _batches(images: np.ndarray, targets: np.ndarray | None, weights: np.ndarray | None = None):
    """Draws random batches for `fit`.

    Args:
      images: uint8 `[N, S, S, 3]`.
      targets: `[N, ...]`; None to reproduce the pictures.
      weights: how often each picture is drawn `[N]`; by default all alike.
    """
    chances = None if weights is None else weights / np.sum(weights)

    def draw(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        rows = rng.choice(len(images), BATCH, p=chances)
        batch = vary(as_float(images[rows]), rng)
        return batch, batch if targets is None else targets[rows]

    return draw
