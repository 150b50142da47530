"""Kernel Inception Distance between two sets of pictures, and the features it is taken over.

Binkowski, Sutherland, Arbel, Gretton, "Demystifying MMD GANs", 2018. Unlike the Frechet distance
its estimate has no bias, so it can be used on a few hundred pictures. It is comparable only between
runs that use the same features: always print their name beside it.
"""

from __future__ import annotations

import dataclasses
import os
import pathlib

import keras
import numpy as np

from aign_tf import compat
from aign_tf.errors import UserError
from aign_tf.metrics.image import as_float

INCEPTION_SIDE = 299


@dataclasses.dataclass(frozen=True)
class Features:
    """A network that describes pictures: `features(images [B, S, S, 3]) -> [B, d]`.

    Pictures are uint8 or in [-1, 1].

    Attributes:
      name: what they are, for tables.
      model: Keras model from pictures to features.
    """

    name: str
    model: keras.Model

    def __call__(self, images) -> np.ndarray:
        return self.model.predict(as_float(images), batch_size=32, verbose=0)


def kid(
    features_a: np.ndarray,
    features_b: np.ndarray,
    subset_size: int = 100,
    subsets: int = 50,
    seed: int = 0,
) -> tuple[float, float]:
    """Kernel Inception Distance between two sets of features.

    Args:
      features_a: `[n, d]`.
      features_b: `[m, d]`.
      subset_size: pictures drawn from each side for one estimate, at most all there are.
      subsets: number of estimates.
      seed: of the draws.

    Returns:
      (mean, standard deviation) over the estimates. The mean of equal distributions is about 0,
      and may be negative.

    Raises:
      UserError: fewer than two pictures on a side.
    """
    smaller = min(len(features_a), len(features_b))
    if smaller < 2:
        raise UserError(f"KID needs at least 2 pictures on each side, got {smaller}")
    size = min(subset_size, smaller)
    rng = np.random.default_rng(seed)
    estimates = [
        squared_mmd(*(x[rng.permutation(len(x))[:size]] for x in (features_a, features_b)))
        for _ in range(subsets)
    ]
    return float(np.mean(estimates)), float(np.std(estimates))


def squared_mmd(a: np.ndarray, b: np.ndarray) -> float:
    """Unbiased estimate of the squared maximum mean discrepancy of `[n, d]` and `[m, d]`.

    With the kernel k(x, y) = (x.y / d + 1)^3: mean of k(a, a') + mean of k(b, b') - 2 mean of
    k(a, b), the first two over pairs of different rows.
    """
    return _mean_of_pairs(a) + _mean_of_pairs(b) - 2 * float(_kernel(a, b).mean())


def _mean_of_pairs(x: np.ndarray) -> float:
    kernel = _kernel(x, x)
    return float((kernel.sum() - np.trace(kernel)) / (len(x) * (len(x) - 1)))


def _kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (x.astype(np.float64) @ y.T.astype(np.float64) / x.shape[1] + 1) ** 3


def inception_features(weights_path: str | os.PathLike) -> Features:
    """The features of Keras's InceptionV3, `d` = 2048, with weights from the user's file.

    Args:
      weights_path: `.h5` or `.keras` weights without the classifier ("notop"), as published for
        keras.applications.InceptionV3.

    Raises:
      UserError: the file is missing or holds another network's weights.
    """
    path = pathlib.Path(weights_path)
    if not path.is_file():
        raise UserError(f"no Inception weights at {path}: give an InceptionV3 'notop' .h5 file")
    with compat.precision("float32"):
        inception = keras.applications.InceptionV3(
            weights=None, include_top=False, pooling="avg", input_shape=(INCEPTION_SIDE,) * 2 + (3,)
        )
        try:
            inception.load_weights(str(path))
        except (OSError, ValueError, KeyError, TypeError) as error:
            reason = str(error).strip().split("\n")[0]
            raise UserError(
                f"{path} does not fit InceptionV3 without its classifier ('notop'): {reason}"
            ) from error
        pictures = keras.Input((None, None, 3))
        resize = keras.layers.Resizing(INCEPTION_SIDE, INCEPTION_SIDE)
        model = keras.Model(pictures, inception(resize(pictures)))
    return Features(f"InceptionV3 with {path.name}", model)
