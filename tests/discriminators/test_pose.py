"""What discriminators see of a pose."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aign_tf import compat
from aign_tf.discriminators import judging
from aign_tf.discriminators.pose import VIEWS, BoneProducts, RandomView, pose_discriminator
from tests.data.poses.standing import H36M, body

COUNT = len(H36M.joints)


def poses(rows=4):
    noise = np.random.default_rng(0).normal(0, 0.1, (rows, COUNT, 3))
    return tf.constant(body() + noise, tf.float32)


def rotations(rows=4):
    square = np.linalg.qr(np.random.default_rng(1).normal(size=(rows, 3, 3)))[0]
    return (square * np.linalg.det(square)[:, None, None]).astype(np.float32)


def test_products_of_bones_by_hand():
    pose = tf.constant([[[0.0, 0, 0], [1, 0, 0], [1, 2, 0], [1, 2, 3]]])
    products = BoneProducts([(0, 1), (1, 2), (0, 3)])(pose)
    # Bones (1, 0, 0), (0, 2, 0) and (1, 2, 3); with itself, the squared length.
    np.testing.assert_allclose(products, [[1, 0, 1, 4, 4, 14]])


def test_products_of_bones_do_not_tell_from_where_nor_of_which_hand():
    layer = BoneProducts(H36M.bones)
    products = layer(poses())
    assert products.shape == (4, 16 * 17 // 2)
    turned = poses() @ rotations() + [1.0, 2.0, 3.0]
    np.testing.assert_allclose(layer(turned), products, atol=1e-5)
    np.testing.assert_allclose(layer(poses() * [-1.0, 1.0, 1.0]), products, atol=1e-5)
    assert np.abs(layer(1.1 * poses()) - products).max() > 0.01


def view(pose, chance):
    rows = tf.fill([pose.shape[0], 1], 1.0)
    return RandomView()([pose, rows * tf.constant([chance], tf.float32)]).numpy()


def test_a_view_goes_round_the_vertical_and_then_looks_up_or_down():
    point = tf.constant([[[1.0, 2.0, 3.0]]])
    # From no, a quarter and half a turn, with the camera level.
    for heading, expected in ((0, [1, 2]), (0.25, [3, 2]), (0.5, [-1, 2])):
        np.testing.assert_allclose(view(point, [heading, 0.5]), [[expected]], atol=1e-5)
    for share, degrees in ((0.0, -20), (1.0, 20)):
        up = np.radians(degrees)
        expected = [1, 2 * np.cos(up) - 3 * np.sin(up)]
        np.testing.assert_allclose(view(point, [0, share]), [[expected]], atol=1e-5)


def test_every_view_keeps_the_vertical_within_twenty_degrees():
    chance = np.random.default_rng(0).random((200, 2)).astype(np.float32)
    up = RandomView()([tf.tile([[[0.0, 1.0, 0.0]]], [200, 1, 1]), chance]).numpy()[:, 0]
    np.testing.assert_allclose(up[:, 0], 0, atol=1e-6)
    assert up[:, 1].min() >= np.cos(np.radians(20)) - 1e-6
    seen = RandomView()([tf.tile([[[1.0, 0.0, 0.0]]], [200, 1, 1]), chance]).numpy()[:, 0, 0]
    assert seen.min() < -0.95 and seen.max() > 0.95


@pytest.fixture(params=VIEWS)
def network(request):
    return pose_discriminator(request.param, H36M, width=16)


def logits(network, pose, seed=(1, 2)):
    return judging.judge(network, {"pose": pose}, seed, training=False)


def test_one_logit_for_each_pose(network):
    answer = logits(network, poses())
    assert answer.shape == (4, 1) and answer.dtype == tf.float32
    assert np.isfinite(answer).all() and np.ptp(answer) > 0
    np.testing.assert_allclose(logits(network, poses(2)), answer[:2], atol=1e-5)


@pytest.mark.parametrize(
    "name, turns, chances",
    [("joints", True, False), ("bones", False, False), ("reprojection", True, True)],
)
def test_what_the_answer_depends_on(name, turns, chances):
    network = pose_discriminator(name, H36M, width=16)
    answer = logits(network, poses())
    assert np.allclose(logits(network, poses() @ rotations()), answer, atol=1e-4) != turns
    assert np.allclose(logits(network, poses(), seed=(1, 3)), answer, atol=1e-4) != chances
    assert (judging.CHANCE in network.input) == chances


def test_logits_are_float32_in_low_precision():
    for name in VIEWS:
        with compat.precision("bfloat16"):
            network = pose_discriminator(name, H36M, width=16)
        assert logits(network, poses()).dtype == tf.float32


def test_it_comes_back_from_a_keras_file(network, tmp_path):
    network.save(tmp_path / "discriminator.keras")
    again = keras.saving.load_model(tmp_path / "discriminator.keras", compile=False)
    np.testing.assert_array_equal(logits(again, poses()), logits(network, poses()))


def test_a_pose_of_no_extent_has_a_finite_slope(network):
    nothing = tf.zeros([2, COUNT, 3])
    with tf.GradientTape() as tape:
        tape.watch(nothing)
        answer = tf.reduce_sum(logits(network, nothing))
    assert np.isfinite(tape.gradient(answer, nothing)).all()
