"""The paper's generator: linear shapes that a memory spans, turned and placed; heat-maps."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aign_tf import compat, geometry
from aign_tf.export import export
from aign_tf.generators.pose_basis import INPUTS, LinearShape, basis_lifter, fit_basis
from tests.data.poses.standing import H36M, body
from tests.generators.saved import check_it_comes_back

COUNT = len(H36M.joints)
LEFT, RIGHT = H36M.joints.index("left_hip"), H36M.joints.index("right_hip")


def memory(rows=200, seed=0):
    """Bodies with joints moved by some centimetres, seen from all sides."""
    draw = np.random.default_rng(seed)
    poses = body() + draw.normal(0, 0.05, (rows, COUNT, 3))
    poses -= poses[:, :1]
    heading = geometry.rotation_about("y", tf.constant(draw.uniform(-np.pi, np.pi, rows)))
    return poses @ heading.numpy().transpose(0, 2, 1)


def faced(poses):
    """Turned about the vertical until the left hip is straight to the left of the right one."""
    across = poses[:, LEFT] - poses[:, RIGHT]
    heading = geometry.rotation_about("y", tf.constant(np.arctan2(across[:, 2], across[:, 0])))
    return poses @ heading.numpy().transpose(0, 2, 1)


def explained(poses, mean, basis):
    """Weights `[M, K]` of the best approximation, and that approximation."""
    flat = basis.reshape(len(basis), -1)
    weights = np.linalg.lstsq(flat.T, (poses - mean).reshape(len(poses), -1).T, rcond=None)[0].T
    return weights, mean + np.tensordot(weights, basis, 1)


# The basis.


def test_all_components_explain_the_whole_memory_faced_the_same_way():
    poses = memory()
    mean, basis = fit_basis(poses, H36M, 96)
    assert mean.shape == (COUNT, 3) and basis.shape == (3 * (COUNT - 1), COUNT, 3)
    weights, approximation = explained(faced(poses), mean, basis)
    np.testing.assert_allclose(approximation, faced(poses), atol=1e-9)
    # Weights of a network are then of order one.
    np.testing.assert_allclose(weights.mean(axis=0), 0, atol=1e-6)
    strong = weights.std(axis=0)[:-1]  # Facing leaves no depth between the hips: the last is empty.
    np.testing.assert_allclose(strong, 1, atol=1e-6)


def test_the_mean_body_faces_the_camera():
    poses = memory()
    mean, _ = fit_basis(poses, H36M, 3)
    np.testing.assert_allclose(mean, faced(poses).mean(axis=0))
    left, right = mean[LEFT], mean[RIGHT]
    assert left[0] > right[0] and left[2] == pytest.approx(right[2], abs=1e-9)
    assert mean[0] == pytest.approx(0)
    again, _ = fit_basis(faced(poses), H36M, 3)
    np.testing.assert_allclose(again, mean)


def test_few_components_are_those_that_explain_most():
    poses = memory()
    poses[:, H36M.joints.index("head_top"), 1] += np.linspace(-2, 2, len(poses))
    _, basis = fit_basis(poses, H36M, 2)
    assert basis.shape == (2, COUNT, 3)
    size = np.linalg.norm(basis, axis=(1, 2))
    assert size[0] > 3 * size[1]
    assert abs(basis[0, H36M.joints.index("head_top"), 1]) > 0.9 * size[0]


def test_a_small_memory_has_fewer_components_than_asked_for():
    poses = memory(rows=5)
    mean, basis = fit_basis(poses, H36M, 96)
    assert basis.shape == (5, COUNT, 3) and np.isfinite(basis).all()
    _, approximation = explained(faced(poses), mean, basis)
    np.testing.assert_allclose(approximation, faced(poses), atol=1e-9)


# Shapes in front of the camera.


def shape_layer(mean, basis):
    layer = LinearShape(COUNT, len(basis), H36M.root)
    layer.set_weights([mean, basis])
    return layer


def placed(weights, angles=(0, 0, 0), place=(0, 0, 0), size=0.5, turn=None):
    """What `LinearShape` makes of one sample; angles in radians."""
    mean, basis = fit_basis(memory(), H36M, len(weights))
    sin_cos = np.stack([np.sin(angles), np.cos(angles)], axis=1)
    turn = np.eye(3) if turn is None else turn
    inputs = [[weights], [sin_cos], [place], [[size]], [turn]]
    pose, position = shape_layer(mean, basis)([tf.constant(x, tf.float32) for x in inputs])
    return pose.numpy()[0], position.numpy()[0], mean + np.tensordot(weights, basis, 1)


def test_a_shape_is_the_mean_and_weighted_components():
    pose, position, expected = placed([1.5, -0.5, 2.0])
    np.testing.assert_allclose(pose, expected, atol=1e-5)
    np.testing.assert_allclose(position, [0, 0, 0.45 / 0.5], atol=1e-6)


def test_a_shape_is_turned_about_its_root_and_placed_where_the_root_is_seen():
    place, size = (0.4, -0.6, np.log(2.0)), 0.25
    pose, position, shape = placed([1.0], angles=(0, np.pi / 2, 0), place=place, size=size)
    x, y, z = shape.T
    np.testing.assert_allclose(pose, np.stack([z, y, -x], axis=1), atol=1e-5)
    distance = 2 * 0.45 / size
    np.testing.assert_allclose(position, [distance * 0.1, distance * -0.15, distance], rtol=1e-5)


def test_a_shape_is_turned_back_to_where_the_camera_looked_before():
    turn = geometry.rotation_about("y", tf.constant(0.6)).numpy()
    before, after = placed([1.0]), placed([1.0], turn=turn)
    for old, new in zip(before[:2], after[:2]):
        np.testing.assert_allclose(new, old @ turn, atol=1e-5)


def test_absurd_distances_are_limited():
    near, far = (placed([0.0], place=(0, 0, log))[1][2] for log in (-100, 100))
    np.testing.assert_allclose([near, far], [0.9 * np.exp(-3), 0.9 * np.exp(3)], rtol=1e-5)


@pytest.mark.parametrize("inputs", INPUTS)
def test_a_fresh_generator_shows_the_mean_pose_where_somebody_was_seen(inputs):
    mean, basis = fit_basis(memory(), H36M, 8)
    generator = basis_lifter(H36M, mean, basis, inputs, 16, 1)
    points = body() + np.array([0.8, 0.3, 4.0])
    joints = (points[:, :2] / points[:, 2:])[None].astype(np.float32)
    factors = generator.predict_on_batch({"joints": joints, "confidence": np.ones((1, COUNT))})
    lengths = [np.linalg.norm(pose, axis=-1) for pose in (factors["pose"][0], mean)]
    np.testing.assert_allclose(*lengths, atol=1e-5)
    seen = factors["position"][0]
    np.testing.assert_allclose(seen[:2] / seen[2], points[H36M.root, :2] / 4.0, atol=0.05)
    assert 2.0 < seen[2] < 8.0


# The whole network.


def lifter(inputs):
    keras.utils.set_random_seed(0)
    return basis_lifter(H36M, *fit_basis(memory(), H36M, 6), inputs, width=16, blocks=1)


@pytest.fixture(scope="module", params=INPUTS)
def network(request):
    return lifter(request.param)


def observation(rows=3):
    draw = np.random.default_rng(0)
    joints = draw.normal(0, 0.2, (rows, COUNT, 2)) + draw.uniform(-0.3, 0.3, (rows, 1, 2))
    confidence = draw.random((rows, COUNT)) < 0.7
    return {"joints": joints.astype(np.float32), "confidence": confidence.astype(np.float32)}


def test_mean_and_basis_are_weights_that_do_not_train(network):
    mean, basis = fit_basis(memory(), H36M, 6)
    (shape,) = (layer for layer in network.layers if isinstance(layer, LinearShape))
    np.testing.assert_allclose(shape.mean, mean, atol=1e-6)
    np.testing.assert_allclose(shape.basis, basis, atol=1e-6)
    assert not shape.trainable_variables
    factors = network(observation())
    pose = factors["pose"].numpy()
    assert pose.shape == (3, COUNT, 3) and factors["position"].shape == (3, 3)
    np.testing.assert_allclose(pose[:, H36M.root], 0, atol=1e-5)


def test_missing_joints_have_no_influence(network):
    given = observation()
    changed = np.where(given["confidence"][..., None] > 0, given["joints"], np.nan)
    before, after = network(given), network({**given, "joints": changed.astype(np.float32)})
    for name in before:
        np.testing.assert_array_equal(before[name], after[name])


def test_it_comes_back_with_its_mean_and_basis_from_a_keras_file(network, tmp_path):
    check_it_comes_back(network, observation(), tmp_path)


def test_phones_get_the_same_numbers(network, tmp_path):
    (exported,) = export(network, observation(), tmp_path, ["tflite"])
    assert exported.max_abs_error < 1e-3


@pytest.mark.parametrize("inputs", INPUTS)
def test_factors_are_float32_in_low_precision(inputs):
    with compat.precision("bfloat16"):
        factors = lifter(inputs)(observation())
    assert {factor.dtype for factor in factors.values()} == {tf.float32}


def test_odd_people_give_finite_factors_and_gradients(network):
    person = observation(4)["joints"]
    joints = np.stack([np.full_like(person[0], 0.3), person[1], person[2], 30 * person[3]])
    confidence = np.ones((4, COUNT), np.float32)
    confidence[1, 1:] = confidence[2] = 0  # One joint; no joint.
    with tf.GradientTape() as tape:
        factors = network({"joints": joints, "confidence": confidence})
        loss = tf.add_n([tf.reduce_sum(factor**2) for factor in factors.values()])
    for values in (*factors.values(), *tape.gradient(loss, network.trainable_variables)):
        assert np.isfinite(values).all()
