"""How well depths of facial landmarks are told from their places in a picture.

The scores of 3DFAW as the comparison of DepthNets prints them (Moniz et al., "Unsupervised depth
estimation, 3D face rotation and replacement", 2018), and two that they cannot stand in for. A
picture tells no distance, so depths count relative to the mean of each face. All is computed in
float64; a prediction with a NaN has NaN scores: no mean hides it.
"""

from __future__ import annotations

import math

import numpy as np

from aign_tf.errors import UserError
from aign_tf.landmarks import centred, sizes
from aign_tf.metrics.pose import procrustes_align

FRONTAL, LEFT, RIGHT, ALL = "frontal", "left", "right", "all"
FRONTAL_DEGREES = 30
# Through two points there is always a line: their correlation is 1 whatever they are.
LEAST_FACES = 3
# Of the largest depth; what varies less is a constant and the rounding of single precision.
SMALLEST_VARIATION = 1e-5
# Of the largest singular value; a direction that is weaker is none.
SMALLEST_DIRECTION = 1e-6


def depth_correlations(predicted, target, without=0.0) -> np.ndarray:
    """|Pearson correlation| over the pictures of predicted and true depth, for each landmark.

    Args:
      predicted: `[N, K]` in any unit.
      target: `[N, K]` in any unit.
      without: `[N, K]`, in the unit of both, what is subtracted from both.

    Returns:
      float64 `[K]`, 0..1; 0 where either does not vary.
    """
    product = _standardised(predicted, without) * _standardised(target, without)
    return np.minimum(np.abs(product.sum(axis=0)), 1)


def chance_floor(samples: int, landmarks: int) -> float:
    """The sum of `depth_correlations` to expect of depths that have nothing to do with the truth.

    For independent normal depths r^2 is distributed as Beta(1/2, (N - 2)/2), whence
    E|r| = Gamma((N - 1)/2) / (sqrt(pi) Gamma(N/2)).
    """
    logarithm = math.lgamma((samples - 1) / 2) - math.lgamma(samples / 2)
    return landmarks * math.exp(logarithm) / math.sqrt(math.pi)


def keypoint_mse(points, depth) -> float:
    """Squared error of mapping each face affinely onto each other face's points.

    For each ordered pair of different faces the affine map takes `[x, y, predicted depth]` of the
    one to the 2D points of the other in least squares. It sees no difference between depths and
    a z + b x + c y + d of the same face, and favours depths that are typical of all faces: on
    sampled faces a posed template had a lower error than the true depths.

    With Q an orthonormal basis of the source's centred columns and X the centred target, the
    residual is <I - Q Q^T, X X^T>. It is linear on both sides, so the sum over all pairs is a
    product of two sums `[K, K]`; a face costs nothing when mapped to itself.

    Args:
      points: `[N, K, 2]`.
      depth: `[N, K]`, predicted.

    Returns:
      Mean over pairs, points and both coordinates, in the squared unit of `points`.

    Raises:
      UserError: fewer than two faces.
    """
    points = np.asarray(points, np.float64)
    count, landmarks, _ = points.shape
    if count < 2:
        raise UserError(f"faces are mapped onto each other: give at least 2, not {count}")
    columns = centred(np.concatenate([points, np.asarray(depth)[..., None]], axis=2))
    if not np.isfinite(columns).all():
        return math.nan
    basis, strength, _ = np.linalg.svd(columns, full_matrices=False)
    basis *= (strength > SMALLEST_DIRECTION * strength[:, :1])[:, None]
    sources = count * np.eye(landmarks) - _gram(basis)
    total = np.sum(sources * _gram(columns[..., :2]))
    return max(float(total), 0.0) / (count * (count - 1) * landmarks * 2)


def aligned_depth_errors(predicted, target) -> np.ndarray:
    """Mean |depth error| of each face after `procrustes_align` of the whole face to the true one.

    Args:
      predicted: `[N, K, 3]` in any unit, whatever its place, size and turn.
      target: `[N, K, 3]`.

    Returns:
      float64 `[N]`, shares of the true face's `sizes`, in 3D.
    """
    error = procrustes_align(predicted, target)[..., 2] - np.asarray(target, np.float64)[..., 2]
    return np.mean(np.abs(error), axis=1) / sizes(target)


def landmark_scores(predicted, target, template_depth) -> dict[str, float]:
    """Scores of predicted faces, over those whose true depths are known.

    `depth_corr`: sum over the landmarks of `depth_correlations`, 0..K; `depth_corr_mean`: their
    mean. A shape that ignores its picture scores 0, but one and the same shape scores nearly all
    when it is posed well, because turning a head moves all depths. So `depth_corr_residual` is the
    sum for what remains of both sides after the posed template is subtracted, 0 for the template
    itself; one that is posed better, or is flatter, leaves a remainder that may score.
    `keypoint_mse`: of the observed points with the predicted depths. `aligned_depth_error`: mean of
    `aligned_depth_errors`, which does not reward a pose.

    Args:
      predicted: `[N, K, 3]`, in the unit of `target`.
      target: `[N, K, 3]`, the points seen with their true depths; a face with a NaN is left out.
      template_depth: `[N, K]`, of `aign_tf.posed_template.posed`.

    Raises:
      UserError: shapes differ or are no faces, or the depths of fewer than three are known.
    """
    _, *arrays = _known(predicted, target, template_depth)
    return _scores(*arrays)


def yaw_groups(yaw) -> np.ndarray:
    """Whether faces look at the camera, or to the left or right of the picture.

    Args:
      yaw: `[N]` degrees, negative to the left of the picture.

    Returns:
      `[N]` texts: "frontal" within 30 degrees, "left", "right"; "" where yaw is NaN.
    """
    yaw = np.asarray(yaw, np.float64)
    sides = [np.abs(yaw) <= FRONTAL_DEGREES, yaw < -FRONTAL_DEGREES, yaw > FRONTAL_DEGREES]
    return np.select(sides, [FRONTAL, LEFT, RIGHT], "")


def scores_by_group(predicted, target, template_depth, groups) -> dict[str, dict[str, float]]:
    """`landmark_scores` of "frontal", "left", "right" and "all" faces.

    Each row also has `samples`, the number of its faces whose depths are known, and `chance`, the
    `chance_floor` of its `depth_corr`. A group of fewer than three such faces has no row.

    Args:
      predicted, target, template_depth: as in `landmark_scores`.
      groups: `[N]` texts, as of `yaw_groups`; other faces, such as "", count in "all" alone.

    Raises:
      UserError: as `landmark_scores`, or the groups are not N.
    """
    known, *arrays = _known(predicted, target, template_depth)
    groups = np.asarray(groups)
    if groups.shape != known.shape:
        raise UserError(
            f"groups have shape {list(groups.shape)}: give one for each of {len(known)} faces"
        )
    groups = groups[known]
    rows = {name: groups == name for name in (FRONTAL, LEFT, RIGHT)}
    rows[ALL] = np.ones(len(groups), bool)
    table = {}
    for name, chosen in rows.items():
        samples = int(chosen.sum())
        if samples >= LEAST_FACES:
            table[name] = {
                **_scores(*(array[chosen] for array in arrays)),
                "samples": samples,
                "chance": chance_floor(samples, arrays[0].shape[1]),
            }
    return table


def _scores(predicted: np.ndarray, target: np.ndarray, template: np.ndarray) -> dict[str, float]:
    depth, truth, template = map(centred, (predicted[..., 2], target[..., 2], template))
    correlations = depth_correlations(depth, truth)
    return {
        "depth_corr": float(correlations.sum()),
        "depth_corr_mean": float(correlations.mean()),
        "depth_corr_residual": float(depth_correlations(depth, truth, template).sum()),
        "keypoint_mse": keypoint_mse(target[..., :2], depth),
        "aligned_depth_error": float(aligned_depth_errors(predicted, target).mean()),
    }


def _standardised(depth, without) -> np.ndarray:
    """What remains of `[N, K]`, each column about its mean and of length 1, or 0 if constant."""
    depth = np.asarray(depth, np.float64)
    rest = depth - without
    deviations = rest - rest.mean(axis=0)
    length = np.linalg.norm(deviations, axis=0)
    largest = np.max(np.abs(depth), where=np.isfinite(depth), initial=0)
    # Not `length > ...`: NaN shall stay NaN.
    varies = ~(length <= SMALLEST_VARIATION * largest * math.sqrt(len(depth)))
    return np.divide(deviations, length, out=np.zeros_like(deviations), where=varies)


def _known(predicted, target, template) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(which of all `[N]`, predicted, target, template), checked, the unknown left out."""
    predicted, target, template = map(np.asarray, (predicted, target, template))
    for name, faces in (("predicted", predicted), ("true", target)):
        if faces.ndim != 3 or faces.shape[2] != 3:
            raise UserError(f"{name} faces have shape {list(faces.shape)}: give [N, K, 3]")
    if predicted.shape != target.shape or template.shape != target.shape[:2]:
        raise UserError(
            f"predicted faces {list(predicted.shape)} and depths of a template "
            f"{list(template.shape)} do not match true faces {list(target.shape)}: give the same "
            "faces and landmarks"
        )
    known = np.isfinite(target).all(axis=(1, 2))
    if known.sum() < LEAST_FACES:
        raise UserError(
            f"the depths of {known.sum()} of {len(known)} faces are known: correlations over "
            f"faces need at least {LEAST_FACES}"
        )
    return known, predicted[known], target[known], template[known]


def _gram(columns: np.ndarray) -> np.ndarray:
    """`[N, K, D]` -> `[K, K]`, the sum over N of the columns times their transpose."""
    flat = columns.swapaxes(0, 1).reshape(columns.shape[1], -1)
    return flat @ flat.T
