"""Candidates for the depths of faces compared on the same observations: numbers and pictures."""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np

from aign_tf import posed_template, visualize
from aign_tf.data.landmarks import drawings
from aign_tf.data.landmarks.roles import LandmarkRoles
from aign_tf.data.landmarks.sets import LandmarkSet
from aign_tf.data.splits import spaced
from aign_tf.generators.face_lifter import AlignFace
from aign_tf.metrics.landmarks import ALL, keypoint_mse, scores_by_group, yaw_groups
from aign_tf.metrics.ridge import fit_ridge

TEMPLATE = "posed_template"

# Of the scores, for people.
MEANINGS = {
    "depth_corr": "correlation of predicted with true depths over the faces; higher is better",
    "depth_corr_mean": "`depth_corr` divided by the number of landmarks; higher is better",
    "depth_corr_residual": "gives no credit for the pose of a face; higher is better",
    "aligned_depth_error": "mean error of depths; lower is better",
    "keypoint_mse": (
        "error of mapping each face affinely onto every other, in squared shares of the "
        "picture; lower is said to be better, but it does not tell true depths from wrong ones"
    ),
    "depth_corr_frontal": "`depth_corr` of faces within 30 degrees of yaw",
    "depth_corr_left": "`depth_corr` of faces that look to the left of the picture",
    "depth_corr_right": "`depth_corr` of faces that look to the right of the picture",
    "chance": "`depth_corr` of depths that have nothing to do with the truth",
}

_RIDGE = 1e-4
_SIDE = 128  # pixels of a picture
_PROFILE = np.radians(75)

Faces = Mapping[str, np.ndarray]


def lift(generator: keras.Model, renderer: keras.layers.Layer, points: np.ndarray) -> np.ndarray:
    """Faces `[N, K, 3]` of landmarks `[N, K, 2]`: x and y where their camera sees them."""
    # Heat-maps of more faces would fill a small computer.
    factors = generator.predict({"points": points}, batch_size=128, verbose=0)
    seen = renderer(factors, {})["points"].numpy()
    return np.concatenate([seen, factors["face"][..., 2:]], axis=2)


def baselines(observed: LandmarkSet, roles: LandmarkRoles) -> dict[str, np.ndarray]:
    """Faces whose depths need no network.

    `posed_template`: the mean face of the memory, posed by least squares on the points alone.
    `ridge`: linear regression from the pairs of the training split, where it has any, between
    points that are aligned as for our network.
    """
    depths = {TEMPLATE: posed_template.posed(observed.points, roles.template)[0]}
    train = roles.observed["train"]
    train = train.take(train.known)
    if len(train):
        align = AlignFace(roles.template[:, :2].tolist())
        points, size = (values.numpy() for values in align(train.points))
        ridge = fit_ridge(points, train.depth / size, _RIDGE)
        points, size = (values.numpy() for values in align(observed.points))
        depths["ridge"] = size * ridge.predict(points)
    return {
        name: np.concatenate([observed.points, depth[..., None]], axis=2)
        for name, depth in depths.items()
    }


def compare(
    faces: Faces, ours: str, observed: LandmarkSet, template: np.ndarray
) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, float]]]:
    """Scores of every candidate on all faces, and those of one of them by the way faces look.

    Beside its scores on all faces a candidate has `depth_corr_frontal`, `_left` and `_right`. Where
    no depth is known, `keypoint_mse` is all there is.

    Args:
      faces: name -> `[N, K, 3]`, among them the posed template.
      ours: the name of the candidate whose groups are returned.
      observed: the N observations.
      template: `[K, 3]`, which tells where faces look that do not tell it themselves.
    """
    if not observed.known.any():
        return {
            name: {"keypoint_mse": keypoint_mse(observed.points, face[..., 2])}
            for name, face in faces.items()
        }, {}
    target, posed = observed.faces, faces[TEMPLATE][..., 2]
    groups = _groups(observed, template)
    metrics, rows = {}, {}
    for name, face in faces.items():
        rows[name] = scores_by_group(face, target, posed, groups)
        metrics[name] = {
            key: value for key, value in rows[name][ALL].items() if key not in ("samples", "chance")
        }
        for group, scores in rows[name].items():
            if group != ALL:
                metrics[name][f"depth_corr_{group}"] = scores["depth_corr"]
    return metrics, rows[ours]


def notes(observed: LandmarkSet) -> dict[str, str]:
    """How to read the numbers."""
    if not observed.known.any():
        return {"truth": "unknown: depths cannot be compared"}
    return {
        "depth_corr": (
            f"sum over {observed.points.shape[1]} landmarks; a face that ignores its picture "
            "scores 0, depths that have nothing to do with the truth score chance"
        ),
        "depth_corr_residual": "the same for what remains after posed_template is taken out",
        "aligned_depth_error": "share of the size of a face, after similarity alignment of each",
    }


def sheet(faces: Faces, points: np.ndarray, roles: LandmarkRoles, rows: int) -> np.ndarray:
    """Landmarks as seen, then each candidate as the camera sees it and in profile.

    Args:
      faces: name -> `[N, K, 3]`; those that are not known, NaN, are left out.
      points: `[N, K, 2]`.
      roles: their template tells where the points look, and with it where to see a profile from.
      rows: how many to show at most, evenly spaced.

    Returns:
      uint8 `[height, width, 3]`.
    """
    chosen = spaced(len(points), rows)
    scheme, points = roles.scheme, points[chosen]
    _, turn = posed_template.posed(points, roles.template)
    seen = [drawings.draw_landmarks(some, scheme, _SIDE) for some in points]
    columns = {"input": np.stack(seen)}
    for name, candidates in faces.items():
        shown = candidates[chosen]
        if not np.isfinite(shown).all():
            continue  # The truth, where nobody knows it.
        for view, some, azimuth in (("", shown, 0.0), (", profile", shown @ turn, _PROFILE)):
            drawn = [drawings.draw_face(face, scheme, _SIDE, azimuth) for face in some]
            columns[name + view] = np.stack(drawn)
    return visualize.captioned_grid(columns, _SIDE)


def _groups(observed: LandmarkSet, template: np.ndarray) -> np.ndarray:
    """As files tell, else by the yaw of the true face."""
    rotation = posed_template.rotation_of(observed.faces, template)
    by_yaw = yaw_groups(posed_template.yaw_of(rotation))
    return np.where(observed.groups != "", observed.groups, by_yaw)
