"""What numbers alone tell of intrinsics and poses."""

import numpy as np
import pytest

from aign_tf.data.sequences.check_camera import (
    camera_faults,
    jumps,
    motions,
    pose_faults,
    view,
)
from tests.data.sequences.textured_sphere import STEP, TURN, wandering_poses

SIZE, FOCAL, CENTRE = (640, 480), (525.0, 520.0), (319.5, 239.5)


def test_view():
    np.testing.assert_allclose(view((640, 480), (320, 240)), [90, 90])


@pytest.mark.parametrize(
    "size, focal, centre",
    [
        (SIZE, FOCAL, CENTRE),
        ((1242, 375), (725, 725), (620.5, 187)),  # Virtual KITTI
        ((1241, 376), (718.9, 718.9), (607.2, 185.2)),  # KITTI odometry
        ((240, 160), (220.25, 220.21), (119.8, 75.2)),
        ((128, 96), (74, 186), (62.5, 47)),  # stretched
    ],
)
def test_plausible_cameras(size, focal, centre):
    assert camera_faults(size, focal, centre) == []


@pytest.mark.parametrize(
    "scale, pictures, mend",
    [(0.5, "1280x960", "0.5"), (4, "160x120", "4"), (0.375, "1707x1280", "0.375")],
)
def test_intrinsics_of_another_resolution(scale, pictures, mend):
    focal, centre = np.array(FOCAL) / scale, (np.array(CENTRE) + 0.5) / scale - 0.5
    (fault,) = camera_faults(SIZE, focal, centre)
    assert fault.looks == f"intrinsics look like those of pictures of about {pictures} pixels"
    assert fault.mend == f"multiply the intrinsics by {mend}"


def test_a_principal_point_at_the_side():
    (fault,) = camera_faults(SIZE, FOCAL, (63.5, 239.5))
    assert fault.looks == "the principal point lies at 10% of the width and 50% of the height"
    assert fault.mend == "look at the principal point"


@pytest.mark.parametrize(
    "focal, angle, size", [(2000, 18, "large"), (100, 145, "small")], ids=["narrow", "wide"]
)
def test_a_field_of_view_that_no_usual_lens_has(focal, angle, size):
    (fault,) = camera_faults(SIZE, (focal, focal), CENTRE)
    assert fault.looks == (f"a field of view of {angle} degrees: the focal length looks too {size}")
    assert "pixels of the pictures as stored" in fault.mend


def test_normalised_intrinsics():
    (fault,) = camera_faults(SIZE, (0.82, 1.08), (0.5, 0.5))
    assert fault.looks == (
        "focal lengths of 0.82 and 1.08 pixels look like shares of a picture's size"
    )
    assert fault.mend == ("give intrinsics in pixels: times the width in x, times the height in y")


def test_rigid_poses():
    assert pose_faults(wandering_poses(9)) == []
    assert pose_faults(wandering_poses(9).round(4)) == []


def changed(rows, change):
    poses = wandering_poses(9)
    poses[rows, :3, :3] = change(poses[rows, :3, :3])
    return poses


@pytest.mark.parametrize(
    "poses, looks, mend",
    [
        (
            changed(slice(None), lambda turn: 2.5 * turn),
            "rotations are scaled by 2.5",
            "divide the 3x3 part of the poses by its scale",
        ),
        (
            changed(slice(3, 5), lambda turn: turn + 0.1),
            "poses are not rigid: 2 of 9, the first is that of frame 3",
            "look at the rotations: their columns must be perpendicular",
        ),
        (
            changed(slice(4, 5), lambda turn: 0 * turn),
            "poses are not rigid: 1 of 9, the first is that of frame 4",
            "look at the rotations: their columns must be perpendicular",
        ),
        (
            changed(slice(None), lambda turn: turn * [1, -1, 1]),
            "rotations have determinant -1",
            "write poses in right-handed axes",
        ),
    ],
    ids=["scaled", "bent", "missing", "mirrored"],
)
def test_poses_that_are_not_rigid(poses, looks, mend):
    assert pose_faults(poses) == [(looks, mend)]


def test_motions_and_jumps():
    poses = wandering_poses(9)
    metres, degrees = motions(poses)
    np.testing.assert_allclose(metres, np.linalg.norm(STEP))
    np.testing.assert_allclose(degrees, TURN)
    assert not len(jumps(metres, degrees))
    poses[4:, :3, 3] += 2
    poses[7:, :3, :3] = poses[7:, :3, :3] @ np.diag([-1, -1, 1])
    assert jumps(*motions(poses)).tolist() == [3, 6]


def test_a_camera_that_mostly_stands_does_not_jump():
    metres, degrees = np.zeros(9), np.zeros(9)
    metres[4], degrees[5] = 0.09, 9
    assert not len(jumps(metres, degrees))
