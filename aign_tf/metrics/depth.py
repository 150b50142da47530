"""How far predicted depths lie from the true ones.

The scores of Eigen, Puhrsch, Fergus, "Depth map prediction from a single image using a multi-scale
deep network", 2014, as papers on KITTI report them: the mean over the pixels of each picture that
have a reading, then the mean over the pictures. Maps are `[N, H, W]` in metres, 0 (or anything
that is not finite) where the truth has no reading. A predicted depth with a NaN has NaN errors: no
mean hides it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aign_tf.errors import UserError

SCALED = "_scaled"
_A1 = 1.25

_PLAIN = {
    "abs_rel": "mean error of depths as a share of the true depth; lower is better",
    "sq_rel": "mean squared error of depths in m^2, divided by the true depth; lower is better",
    "rmse": "root mean square error of depths in m; lower is better",
    "rmse_log": "root mean square error of the logarithm of depths; lower is better",
    "a1": "share of pixels whose depth is wrong by a factor below 1.25; higher is better",
    "a2": "the same below 1.25^2",
    "a3": "the same below 1.25^3",
}
# Of the scores, for people.
MEANINGS = {
    **_PLAIN,
    **{
        name + SCALED: f"`{name}` after each picture was scaled to the median of the true depths"
        for name in _PLAIN
    },
    "median_scale": "mean factor of that scaling; 1 where predictions are metric",
}


def depth_errors(predicted, truth, least: float = 0.0, most: float = np.inf) -> dict[str, float]:
    """`abs_rel`, `sq_rel`, `rmse`, `rmse_log`, `a1`, `a2`, `a3`, nothing being scaled.

    With d predicted and t true, of each picture: the means of |d - t| / t and of (d - t)^2 / t, the
    roots of the means of (d - t)^2 and of (log d - log t)^2, and the shares of pixels where
    max(d / t, t / d) is below 1.25, 1.25^2 and 1.25^3. Of the set: means over the pictures that
    have any reading, each with the same weight.

    Args:
      predicted: `[N, H, W]`, positive, metres. One map at a time is looked at, so that files mapped
        into memory and lists of maps of different sizes do too.
      truth: `[N, H, W]`, metres, 0 where there is no reading.
      least, most: readings count from `least` to `most` metres, and predictions are clipped to
        these, as is usual on KITTI (1e-3 and 80).

    Raises:
      UserError: the shapes differ, or no picture has a reading.
    """
    rows = [
        _errors(np.clip(depth, least, most), true)
        for depth, true in _readings(predicted, truth, least, most)
        if len(true)
    ]
    return _means(rows, least, most)


def scaled(predicted, truth, least: float = 0.0, most: float = np.inf) -> np.ndarray:
    """Each predicted map times the scale that takes its median to that of the true readings.

    So are predictions judged that have no scale of their own, since Zhou, Brown, Snavely, Lowe,
    "Unsupervised learning of depth and ego-motion from video", 2017. A map without any reading
    stays as it is. Args and errors are those of `depth_errors`.

    Returns:
      float64 `[N, H, W]`.
    """
    scales = [
        _median_scale(depth, true) if len(true) else 1.0
        for depth, true in _readings(predicted, truth, least, most)
    ]
    return np.asarray(predicted) * np.array(scales)[:, None, None]


def all_errors(predicted, truth, least: float = 0.0, most: float = np.inf) -> dict[str, float]:
    """`depth_errors`, the same after `scaled` with suffix `_scaled`, and `median_scale`.

    Predictions are clipped after scaling. `median_scale` is the mean of the pictures' scales. Args
    and errors are those of `depth_errors`.
    """
    plain, after, scales = [], [], []
    for depth, true in _readings(predicted, truth, least, most):
        if len(true):
            scale = _median_scale(depth, true)
            plain.append(_errors(np.clip(depth, least, most), true))
            after.append(_errors(np.clip(scale * depth, least, most), true))
            scales.append(scale)
    return {
        **_means(plain, least, most),
        **{name + SCALED: value for name, value in _means(after, least, most).items()},
        "median_scale": float(np.mean(scales)),
    }


def _readings(
    predicted, truth, least: float, most: float
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Predicted and true depths, float64 `[K]`, of the K readings of each map; K may be 0."""
    if len(predicted) != len(truth):
        raise UserError(
            f"{len(predicted)} predicted depth maps do not match {len(truth)} true ones"
        )
    for depth, true in zip(predicted, truth):
        if np.shape(depth) != np.shape(true):
            raise UserError(
                f"a predicted depth map of shape {list(np.shape(depth))} does not match a true one "
                f"of shape {list(np.shape(true))}"
            )
        seen = np.isfinite(true) & (true > 0) & (true >= least) & (true <= most)
        yield np.asarray(depth)[seen].astype(np.float64), np.asarray(true)[seen].astype(np.float64)


def _median_scale(depth: np.ndarray, true: np.ndarray) -> float:
    return np.median(true) / np.median(depth)


def _errors(depth: np.ndarray, true: np.ndarray) -> list[float]:
    """The scores of one picture in the order of `_PLAIN`."""
    error = depth - true
    with np.errstate(divide="ignore", invalid="ignore"):  # Of depths that are not positive.
        log_error = np.log(depth) - np.log(true)
        factor = np.maximum(depth / true, true / depth)
    # A NaN is below no threshold, and would count as a mere failure.
    shares = [np.mean(np.where(np.isnan(factor), np.nan, factor < _A1**k)) for k in (1, 2, 3)]
    return [
        np.mean(np.abs(error) / true),
        np.mean(error**2 / true),
        np.sqrt(np.mean(error**2)),
        np.sqrt(np.mean(log_error**2)),
        *shares,
    ]


def _means(rows: list[list[float]], least: float, most: float) -> dict[str, float]:
    """The scores of the set from those of its pictures."""
    if not rows:
        raise UserError(
            f"no depth map has a reading from {least:g} to {most:g} m: nothing to score"
        )
    return dict(zip(_PLAIN, np.mean(rows, axis=0).tolist()))
