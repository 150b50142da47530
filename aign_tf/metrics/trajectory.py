"""How far a camera's predicted path lies from the true one: numbers, files and pictures.

Numbers are those of Sturm, Engelhard, Endres, Burgard, Cremers, "A benchmark for the evaluation of
RGB-D SLAM systems", 2012, computed by the library evo. Poses are `[N, 4, 4]`, world from camera (x
right, y down, z forward), in metres. A predicted motion with a NaN has NaN errors.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping

import numpy as np
from evo.core import geometry, lie_algebra, metrics
from evo.core.trajectory import PosePath3D
from scipy.spatial.transform import Rotation

from aign_tf.data.sequences.cameras import inverse
from aign_tf.errors import UserError
from aign_tf.files import replacing

# Of the scores, for people.
MEANINGS = {
    "ate_m": (
        "root mean square error of the camera's positions in m, after the best rotation and shift "
        "of the whole path; lower is better"
    ),
    "ate_m_scaled": "the same after the best rotation, shift and scale",
    "rpe_trans_m": (
        "root mean square error of the camera's shift from one frame to the next, in m; lower is "
        "better"
    ),
    "rpe_rot_deg": "root mean square error of its turn from one frame to the next, in degrees",
}


def trajectory_errors(rotation, translation, true_poses) -> dict[str, float]:
    """Errors of M motions predicted from frame to frame.

    `ate_m`: root mean square distance of the chained motions' positions from the true ones, after
    the rotation and shift of least squares and nothing else, so that scale counts; `ate_m_scaled`:
    after the best similarity (Umeyama, 1991). `rpe_trans_m` and `rpe_rot_deg`: root mean squares,
    over all pairs of neighbouring frames, of length and angle of what the predicted motion lacks.

    Args:
      rotation: `[M, 3, 3]`, of next_from_this: x_next = R x_this + t.
      translation: `[M, 3]`, metres.
      true_poses: `[M + 1, 4, 4]`, as of the module.

    Raises:
      UserError: there is no motion, or the numbers of motions and poses do not match.
    """
    count = len(true_poses)
    if count < 2 or np.shape(rotation) != (count - 1, 3, 3):
        raise UserError(
            f"rotations of shape {list(np.shape(rotation))} do not match {count} true poses: give "
            "one from each frame to the next, at least one"
        )
    if not (np.isfinite(rotation).all() and np.isfinite(translation).all()):
        return dict.fromkeys(MEANINGS, np.nan)
    found, true = chain(rotation, translation), _rigid(true_poses)
    return {
        "ate_m": _position_error(found, true, with_scale=False),
        "ate_m_scaled": _position_error(found, true, with_scale=True),
        "rpe_trans_m": _motion_error(found, true, metrics.PoseRelation.translation_part),
        "rpe_rot_deg": _motion_error(found, true, metrics.PoseRelation.rotation_angle_deg),
    }


def chain(rotation, translation, first=None) -> np.ndarray:
    """The poses that M motions from frame to frame lead through.

    Args:
      rotation: `[M, 3, 3]`, of next_from_this: x_next = R x_this + t.
      translation: `[M, 3]`, metres.
      first: `[4, 4]`, where the camera begins; the origin by default.

    Returns:
      float64 `[M + 1, 4, 4]`, world from camera. Roundings of float32 do not add up: rotations are
      made exact first.
    """
    motions = np.tile(np.eye(4), (len(rotation), 1, 1))
    motions[:, :3, :3], motions[:, :3, 3] = rotation, translation
    poses = [np.eye(4) if first is None else np.asarray(first, np.float64)]
    for this_from_next in inverse(_rigid(motions)):
        poses.append(poses[-1] @ this_from_next)
    return np.stack(poses)


def write_tum(path: str | os.PathLike, timestamps, poses) -> None:
    """Writes lines of `timestamp tx ty tz qx qy qz qw`, as of the TUM RGB-D benchmark.

    Args:
      path: of the file, whole or absent.
      timestamps: `[N]`, seconds.
      poses: `[N, 4, 4]`, world from camera, metres.
    """
    poses = np.asarray(poses, np.float64)
    quaternions = Rotation.from_matrix(poses[:, :3, :3]).as_quat()
    rows = np.column_stack([timestamps, poses[:, :3, 3], quaternions])
    with replacing(path) as temporary:
        np.savetxt(temporary, rows, fmt="%.6f " + "%.9g " * 6 + "%.9g")


def plot(trajectories: Mapping[str, np.ndarray]) -> np.ndarray:
    """Paths of a camera from above and from the side, uint8 `[480, 960, 3]`.

    Each path begins at the origin and looks along z there, whatever its world, so that those of one
    recording can be compared.

    Args:
      trajectories: name for the legend -> poses `[N, 4, 4]`, world from camera, metres.
    """
    # Drawn without pyplot, whose state is shared by all threads. It takes a third of a second to
    # import, which only those wait for who want a picture.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.6, 4.8), dpi=100, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    above, side = figure.subplots(1, 2)
    for name, poses in trajectories.items():
        # Micrometres, so that a path that stays in one place is no path through its roundings.
        x, y, z = (inverse(poses[:1]) @ poses)[:, :3, 3].T.round(6)
        above.plot(x, z, ".-", markersize=3, label=name)
        side.plot(z, -y, ".-", markersize=3)
    above.set(title="from above", xlabel="to the right (m)", ylabel="forward (m)")
    side.set(title="from the side", xlabel="forward (m)", ylabel="up (m)")
    for axes in (above, side):
        axes.plot(0, 0, "k+", markersize=10)
        axes.set_aspect("equal", adjustable="datalim")
        axes.locator_params(axis="x", nbins=6)
        axes.grid(alpha=0.3)
    above.legend()
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _rigid(poses) -> np.ndarray:
    """float64, with rotations freed of the roundings of float32 and of text, which evo refuses."""
    poses = np.array(poses, np.float64)
    if len(poses):  # SciPy refuses to rotate nothing.
        poses[:, :3, :3] = Rotation.from_matrix(poses[:, :3, :3]).as_matrix()
    return poses


def _position_error(found: np.ndarray, true: np.ndarray, with_scale: bool) -> float:
    path, target = PosePath3D(poses_se3=found), PosePath3D(poses_se3=true)
    try:
        path.align(target, correct_scale=with_scale)
    except geometry.GeometryException:
        _align_line(path, target, with_scale)
    return _rmse(metrics.APE(metrics.PoseRelation.translation_part), path, target)


def _align_line(path: PosePath3D, target: PosePath3D, with_scale: bool) -> None:
    """`path.align` where it refuses: a path on a line, or that stays in one place.

    Of many rotations that are equally good, one is taken.
    """
    centre, goal = path.positions_xyz.mean(axis=0), target.positions_xyz.mean(axis=0)
    offsets, wanted = path.positions_xyz - centre, target.positions_xyz - goal
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # That there are many.
        turn, _ = Rotation.align_vectors(wanted, offsets)
    scale = 1.0
    if with_scale and offsets.any():
        scale = float(np.sum(turn.apply(offsets) * wanted) / np.sum(offsets**2))
    path.scale(scale)
    path.transform(lie_algebra.se3(turn.as_matrix(), goal - scale * turn.apply(centre)))


def _motion_error(found: np.ndarray, true: np.ndarray, relation: metrics.PoseRelation) -> float:
    error = metrics.RPE(relation, delta=1, delta_unit=metrics.Unit.frames)
    return _rmse(error, PosePath3D(poses_se3=found), PosePath3D(poses_se3=true))


def _rmse(error: metrics.PE, path: PosePath3D, target: PosePath3D) -> float:
    error.process_data((target, path))
    return float(error.get_statistic(metrics.StatisticsType.rmse))
