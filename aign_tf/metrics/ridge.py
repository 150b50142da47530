"""A classical baseline that learns from pairs: depths of landmarks by penalised linear regression.

Hoerl, Kennard, "Ridge regression: biased estimation for nonorthogonal problems", 1970.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from aign_tf.errors import UserError
from aign_tf.landmarks import centred, sizes

# Of the largest coordinate; less is the rounding of a face whose points coincide.
SMALLEST_SIZE = 1e-6


@dataclasses.dataclass(frozen=True)
class Ridge:
    """Depths of K landmarks as a linear function of their places.

    Attributes:
      weights: float64 `[2 K, K]`, from points to depths, both in sizes of the face seen.
      bias: float64 `[K]`.
    """

    weights: np.ndarray
    bias: np.ndarray

    def predict(self, points) -> np.ndarray:
        """Depths float64 `[N, K]`, in the unit of `points` `[N, K, 2]`; 0 where these coincide.

        Moving the points changes nothing, scaling them scales the depths.

        Raises:
          UserError: another number of landmarks than was learnt from.
        """
        count = np.shape(points)[1]
        if count != len(self.bias):
            raise UserError(f"{count} landmarks a face where {len(self.bias)} were learnt from")
        shapes, size = _shapes(points)
        return size * (shapes @ self.weights + self.bias)


def fit_ridge(points, depth, strength: float) -> Ridge:
    """Least squares over all pairs, plus `strength` times the sum of the squared weights.

    The error is the mean over pairs, each at size 1, so that a strength means the same for any
    number of pairs; the bias is not penalised.

    Args:
      points: `[N, K, 2]`.
      depth: `[N, K]` in the unit of `points`. Pairs with a NaN, and faces in one point, are left
        out.
      strength: above 0. On sampled faces 1e-3 suited 200 pairs best, 1e-4 20,000.

    Raises:
      UserError: no pair is left, or the strength is not above 0.
    """
    if not strength > 0:
        raise UserError(f"strength {strength} of the penalty: give a number above 0")
    shapes, size = _shapes(points)
    depth = centred(depth)
    extended = size[:, 0] > SMALLEST_SIZE * np.abs(points).max(axis=(1, 2))
    usable = np.isfinite(shapes).all(axis=1) & np.isfinite(depth).all(axis=1) & extended
    if not usable.any():
        raise UserError(f"none of {len(depth)} pairs of points and depths can be learnt from")
    shapes, depth = shapes[usable], depth[usable] / size[usable]
    middle, bias = shapes.mean(axis=0), depth.mean(axis=0)
    deviations = shapes - middle
    moments = deviations.T @ deviations / len(shapes)
    penalty = strength * np.eye(len(moments))
    weights = np.linalg.solve(moments + penalty, deviations.T @ (depth - bias) / len(shapes))
    return Ridge(weights, bias - middle @ weights)


def _shapes(points) -> tuple[np.ndarray, np.ndarray]:
    """Points `[N, 2 K]` about their mean and of size 1, and the size `[N, 1]` before."""
    size = sizes(points)[:, None]
    return centred(points).reshape(len(size), -1) / np.where(size > 0, size, 1), size
