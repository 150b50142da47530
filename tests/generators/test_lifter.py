"""2D joints to 3D: what the geometry round the network promises, whatever its weights."""

import hypothesis
import hypothesis.strategies as st
import keras
import numpy as np
import pytest
import tensorflow as tf

from aign_tf import compat, geometry
from aign_tf.export import export
from aign_tf.generators.lifter import PlaceOnRays, TurnToPerson, ray_lifter
from tests.data.poses.standing import H36M, body
from tests.generators.saved import check_it_comes_back

COUNT, LENGTH = len(H36M.joints), 4.5


def seen(points):
    """`[B, J, 3]` in the camera frame -> joints on the picture."""
    points = np.asarray(points)
    return (points[..., :2] / points[..., 2:]).astype(np.float32)


def people(rows=4, distance=4.0, seed=0):
    """Bodies with joints moved by some centimetres, in the middle before the camera."""
    noise = np.random.default_rng(seed).normal(0, 0.08, (rows, COUNT, 3))
    return body() + noise + [0, 0, distance]


def observation(rows=4, seed=0, missing=0.3):
    """People beside the middle of the picture, some of their joints missing."""
    draw = np.random.default_rng(seed)
    aside = np.stack([*draw.uniform(-1, 1, (2, rows)), np.zeros(rows)], axis=1)
    confidence = (draw.random((rows, COUNT)) >= missing).astype(np.float32)
    return {"joints": seen(people(rows, seed=seed) + aside[:, None]), "confidence": confidence}


def turned(joints, confidence=None):
    confidence = np.ones(joints.shape[:2], np.float32) if confidence is None else confidence
    return [part.numpy() for part in TurnToPerson()([joints, confidence])]


def lengths(points):
    parents, children = np.array(H36M.bones).T
    points = np.asarray(points)
    return np.linalg.norm(points[:, children] - points[:, parents], axis=-1).sum(axis=1)


def lifter(exact=True, trained=True):
    """Small; with weights in its last layer too, if trained."""
    keras.utils.set_random_seed(0)
    network = ray_lifter(H36M, LENGTH, width=16, blocks=1, exact=exact)
    if trained:
        draw = np.random.default_rng(0)
        network.set_weights([w + draw.normal(0, 0.2, w.shape) for w in network.get_weights()])
    return network


# The camera turned to the person.


def test_turned_joints_are_round_the_optical_axis_and_of_unit_size():
    given = observation()
    joints, size, turn, centre = turned(**given)
    weight = given["confidence"][..., None] / given["confidence"].sum(axis=1)[:, None, None]
    np.testing.assert_allclose((weight * given["joints"]).sum(axis=1), centre, atol=1e-6)
    np.testing.assert_allclose((weight * joints**2).sum(axis=(1, 2)), 1, atol=1e-4)
    assert np.abs((weight * joints).sum(axis=1)).max() < 0.1
    np.testing.assert_array_equal(joints[given["confidence"] == 0], 0)
    assert size.shape == (4, 1) and turn.shape == (4, 3, 3)


def test_a_flat_person_looks_alike_from_any_distance():
    flat = (people() - people().mean(axis=1, keepdims=True)) * [1, 1, 0]
    near, far = (turned(seen(flat + np.array([0, 0, distance]))) for distance in (3.0, 30.0))
    np.testing.assert_allclose(near[0], far[0], atol=1e-3)
    np.testing.assert_allclose(near[1], 10 * far[1], rtol=1e-3)


@hypothesis.given(st.floats(-25, 25), st.sampled_from("xy"))
def test_a_small_person_looks_alike_anywhere_in_the_picture(degrees, axis):
    """A camera that pans or pitches moves and distorts the picture of the person."""
    far = people(distance=60.0)
    rotation = geometry.rotation_about(axis, tf.constant(np.radians([degrees] * 4)))
    middle, aside = turned(seen(far)), turned(seen(geometry.rotate(tf.constant(far), rotation)))
    np.testing.assert_allclose(aside[0], middle[0], atol=0.02)
    np.testing.assert_allclose(aside[1], middle[1], rtol=0.02)


def test_a_camera_that_rolls_turns_the_joints_in_the_picture_and_nothing_else():
    given = observation()
    roll = geometry.rotation_about("z", tf.fill([4], 0.7)).numpy()[:, :2, :2]
    before = turned(**given)
    after = turned(given["joints"] @ roll.transpose(0, 2, 1), given["confidence"])
    np.testing.assert_allclose(after[0], before[0] @ roll.transpose(0, 2, 1), atol=1e-5)
    np.testing.assert_allclose(after[1], before[1], rtol=1e-5)


@pytest.mark.parametrize("nonsense", [7.0, -1e30, np.nan, np.inf])
def test_what_stands_at_missing_joints_has_no_influence(nonsense):
    given = observation()
    missing = given["confidence"][..., None] == 0
    assert missing.any()
    changed = {**given, "joints": np.where(missing, np.float32(nonsense), given["joints"])}
    for before, after in zip(turned(**given), turned(**changed)):
        np.testing.assert_array_equal(before, after)
    network = lifter()
    before, after = network(given), network(changed)
    for name in before:
        np.testing.assert_array_equal(before[name], after[name])


# Joints on their rays.


def place(given, lift, exact=True):
    """Points `[B, J, 3]` before the camera, and the root among them."""
    joints, size, turn, _ = turned(**given)
    layer = PlaceOnRays(H36M.bones, H36M.root, LENGTH, exact)
    pose, position = layer([joints, given["confidence"], size, turn, tf.constant(lift)])
    np.testing.assert_array_equal(pose[:, H36M.root], 0)
    return (pose + position[:, None]).numpy(), position.numpy()


def random_lift(rows=4, seed=1, strength=1.0):
    draw = np.random.default_rng(seed)
    return draw.normal(0, strength, (rows, COUNT, 3)).astype(np.float32)


@hypothesis.given(st.integers(0, 1000), st.floats(0, 5))
def test_joints_that_were_seen_reproject_exactly_whatever_the_lift(seed, strength):
    given = observation(seed=seed)
    points, _ = place(given, random_lift(seed=seed, strength=strength))
    visible = given["confidence"] == 1
    assert points[..., 2][visible].min() > 0
    error = np.abs(seen(points) - given["joints"])[visible]
    assert error.max() < 1e-5


@hypothesis.given(st.integers(0, 1000), st.booleans())
def test_every_body_is_of_the_same_size(seed, exact):
    points, _ = place(observation(seed=seed), random_lift(seed=seed), exact)
    np.testing.assert_allclose(lengths(points), LENGTH, rtol=1e-4)


def test_the_true_depths_give_the_true_person():
    points = people(3) + np.array([0.8, -0.3, 0])
    points *= LENGTH / lengths(points)[:, None, None]
    given = {"joints": seen(points), "confidence": np.ones((3, COUNT), np.float32)}
    _, size, turn, _ = turned(**given)
    depth = (points @ turn.transpose(0, 2, 1))[..., 2]
    lift = np.zeros((3, COUNT, 3), np.float32)
    lift[..., 2] = (depth / depth[:, :1] - 1) / size
    placed, position = place(given, lift)
    np.testing.assert_allclose(placed, points, atol=1e-4)
    np.testing.assert_allclose(position, points[:, H36M.root], atol=1e-4)


def test_the_lift_places_missing_joints_and_with_exact_no_others():
    given, lift = observation(), random_lift()
    moved = lift + np.float32([0.5, 0.5, 0])  # Sizes of the person.
    missing = given["confidence"] == 0

    def shift(exact):
        rays = [seen(place(given, some, exact)[0]) for some in (lift, moved)]
        return np.linalg.norm(rays[1] - rays[0], axis=-1)

    assert shift(exact=True)[missing].min() > 0.01
    assert shift(exact=True)[~missing].max() < 1e-5
    assert shift(exact=False).min() > 0.01


def test_an_absurd_depth_stays_before_the_camera():
    given, lift = observation(missing=0), random_lift()
    lift[:, 3, 2] = -1e4
    points, _ = place(given, lift)
    assert points[..., 2].min() > 0


# The whole network.


@pytest.mark.parametrize("axis", "xyz")
def test_a_turned_camera_turns_the_person(axis):
    """Before training, when the lift is 0: afterwards it may depend on where people stand."""
    network, far = lifter(trained=False), people(distance=60.0)
    rotation = geometry.rotation_about(axis, tf.fill([4], 0.4)).numpy()
    confidence = np.ones((4, COUNT), np.float32)
    before, after = (
        network({"joints": seen(points), "confidence": confidence})
        for points in (far, far @ rotation.transpose(0, 2, 1))
    )
    expected = np.asarray(before["pose"]) @ rotation.transpose(0, 2, 1)
    np.testing.assert_allclose(after["pose"], expected, atol=0.02)
    assert np.abs(expected - before["pose"]).max() > 0.1


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("exact", [True, False])
def test_a_trained_network_reprojects_exactly_or_corrects(exact, precision):
    with compat.precision(precision):
        network = lifter(exact)
    given = observation()
    factors = network(given)
    assert {factor.dtype for factor in factors.values()} == {tf.float32}
    points = factors["pose"] + factors["position"][:, None]
    error = np.abs(seen(points) - given["joints"])[given["confidence"] == 1]
    assert error.max() < 1e-5 if exact else error.max() > 1e-3
    np.testing.assert_allclose(lengths(points), LENGTH, rtol=1e-4)


def test_it_comes_back_from_a_keras_file(tmp_path):
    check_it_comes_back(lifter(exact=False), observation(), tmp_path)


def test_phones_get_the_same_numbers(tmp_path):
    """The export leaves SELECT_TF_OPS out, and refuses what TFLite has no operation for."""
    (exported,) = export(lifter(), observation(), tmp_path, ["tflite"])
    assert exported.max_abs_error < 1e-4


def odd_observations():
    point, confidence = np.full((1, COUNT, 2), 0.3, np.float32), np.ones((1, COUNT), np.float32)
    one = np.eye(1, COUNT, dtype=np.float32)
    person = observation(rows=1, missing=0)["joints"]
    return {
        "all joints in one place": (point, confidence),
        "far at the side": (person + np.array([1.5, -1.0]), confidence),
        "wider than the picture": (20 * person, confidence),
        "one joint": (person, one),
        "no joint": (person, 0 * one),
    }


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("name", odd_observations())
def test_odd_people_give_finite_factors_and_gradients(name, exact):
    joints, confidence = odd_observations()[name]
    network = lifter(exact)
    with tf.GradientTape() as tape:
        factors = network({"joints": tf.constant(joints, tf.float32), "confidence": confidence})
        loss = tf.reduce_sum(factors["pose"] ** 2) + tf.reduce_sum(factors["position"] ** 2)
    for values in (*factors.values(), *tape.gradient(loss, network.trainable_variables)):
        assert np.isfinite(values).all()
