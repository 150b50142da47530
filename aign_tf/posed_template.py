"""A classical baseline for depths of landmarks: the mean face, turned as the picture shows it.

Scaled orthographic pose from known 3D points: the affine camera of least squares, then the scaled
rotation nearest to it. A face is `scale R template + translation`; R is seen_from_template, x
right, y down, z away from the camera. The template looks towards -z.
"""

from __future__ import annotations

import numpy as np

from aign_tf.errors import UserError
from aign_tf.landmarks import centred


def posed(points, template) -> tuple[np.ndarray, np.ndarray]:
    """Depths and turn of a template laid over 2D points.

    Args:
      points: `[N, K, 2]`, x right, y down.
      template: `[K, 3]` in any unit, frontal and upright.

    Returns:
      depth: float64 `[N, K]` in the unit of `points`, mean 0; all 0 where the points coincide.
      rotation: float64 `[N, 3, 3]`. A face whose points are on a line has one of those that fit.
        Points that are not finite have depths and a rotation of NaN.

    Raises:
      UserError: the template has other landmarks.
    """
    template = _centred_template(template, points)
    camera = (np.linalg.pinv(template) @ centred(points)).swapaxes(1, 2)
    rows, strength = _nearest_orthonormal(camera)
    third = np.cross(rows[:, 0], rows[:, 1])
    depth = strength.mean(axis=1, keepdims=True) * (third @ template.T)
    return depth, np.concatenate([rows, third[:, None]], axis=1)


def rotation_of(faces, template) -> np.ndarray:
    """How far 3D faces have turned from the template: Procrustes' rotation, never a reflection.

    Args:
      faces: `[N, K, 3]`.
      template: `[K, 3]`.

    Returns:
      float64 `[N, 3, 3]`, seen_from_template; NaN for a face that is not finite.

    Raises:
      UserError: the template has other landmarks.
    """
    template = _centred_template(template, faces)
    rotation, _ = _nearest_orthonormal(centred(faces).swapaxes(1, 2) @ template)
    return rotation


def yaw_of(rotation) -> np.ndarray:
    """Degrees `[N]`, -180..180, by which faces look to the right of the picture.

    Negative to the left. It is the turn about the vertical that comes before the nod and the tilt:
    R = Rz Rx Ry, whose last row is (-cos x sin y, sin x, cos x cos y).

    Args:
      rotation: `[N, 3, 3]`, seen_from_template, of a template that looks towards -z.
    """
    last = np.asarray(rotation, np.float64)[:, 2]
    return np.degrees(np.arctan2(last[:, 0], last[:, 2]))


def _centred_template(template, faces) -> np.ndarray:
    (template,) = centred([template])
    count = np.shape(faces)[1]
    if count != len(template):
        raise UserError(f"{count} landmarks a face for a template of {len(template)}")
    return template


def _nearest_orthonormal(matrices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Orthonormal rows nearest to those of `[N, 2 or 3, 3]`, and singular values `[N, 2 or 3]`.

    Three rows make a rotation: of a reflection the weakest direction is turned round. The SVD
    raises an error for the whole batch if one matrix is not finite.
    """
    finite = np.isfinite(matrices).all(axis=(1, 2), keepdims=True)
    left, strength, right = np.linalg.svd(np.where(finite, matrices, 0), full_matrices=False)
    if matrices.shape[1] == 3:
        left[:, :, 2] *= np.sign(np.linalg.det(left @ right))[:, None]
    return np.where(finite, left @ right, np.nan), np.where(finite[:, 0], strength, np.nan)
