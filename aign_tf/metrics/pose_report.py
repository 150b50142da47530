"""Candidates for 3D poses compared on the same observations: numbers and pictures."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import keras
import numpy as np

from aign_tf import skeleton_pictures, visualize
from aign_tf.data.pose_views import turned
from aign_tf.data.poses.observations import Observations
from aign_tf.data.splits import spaced
from aign_tf.metrics.pose import ALL_FRAMES, pose_scores, scores_by_action
from aign_tf.skeletons import SKELETONS, Skeleton, known_joints

Factors = Mapping[str, np.ndarray]

_TURNED = 15.0  # degrees
_FEWER = "coco17"  # Neither spine nor thorax, neck or top of the head.
_SIDE = 128  # pixels of a picture

# Of the scores, for people.
MEANINGS = {
    "mpjpe_mm": "mean joint error in mm, hips aligned; lower is better",
    "pa_mpjpe_mm": "the same after the best similarity (Procrustes)",
    "n_mpjpe_mm": "the same after the best scale",
    "pck150": "share of joints nearer than 150 mm to the true ones; higher is better",
    "auc": "mean of such shares for 0 to 150 mm; higher is better",
    "reprojection": (
        "distance of re-rendered from seen joints, as a share of the picture's longer side; "
        "near 0 for any depths where joints stay on their rays, so no sign of a right pose"
    ),
}


def lift(generator: keras.Model, observed: Observations) -> Factors:
    """Poses and places of all observations."""
    seen = {"joints": observed.joints, "confidence": observed.confidence}
    return generator.predict(seen, batch_size=256, verbose=0)


def scores(pose: np.ndarray, observed: Observations) -> dict[str, float]:
    """`pose_scores` where a truth is known, else nothing."""
    return pose_scores(pose, observed.pose) if observed.known.any() else {}


def reprojection_error(rendered: np.ndarray, observed: Observations) -> float:
    """Mean distance of re-rendered from seen joints, as a share of the image size."""
    distance = np.linalg.norm(rendered - observed.joints, axis=-1)
    seen = observed.confidence > 0
    return float(distance[seen].mean()) / observed.image_size


def compare(
    generators: Mapping[str, keras.Model], renderer: keras.layers.Layer, observed: Observations
) -> tuple[dict[str, np.ndarray], dict[str, dict[str, float]]]:
    """Poses and scores of every generator, by name."""
    poses, metrics = {}, {}
    for name, generator in generators.items():
        factors = lift(generator, observed)
        rendered = renderer(factors, {})["joints"].numpy()
        poses[name] = factors["pose"]
        metrics[name] = {
            **scores(poses[name], observed),
            "reprojection": reprojection_error(rendered, observed),
        }
    return poses, metrics


def groups(generator: keras.Model, observed: Observations) -> dict[str, dict[str, float]]:
    """Scores by action, by a camera that is turned, and by a detector that knows fewer joints."""
    if not observed.known.any():
        return {}
    found = scores_by_action(lift(generator, observed)["pose"], observed.pose, observed.actions)
    del found[ALL_FRAMES]  # As in the table of candidates.
    known = known_joints(SKELETONS[_FEWER], SKELETONS["h36m17"])
    others = {
        f"camera rolled {_TURNED:.0f} degrees": turned(observed, "z", _TURNED),
        f"camera pitched {_TURNED:.0f} degrees": turned(observed, "x", _TURNED),
        f"joints of {_FEWER}": dataclasses.replace(
            observed, confidence=observed.confidence * known
        ),
    }
    for name, seen in others.items():
        found[name] = scores(lift(generator, seen)["pose"], seen)
    return found


def sheet(
    candidates: Mapping[str, np.ndarray], observed: Observations, skeleton: Skeleton, rows: int
) -> np.ndarray:
    """Joints seen, then each candidate from the front and from the side.

    Args:
      candidates: name -> poses `[N, J, 3]`; those that are not known, NaN, are left out.
      observed: N observations.
      skeleton: of the J joints.
      rows: how many observations to show at most, evenly spaced.

    Returns:
      uint8 `[height, width, 3]`.
    """
    chosen = spaced(len(observed), rows)
    observed = observed.take(chosen)
    joints = [
        skeleton_pictures.draw_joints(
            skeleton_pictures.fit(points, seen), skeleton, _SIDE, confidence=seen
        )
        for points, seen in zip(observed.joints, observed.confidence)
    ]
    columns = {"input": np.stack(joints)}
    for name, all_poses in candidates.items():
        poses = all_poses[chosen]
        if not np.isfinite(poses).all():
            continue  # The truth, where nobody knows it.
        for view, azimuth in (("", 0.0), (", side", np.pi / 2)):
            columns[name + view] = np.stack(
                [skeleton_pictures.draw_pose(pose, skeleton, _SIDE, azimuth) for pose in poses]
            )
    return visualize.captioned_grid(columns, _SIDE)
