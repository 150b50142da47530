"""Random sides from which remembered things are seen."""

import hypothesis
import numpy as np
import pytest
import tensorflow as tf

from aign_tf.data import views
from tests.data.test_pose_batches import COUNT, H36M, SEEDS, bones, observed, poses

ROUND = (-180.0, 180.0)


def test_cameras_stand_all_round_within_elevation_and_roll():
    axes = tf.tile([tf.eye(3)], [1000, 1, 1])  # Where x, y (gravity) and z come to lie.
    x, down, _ = np.moveaxis(
        views.from_anywhere(axes, ROUND, (-10.0, 30.0), 15.0, [1, 2]).numpy(), 1, 0
    )
    # A camera that looks down sees gravity point away from it.
    elevation = np.degrees(np.arcsin(down[:, 2]))
    roll = np.degrees(np.arctan2(-down[:, 0], down[:, 1]))
    for angle, low, high in ((elevation, -10, 30), (roll, -15, 15)):
        assert low - 0.01 <= angle.min() < low + 1 and high - 1 < angle.max() <= high + 0.01
        assert angle.mean() == pytest.approx((low + high) / 2, abs=2)
    for coordinate in (0, 2):
        assert x[:, coordinate].min() < -0.9 and x[:, coordinate].max() > 0.9
    assert abs(np.corrcoef(elevation, roll)[0, 1]) < 0.1


@hypothesis.given(SEEDS)
def test_a_camera_anywhere_sees_the_same_pose(seed):
    seen = views.from_anywhere(poses(), ROUND, (-40.0, 60.0), 30.0, seed).numpy()
    flat = [bones(some).reshape(8, -1, 3) for some in (poses(), seen)]
    products = [some @ some.transpose(0, 2, 1) for some in flat]
    np.testing.assert_allclose(products[1], products[0], atol=1e-5)
    volume = [np.linalg.det(some[:, [0, 1, 6]]) for some in flat]  # A mirror would turn its sign.
    np.testing.assert_allclose(volume[1], volume[0], atol=1e-5)


def test_a_level_camera_keeps_heights():
    seen = views.from_anywhere(poses(), ROUND, (0.0, 0.0), 0.0, [1, 2])
    np.testing.assert_allclose(seen[..., 1], poses()[..., 1], atol=1e-6)


def test_mirrored_by_hand():
    joints = tf.constant([[[float(joint), 10.0 * joint] for joint in range(COUNT)]] * 40)
    confidence = tf.tile([np.arange(COUNT, dtype=np.float32)], [40, 1])
    points, seen = views.mirrored([joints, confidence], H36M.mirror, [1, 2])
    on = points.numpy()[:, 1, 0] == -4  # The right hip comes from the left one.
    assert 10 < on.sum() < 30
    swapped = [0, 4, 5, 6, 1, 2, 3, 7, 8, 9, 10, 14, 15, 16, 11, 12, 13]
    assert {tuple(row) for row in seen.numpy()[on]} == {tuple(swapped)}
    np.testing.assert_array_equal(points.numpy()[on][0, :, 0], -np.array(swapped, np.float32))
    np.testing.assert_array_equal(points.numpy()[on][0, :, 1], 10 * np.array(swapped, np.float32))
    np.testing.assert_array_equal(points.numpy()[~on], joints.numpy()[~on])
    np.testing.assert_array_equal(seen.numpy()[~on], confidence.numpy()[~on])


@hypothesis.given(SEEDS)
def test_mirrored_twice_with_one_seed_is_as_before(seed):
    given = [tf.constant(observed()[0]), tf.constant(observed()[1]), poses()]
    once = views.mirrored(given, H36M.mirror, seed)
    for before, after in zip(given, views.mirrored(once, H36M.mirror, seed)):
        np.testing.assert_array_equal(before, after)


def test_a_mirrored_scene_is_seen_in_the_mirrored_picture():
    points = poses() + tf.constant([0.3, 0.1, 4.0])
    seen = points[..., :2] / points[..., 2:]
    points, seen = views.mirrored([points, seen], H36M.mirror, [3, 4])
    np.testing.assert_allclose(points[..., :2] / points[..., 2:], seen, atol=1e-6)


def test_headings_stay_in_their_range():
    axes = tf.tile([tf.eye(3)], [1000, 1, 1])
    seen = views.from_anywhere(axes, (-60.0, 30.0), (0.0, 0.0), 0.0, [1, 2]).numpy()
    heading = np.degrees(np.arctan2(seen[:, 2, 0], seen[:, 2, 2]))  # Where z has turned to.
    assert -60.01 <= heading.min() < -58 and 28 < heading.max() <= 30.01
