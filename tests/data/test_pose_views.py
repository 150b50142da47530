"""Simulated cameras see what real ones would."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aign_tf.data.pose_views import IMAGE_SIZE, filmed, turned
from aign_tf.data.poses.clips import Clip3D
from tests.data.poses.standing import H36M, body

FRAMES, CAMERAS = 150, 4
ELEVATION = (-5.0, 20.0)


def motion(name="walking/one", frames=FRAMES):
    """A body that wanders through the room, no frame as another."""
    rng = np.random.default_rng(0)
    places = rng.uniform(-2, 2, (frames, 1, 3))
    joints = body() + places + 0.05 * rng.normal(size=(frames, 17, 3))
    return Clip3D(name, joints.astype(np.float32), H36M)


def film(elevation=ELEVATION, cameras=CAMERAS, seed=(0, 1, 2), clip=None):
    return filmed(clip or motion(), cameras, elevation, seed)


def points(observed):
    return observed.pose + observed.position[:, None]


def rotations(observed, clip=None):
    """`[N, 3, 3]` from the room to the camera, and how far they miss the poses seen."""
    joints = (clip or motion()).joints.astype(np.float64)
    joints = np.repeat(joints - joints[:, :1], len(observed) // len(joints), axis=0)
    turns = np.swapaxes(np.linalg.pinv(joints) @ observed.pose, 1, 2)
    return turns, np.abs(joints @ np.swapaxes(turns, 1, 2) - observed.pose).max()


def elevation_and_roll(turns):
    """Degrees, from where the camera sees gravity: (0, 1, 0) if it is level."""
    x, y, z = (turns @ (0, 1, 0)).T
    return np.degrees(np.arcsin(z)), np.degrees(np.arctan2(-x, y))


def test_every_frame_is_seen_by_every_camera_and_all_of_it_is_known():
    observed = film()
    assert len(observed) == FRAMES * CAMERAS
    for column, shape in (
        (observed.joints, (17, 2)),
        (observed.confidence, (17,)),
        (observed.pose, (17, 3)),
        (observed.position, (3,)),
    ):
        assert column.shape == (FRAMES * CAMERAS, *shape) and column.dtype == np.float32
    assert observed.confidence.min() == 1 and observed.known.all()
    assert set(observed.actions) == {"walking"} and len(observed.actions) == len(observed)
    assert observed.image_size == IMAGE_SIZE


def test_joints_are_the_projection_of_pose_and_position():
    observed = film()
    places = points(observed)
    assert places[..., 2].min() > 1
    np.testing.assert_allclose(observed.joints, places[..., :2] / places[..., 2:], atol=1e-6)


def test_poses_are_rotated_never_mirrored_about_the_root():
    observed = film()
    np.testing.assert_array_equal(observed.pose[:, H36M.root], 0)
    turns, error = rotations(observed)
    assert error < 1e-5
    np.testing.assert_allclose(np.linalg.det(turns), 1, atol=1e-4)
    np.testing.assert_allclose(
        turns @ np.swapaxes(turns, 1, 2), np.tile(np.eye(3), (600, 1, 1)), 0, 1e-4
    )


@pytest.mark.parametrize("elevation", [ELEVATION, (40.0, 50.0), (-30.0, -30.0)])
def test_cameras_look_down_within_the_range_and_are_held_almost_level(elevation):
    found, roll = elevation_and_roll(rotations(film(elevation))[0])
    low, high = elevation
    assert low - 0.1 < found.min() and found.max() < high + 0.1
    assert np.ptp(found) >= 0.95 * (high - low)
    assert abs(roll.mean()) < 0.4 and 1.8 < roll.std() < 2.2


def test_who_is_looked_down_on_is_seen_head_first():
    observed = film((20.0, 20.0))
    head, foot = (H36M.joints.index(name) for name in ("head_top", "left_ankle"))
    assert (observed.pose[:, head, 2] < observed.pose[:, foot, 2]).mean() > 0.95


def test_people_are_seen_from_all_sides():
    turns, _ = rotations(film())
    heading = np.degrees(np.arctan2(turns[:, 0, 2], turns[:, 0, 0])) % 360
    counts, _ = np.histogram(heading, bins=6, range=(0, 360))
    assert counts.min() > 70


def test_people_stand_in_the_middle_three_to_six_metres_away():
    position = film().position
    assert 3 <= position[:, 2].min() < 3.2 and 5.8 < position[:, 2].max() <= 6
    share = np.abs(position[:, :2] / position[:, 2:]).max(axis=0)
    assert (share <= (0.3, 0.15)).all() and (share > (0.28, 0.14)).all()


def test_views_depend_on_the_seed_alone():
    one, same, other = film(seed=(0, 1, 2)), film(seed=(0, 1, 2)), film(seed=(0, 1, 3))
    np.testing.assert_array_equal(one.joints, same.joints)
    np.testing.assert_array_equal(one.position, same.position)
    assert not np.isclose(one.position, other.position).any(axis=1).any()


def test_the_motion_is_left_as_it_was():
    clip = motion()
    film(clip=clip)
    np.testing.assert_array_equal(clip.joints, motion().joints)


@given(st.sampled_from("xz"), st.floats(-25, 25))
def test_a_turned_camera_sees_the_same_people_turned(axis, degrees):
    observed = film(cameras=1)
    tilted = turned(observed, axis, degrees)
    places = points(tilted)
    np.testing.assert_allclose(tilted.joints, places[..., :2] / places[..., 2:], atol=2e-6)
    turns, error = rotations(tilted)
    before, _ = rotations(observed)
    turn = turns @ np.swapaxes(before, 1, 2)
    np.testing.assert_allclose(turn, np.broadcast_to(turn[0], turn.shape), atol=1e-4)
    assert error < 1e-5 and np.isclose(np.linalg.det(turn[0]), 1, atol=1e-4)
    np.testing.assert_allclose(
        np.einsum("ij,nj->ni", turn[0], observed.position), tilted.position, atol=1e-3
    )
    back = turned(tilted, axis, -degrees)
    np.testing.assert_allclose(back.joints, observed.joints, atol=2e-6)
    np.testing.assert_allclose(back.pose, observed.pose, atol=2e-6)
    for column in ("confidence", "actions"):
        np.testing.assert_array_equal(getattr(tilted, column), getattr(observed, column))
    assert tilted.image_size == observed.image_size


def seen_at(x, y):
    """One person of whom every joint is seen in one place, with the root 2 m ahead."""
    observed = film(cameras=1).take(slice(1))
    joints = np.tile(np.float32([x, y]), (1, 17, 1))
    return dataclasses.replace(observed, joints=joints, position=np.float32([[0, 0, 2]]))


def test_roll_turns_the_picture_and_pitch_moves_it():
    rolled = turned(seen_at(0.2, 0.1), "z", 90)
    np.testing.assert_allclose(rolled.joints[0, 0], (-0.1, 0.2), atol=1e-6)
    np.testing.assert_allclose(rolled.position, [[0, 0, 2]], atol=1e-6)
    pitched = turned(seen_at(0, 0), "x", 30)
    np.testing.assert_allclose(pitched.joints[0, 0], (0, -np.tan(np.radians(30))), atol=1e-6)
    np.testing.assert_allclose(pitched.position, [[0, -1, np.sqrt(3)]], atol=1e-6)


def test_joints_turned_out_of_sight_stay_finite():
    joints = turned(seen_at(0, -3), "x", 90).joints
    assert np.isfinite(joints).all() and np.abs(joints).max() <= 10.001
