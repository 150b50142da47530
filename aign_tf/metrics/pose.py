"""How far predicted 3D poses lie from the true ones.

The protocols of Human3.6M (Ionescu, Papava, Olaru, Sminchisescu, 2014) and MPI-INF-3DHP (Mehta et
al., "Monocular 3D human pose estimation in the wild using improved CNN supervision", 2017). Poses
are `[N, J, 3]` in metres; scores called `_mm` are in millimetres. All is computed in float64, and a
predicted pose with a NaN has NaN errors: it is no joint's success, and no mean hides it.
"""

from __future__ import annotations

import numpy as np

from aign_tf.errors import UserError

PCK_MM = 150
AUC_MM = np.arange(0, PCK_MM + 1, 5)
# Rows of `scores_by_action` beside the actions.
AVERAGE = "average"
ALL_FRAMES = "all_frames"


def joint_errors(predicted, target) -> np.ndarray:
    """Distance of each joint from the true one, `[N, J]`, in metres: nothing is aligned."""
    return np.linalg.norm(
        np.asarray(predicted, np.float64) - np.asarray(target, np.float64), axis=2
    )


def root_align(poses, root: int = 0) -> np.ndarray:
    """Poses `[N, J, 3]` moved so that their joint `root` lies at the origin."""
    poses = np.asarray(poses, np.float64)
    return poses - poses[:, root : root + 1]


def scale_align(predicted, target, root: int = 0) -> np.ndarray:
    """Predictions at the target's size, with the root joint where the target has it.

    Rhodin, Salzmann, Fua, "Unsupervised geometry-aware representation for 3D human pose
    estimation", 2018. The scale of least squares about the root, but never below 0: a prediction is
    not turned inside out. A prediction whose joints all coincide stays a point.

    Args:
      predicted: `[N, J, 3]`.
      target: `[N, J, 3]`.
      root: index of the root joint.

    Returns:
      float64 `[N, J, 3]`.
    """
    centred, wanted = root_align(predicted, root), root_align(target, root)
    agreement = np.sum(centred * wanted, axis=(1, 2))
    scale = _ratio(np.maximum(agreement, 0), np.sum(centred**2, axis=(1, 2)))
    return scale[:, None, None] * centred + np.asarray(target, np.float64)[:, root : root + 1]


def procrustes_align(predicted, target) -> np.ndarray:
    """Predictions after the similarity that takes each nearest to its target in least squares.

    Scale, rotation and translation, never a reflection. Umeyama, "Least-squares estimation of
    transformation parameters between two point patterns", 1991. A prediction whose joints all
    coincide comes to the target's centre; one on a line or in a plane is turned by one of the best
    rotations.

    Args:
      predicted: `[N, J, 3]`.
      target: `[N, J, 3]`.

    Returns:
      float64 `[N, J, 3]`.
    """
    predicted, target = np.asarray(predicted, np.float64), np.asarray(target, np.float64)
    centre = target.mean(axis=1, keepdims=True)
    centred = predicted - predicted.mean(axis=1, keepdims=True)
    covariance = centred.swapaxes(1, 2) @ (target - centre)
    # The SVD raises an error for the whole batch if one pose is not finite; the scale of such a
    # pose is NaN all the same.
    finite = np.isfinite(covariance).all(axis=(1, 2), keepdims=True)
    left, strength, right = np.linalg.svd(np.where(finite, covariance, 0))
    # Where the best orthogonal matrix is a reflection, the weakest direction is turned round.
    handedness = np.sign(np.linalg.det(left @ right))
    left[:, :, 2] *= handedness[:, None]
    strength[:, 2] *= handedness
    scale = _ratio(strength.sum(axis=1), np.sum(centred**2, axis=(1, 2)))
    return scale[:, None, None] * (centred @ (left @ right)) + centre


def pose_scores(predicted, target, root: int = 0) -> dict[str, float]:
    """Scores of predicted poses, each the plain mean over the poses whose truth is known.

    `mpjpe_mm`: mean joint error with both roots at the origin; `pa_mpjpe_mm`: after
    `procrustes_align`; `n_mpjpe_mm`: after `scale_align`; `pck150`: share (0..1) of joints whose
    root-aligned error is below 150 mm; `auc`: mean of that share over the thresholds 0, 5, ...,
    150 mm. All J joints count, the root too, whose aligned error is 0. (The official MPI-INF-3DHP
    code has the same thresholds but takes 14 joints without the root: its shares are lower.)

    Args:
      predicted: `[N, J, 3]` metres.
      target: `[N, J, 3]` metres; a pose with a NaN is unknown, and left out.
      root: index of the root joint.

    Raises:
      UserError: the shapes differ or are no poses, or no target is known.
    """
    predicted, target, _ = _known(predicted, target)
    scores = _scores_of_each(predicted, target, root)
    return {name: float(column.mean()) for name, column in scores.items()}


def scores_by_action(predicted, target, actions, root: int = 0) -> dict[str, dict[str, float]]:
    """`pose_scores` of each action, in alphabetical order, then of all.

    The row `average` is the mean of the rows of the actions, each with the same weight, as papers
    on Human3.6M print it; the row `all_frames` gives each pose the same weight.

    Args:
      predicted: `[N, J, 3]` metres.
      target: `[N, J, 3]` metres; a pose with a NaN is unknown, and left out.
      actions: `[N]` strings. An action of which no pose is known has no row.
      root: index of the root joint.

    Raises:
      UserError: as `pose_scores`; the actions are not N, or one has the name of a row of all.
    """
    predicted, target, known = _known(predicted, target)
    actions = np.asarray(actions)
    if actions.shape != known.shape:
        raise UserError(
            f"actions have shape {list(actions.shape)}: give one for each of {len(known)} poses"
        )
    for name in (AVERAGE, ALL_FRAMES):
        if name in actions:
            raise UserError(f"an action is called {name!r}, a row of the table itself: rename it")
    actions = actions[known]
    scores = _scores_of_each(predicted, target, root)

    def row(chosen: np.ndarray) -> dict[str, float]:
        return {name: float(column[chosen].mean()) for name, column in scores.items()}

    table = {str(action): row(actions == action) for action in np.unique(actions)}
    average = {name: float(np.mean([scored[name] for scored in table.values()])) for name in scores}
    return {**table, AVERAGE: average, ALL_FRAMES: row(np.ones(len(actions), bool))}


def _known(predicted, target) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(predicted, target, which of all `[N]`), checked, without the poses of unknown truth."""
    predicted, target = np.asarray(predicted), np.asarray(target)
    for name, poses in (("predicted", predicted), ("true", target)):
        if poses.ndim != 3 or poses.shape[2] != 3:
            raise UserError(f"{name} poses have shape {list(poses.shape)}: give [N, J, 3]")
    if predicted.shape != target.shape:
        raise UserError(
            f"{len(predicted)} predicted poses of {predicted.shape[1]} joints do not match "
            f"{len(target)} true ones of {target.shape[1]}: give the same poses of one skeleton"
        )
    known = np.isfinite(target).all(axis=(1, 2))
    if not known.any():
        raise UserError(f"none of {len(target)} true poses is free of NaN: nothing to score")
    return predicted[known], target[known], known


def _scores_of_each(predicted: np.ndarray, target: np.ndarray, root: int) -> dict[str, np.ndarray]:
    """The scores of `pose_scores` for each pose, `[N]`."""
    root_aligned = 1000 * joint_errors(root_align(predicted, root), root_align(target, root))
    similar = 1000 * joint_errors(procrustes_align(predicted, target), target)
    scaled = 1000 * joint_errors(scale_align(predicted, target, root), target)
    return {
        "mpjpe_mm": root_aligned.mean(axis=1),
        "pa_mpjpe_mm": similar.mean(axis=1),
        "n_mpjpe_mm": scaled.mean(axis=1),
        "pck150": (root_aligned < PCK_MM).mean(axis=1),
        "auc": np.mean([(root_aligned < threshold).mean(axis=1) for threshold in AUC_MM], axis=0),
    }


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """The quotient; 0 where the denominator is 0."""
    return np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator != 0)
