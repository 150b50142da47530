import pathlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from aign_tf.data.augment import normalized, quantized
from aign_tf.skeleton_pictures import draw_joints, draw_pose, fit, motion, seen_from, turntable
from aign_tf.skeletons import SKELETONS, Skeleton
from aign_tf.visualize import captioned_grid

H36M = SKELETONS["h36m17"]
# Arms stretched out to the sides, legs below: who faces the camera has the left on its right.
CROSS = Skeleton(
    "cross",
    ("hip", "head", "left_wrist", "right_wrist", "left_foot", "right_foot"),
    (-1,) + (0,) * 5,
)
POSE = np.array(
    [[0, 0, 0], [0, -0.8, 0], [0.8, -0.3, 0], [-0.8, -0.3, 0], [0.2, 0.9, 0], [-0.2, 0.9, 0]],
    np.float32,
)
SHARES = np.array([[0.5, 0.5], [0.5, 0.2], [0.8, 0.4], [0.2, 0.4], [0.6, 0.9], [0.4, 0.9]])


def blue(picture):
    red, green, blue = np.moveaxis(picture.astype(int), -1, 0)
    return (blue > red + 60) & (blue > green + 40)


def red(picture):
    return blue(picture[..., ::-1])


def grey(picture):
    picture = picture.astype(int)
    return (np.ptp(picture, axis=-1) < 25) & (picture.max(axis=-1) < 150)


def centre(mask):
    """x, y as shares of the picture."""
    return np.argwhere(mask).mean(axis=0)[::-1] / mask.shape[0]


def points(*rows):
    return np.array(rows, np.float32)


def test_fit_keeps_the_aspect_and_centres():
    fitted = fit(points([100, 40], [300, 40], [200, 140]))
    np.testing.assert_allclose(fitted, [[0.1, 0.3], [0.9, 0.3], [0.5, 0.7]], atol=1e-6)


def test_fit_moves_all_frames_alike():
    clip = np.array([[[0, 0], [1, 0]], [[3, 0], [4, 0]]], np.float32)
    np.testing.assert_allclose(fit(clip)[..., 0], [[0.1, 0.3], [0.7, 0.9]], atol=1e-6)


def test_fit_does_not_count_missing_joints():
    fitted = fit(points([0, 0], [2, 0], [1e6, -1e6], [np.nan, 0]), np.array([1, 0.3, 0, 1]))
    np.testing.assert_allclose(fitted[:2], [[0.1, 0.5], [0.9, 0.5]], atol=1e-6)
    assert np.isnan(fitted[2:]).all()


def test_fit_of_one_joint_is_the_middle_and_of_none_is_nothing():
    np.testing.assert_allclose(fit(points([7, -3])), [[0.5, 0.5]])
    assert np.isnan(fit(points([7, -3]), np.zeros(1))).all()


@given(hnp.arrays(np.float32, (3, 5, 2), elements=st.floats(-1e4, 1e4, width=32)))
def test_fit_stays_within_the_margins(joints):
    fitted = fit(joints)
    assert fitted.min() >= 0.1 - 1e-6
    assert fitted.max() <= 0.9 + 1e-6


@pytest.mark.parametrize("side", [64, 128, 257])
def test_joints_are_drawn_where_they_are_in_the_colours_of_their_sides(side):
    picture = draw_joints(SHARES, CROSS, side)
    assert picture.shape == (side, side, 3)
    assert picture.dtype == np.uint8
    for (x, y), shown in zip(SHARES, (grey, grey, blue, red, blue, red)):
        assert shown(picture)[int(y * side), int(x * side)]
    assert np.all(picture[0] == 255)


def test_lines_and_joints_grow_with_the_picture():
    ink = [np.mean(draw_joints(SHARES, CROSS, side) < 200) for side in (96, 384)]
    assert ink[0] == pytest.approx(ink[1], rel=0.1)


def test_missing_joints_are_left_out_with_their_bones():
    shares = fit(POSE[:, :2])
    everything = draw_joints(shares, CROSS, 128)
    confidence = np.array([1, 1, 0, 1, 0, 1])
    picture = draw_joints(shares, CROSS, 128, confidence)
    assert blue(everything).any() and not blue(picture).any()
    assert red(picture).any()
    shares[confidence == 0] = np.nan
    np.testing.assert_array_equal(picture, draw_joints(shares, CROSS, 128))


def test_a_joint_without_neighbours_is_still_shown():
    picture = draw_joints(fit(POSE[:, :2]), CROSS, 128, np.array([0, 0, 1, 0, 0, 0]))
    assert blue(picture).any() and not red(picture).any()


def test_nothing_seen_is_white_paper():
    assert np.all(draw_joints(np.full((6, 2), np.nan), CROSS, 64) == 255)


def test_a_bone_between_the_sides_belongs_to_neither():
    shoulders = Skeleton("shoulders", ("left_shoulder", "right_shoulder"), (-1, 0))
    picture = draw_joints(points([0.8, 0.5], [0.2, 0.5]), shoulders, 128)
    assert grey(picture)[64, 64]
    assert blue(picture)[64, 102]
    assert red(picture)[64, 25]


def test_a_quarter_turn_puts_the_camera_to_the_right():
    turned = seen_from(points([1, 2, 3]), np.pi / 2, 0.0)
    np.testing.assert_allclose(turned, [[3, 2, -1]], atol=1e-6)


def test_a_camera_raised_to_the_zenith_looks_down():
    turned = seen_from(points([1, 2, 3]), 0.0, np.pi / 2)
    np.testing.assert_allclose(turned, [[1, -3, 2]], atol=1e-6)


@given(st.floats(-7, 7), st.floats(-2, 2))
def test_views_are_rotations(azimuth, elevation):
    rotation = seen_from(np.eye(3), azimuth, elevation)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(rotation) == pytest.approx(1.0)


def test_a_pose_from_the_front_has_its_left_on_the_right_and_from_behind_on_the_left():
    front, back = draw_pose(POSE, CROSS, 128), draw_pose(POSE, CROSS, 128, azimuth=np.pi)
    assert centre(blue(front))[0] > 0.5 > centre(red(front))[0]
    assert centre(blue(back))[0] < 0.5 < centre(red(back))[0]


def test_a_pose_stands_upright():
    picture = draw_pose(POSE, CROSS, 128)
    head = centre(grey(picture))
    assert head[1] < centre(blue(picture))[1]
    assert head[0] == pytest.approx(0.5, abs=0.01)


def test_the_lowest_joint_touches_the_floor_at_a_fixed_height():
    crouching = POSE * [1, 0.5, 1]
    feet = [
        np.argwhere(blue(draw_pose(pose, CROSS, 256))).max(axis=0)[0] for pose in (POSE, crouching)
    ]
    assert feet == pytest.approx([0.88 * 256] * 2, abs=6)


def test_extent_is_the_width_of_the_picture_in_metres():
    narrow, wide = (draw_pose(POSE, CROSS, 256, extent=extent) for extent in (2.4, 4.8))
    hands = [np.ptp(np.argwhere(blue(view) | red(view))[:, 1]) / 256 for view in (narrow, wide)]
    assert hands[0] == pytest.approx(1.6 / 2.4, abs=0.04)
    assert hands[1] == pytest.approx(1.6 / 4.8, abs=0.04)


def test_near_hides_far_and_far_is_paler():
    fork = Skeleton("fork", ("hip", "left_wrist", "right_wrist"), (-1, 0, 0))
    pose = points([0, 0, 0], [0, -0.6, -0.8], [0, -0.6, 0.8])
    pose[2, 1] *= (5 + 0.8) / (5 - 0.8)  # Seen in one line.
    front = draw_pose(pose, fork, 256, elevation=0.01)
    back = draw_pose(pose, fork, 256, azimuth=np.pi, elevation=0.01)
    assert blue(front).sum() > red(front).sum()
    assert red(back).sum() > blue(back).sum()
    side = draw_pose(pose * [1, 1, -1], fork, 256, azimuth=0.4)
    assert side[red(side)].min(axis=1).mean() < side[blue(side)].min(axis=1).mean()


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30, -1e6])
def test_wild_poses_do_not_stop_a_drawing(value):
    pose = POSE.copy()
    pose[3] = value
    assert draw_pose(pose, CROSS, 64).shape == (64, 64, 3)
    assert draw_pose(np.full_like(POSE, value), CROSS, 64).shape == (64, 64, 3)


@pytest.mark.parametrize("name", sorted(SKELETONS))
def test_every_skeleton_can_be_drawn_in_both_colours(name):
    skeleton = SKELETONS[name]
    joints = np.random.default_rng(0).uniform(-0.8, 0.8, (len(skeleton.joints), 3))
    for picture in (draw_joints(fit(joints[:, :2]), skeleton, 96), draw_pose(joints, skeleton, 96)):
        assert blue(picture).any()
        assert red(picture).any()


def test_a_turntable_begins_at_the_front_and_turns_once():
    turn = turntable(POSE, CROSS, frames=4, side=64)
    assert turn.shape == (4, 64, 64, 3)
    assert turn.dtype == np.uint8
    for frame, azimuth in zip(turn, np.pi / 2 * np.arange(4)):
        np.testing.assert_array_equal(frame, draw_pose(POSE, CROSS, 64, azimuth, 0.25))


def test_a_turntable_shows_the_input_unmoved_on_its_left():
    joints, confidence = POSE[:, :2] * 300 + 50, np.array([1, 1, 1, 0, 1, 1])
    turn = turntable(POSE, CROSS, joints, confidence, frames=3, side=64)
    assert turn.shape == (3, 64, 128, 3)
    still = draw_joints(fit(joints, confidence), CROSS, 64)
    np.testing.assert_array_equal(turn[:, :, :64], np.stack([still] * 3))
    np.testing.assert_array_equal(turn[:, :, 64:], turntable(POSE, CROSS, frames=3, side=64))


def test_a_motion_has_three_panels_a_frame():
    poses = np.stack([POSE, POSE * 0.9])
    joints = poses[..., :2]
    confidence = np.ones((2, 6))
    confidence[1, 2] = 0
    film = motion(poses, joints, CROSS, confidence, side=64)
    assert film.shape == (2, 64, 192, 3)
    assert film.dtype == np.uint8
    fitted = fit(joints)
    for time in range(2):
        seen, front, walking = np.split(film[time], 3, axis=1)
        expected = draw_joints(fitted[time], CROSS, 64, confidence[time])
        np.testing.assert_array_equal(seen, expected)
        np.testing.assert_array_equal(front, draw_pose(poses[time], CROSS, 64))
        assert not np.array_equal(walking, front)


def test_pictures_fit_into_a_captioned_grid():
    pictures = np.stack([draw_pose(POSE, CROSS, 96)] * 2)
    np.testing.assert_array_equal(quantized(normalized(pictures)), pictures)
    grid = captioned_grid({"pose": normalized(pictures)}, side=96)
    np.testing.assert_array_equal(grid[-96:], pictures[1])


def test_real_poses_stand_upright_with_left_and_right_in_place():
    path = pathlib.Path(__file__).parents[1] / "../shared/data/cmu_mocap/poses_17j.npz"
    if not path.exists():
        pytest.skip("the motion capture is not on this machine")
    with np.load(path) as clips:
        name = next(name for name in clips.files if name.startswith("train/walking/"))
        pose = clips[name][0] * [1, -1, -1]
    across = pose[H36M.joints.index("left_hip")] - pose[H36M.joints.index("right_hip")]
    facing = np.arctan2(across[2], across[0])  # The view in which the hips are side by side.
    picture = draw_pose(pose, H36M, 128, azimuth=facing)
    assert centre(blue(picture))[0] > centre(red(picture))[0]
    assert centre(grey(picture))[1] < min(centre(blue(picture))[1], centre(red(picture))[1])
