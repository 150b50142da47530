"""Rotations."""

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import tensorflow as tf

from aign_tf import geometry

ANGLES = st.floats(-10, 10)
RAYS = st.lists(st.tuples(st.floats(-3, 3), st.floats(-3, 3)), min_size=1, max_size=4)


def vectors(rays):
    """(x, y, 1) in columns, `[B, 3, 1]`."""
    rays = np.array(rays, np.float64)
    return np.concatenate([rays, np.ones_like(rays[:, :1])], axis=1)[..., None]


def assert_rotations(matrices, atol=1e-9):
    matrices = np.asarray(matrices)
    square = matrices @ np.swapaxes(matrices, -1, -2)
    np.testing.assert_allclose(square, np.broadcast_to(np.eye(3), square.shape), atol=atol)
    np.testing.assert_allclose(np.linalg.det(matrices), 1, atol=atol)


@pytest.mark.parametrize("axis, start, end", [("x", 1, 2), ("y", 2, 0), ("z", 0, 1)])
def test_a_quarter_turn_about_an_axis(axis, start, end):
    turned = geometry.rotation_about(axis, np.pi / 2) @ np.eye(3, dtype=np.float32)[:, [start]]
    np.testing.assert_allclose(turned, np.eye(3)[:, [end]], atol=1e-6)


@hypothesis.given(st.sampled_from("xyz"), ANGLES, ANGLES)
def test_turns_about_one_axis_add_up(axis, first, second):
    angles = tf.constant([[first, second], [second, first + second]], tf.float64)
    (one, other), (_, both) = np.asarray(geometry.rotation_about(axis, angles))
    assert_rotations([one, other, both])
    np.testing.assert_allclose(one @ other, both, atol=1e-9)


def test_rotation_about_keeps_leading_shapes_and_types():
    for dtype in (tf.float32, tf.float64):
        for shape in ((), (2,), (2, 5)):
            rotation = geometry.rotation_about("y", tf.zeros(shape, dtype))
            assert rotation.shape == (*shape, 3, 3) and rotation.dtype == dtype
            np.testing.assert_array_equal(rotation, np.broadcast_to(np.eye(3), (*shape, 3, 3)))


@pytest.mark.parametrize("axis", "xyz")
def test_rotation_about_has_the_generator_as_gradient_at_zero(axis):
    angle = tf.constant(0.0)
    with tf.GradientTape() as tape:
        tape.watch(angle)
        rotation = geometry.rotation_about(axis, angle)
    unit = np.eye(3)["xyz".index(axis)]
    np.testing.assert_allclose(tape.jacobian(rotation, angle), np.cross(unit, -np.eye(3)))


@hypothesis.given(
    st.tuples(ANGLES, ANGLES, ANGLES), st.tuples(*[st.floats(1e-3, 1e3, allow_nan=False)] * 3)
)
def test_sin_cos_pairs_of_any_length_give_rz_ry_rx(angles, lengths):
    pairs = np.stack([np.sin(angles), np.cos(angles)], axis=-1) * np.array(lengths)[:, None]
    x, y, z = (np.asarray(geometry.rotation_about(a, t)) for a, t in zip("xyz", np.array(angles)))
    rotation = geometry.rotation_from_sin_cos(pairs)
    assert_rotations(rotation)
    np.testing.assert_allclose(rotation, z @ y @ x, atol=1e-9)


def test_pairs_of_zero_length_are_the_angle_zero_and_their_gradient_is_not_lost():
    pairs = tf.zeros((2, 3, 2))
    with tf.GradientTape() as tape:
        tape.watch(pairs)
        rotation = geometry.rotation_from_sin_cos(pairs)
        total = tf.reduce_sum(rotation * [[0.0, 0, 0], [4, 0, 0], [0, 0, 0]])
    np.testing.assert_array_equal(rotation, np.broadcast_to(np.eye(3), (2, 3, 3)))
    np.testing.assert_array_equal(tape.gradient(total, pairs), [[[0, 0], [0, 0], [4, 0]]] * 2)


@hypothesis.given(
    st.lists(st.sampled_from([0.0, -1e-20, 1e-7, -1e-5, 1.0]), min_size=6, max_size=6)
)
def test_short_pairs_still_make_rotations_with_finite_gradients(numbers):
    pairs = tf.reshape(tf.constant(numbers), (1, 3, 2))
    with tf.GradientTape() as tape:
        tape.watch(pairs)
        rotation = geometry.rotation_from_sin_cos(pairs)
        total = tf.reduce_sum(rotation[..., 0])
    assert_rotations(rotation, atol=1e-5)
    assert np.all(np.isfinite(tape.gradient(total, pairs)))


@hypothesis.given(RAYS)
def test_looking_at_turns_the_ray_onto_the_axis(rays):
    rotation = np.asarray(geometry.looking_at(np.array(rays, np.float64)))
    assert_rotations(rotation)
    turned = rotation @ vectors(rays)
    expected = np.linalg.norm(vectors(rays), axis=1, keepdims=True) * [[0], [0], [1]]
    np.testing.assert_allclose(turned, expected, atol=1e-9)


@hypothesis.given(RAYS)
def test_looking_at_is_the_smallest_such_rotation(rays):
    rotation = np.asarray(geometry.looking_at(np.array(rays, np.float64)))
    cosine = (np.trace(rotation, axis1=1, axis2=2) - 1) / 2
    between = 1 / np.linalg.norm(vectors(rays)[..., 0], axis=1)
    np.testing.assert_allclose(cosine, between, atol=1e-9)


def test_looking_at_the_middle_is_the_identity_and_smooth_there():
    ray = tf.zeros((1, 2))
    with tf.GradientTape() as tape:
        tape.watch(ray)
        rotation = geometry.looking_at(ray)
    np.testing.assert_array_equal(rotation, np.eye(3)[None])
    jacobian = np.asarray(tape.jacobian(rotation, ray))[0, :, :, 0]
    np.testing.assert_array_equal(jacobian[..., 0], [[0, 0, -1], [0, 0, 0], [1, 0, 0]])
    np.testing.assert_array_equal(jacobian[..., 1], [[0, 0, 0], [0, 0, -1], [0, 1, 0]])


def test_looking_at_by_hand():
    # A ray 45 degrees to the right turns about -y.
    expected = geometry.rotation_about("y", -np.pi / 4)
    np.testing.assert_allclose(geometry.looking_at([[1.0, 0.0]])[0], expected, atol=1e-6)


def test_rotate_is_the_matrix_product():
    draw = np.random.default_rng(0)
    points = draw.normal(size=(4, 17, 3))
    rotation = np.asarray(geometry.rotation_about("z", draw.normal(size=4)))
    expected = np.einsum("bij,bnj->bni", rotation, points)
    np.testing.assert_allclose(geometry.rotate(points, rotation), expected, atol=1e-12)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: geometry.rotation_about("x", x[:, 0]),
        lambda x: geometry.rotation_from_sin_cos(tf.reshape(x, (-1, 3, 2))),
        lambda x: geometry.looking_at(x[:, :2]),
        lambda x: geometry.rotate(tf.reshape(x, (-1, 2, 3)), geometry.looking_at(x[:, :2])),
    ],
)
def test_gradients_agree_with_finite_differences(function):
    inputs = np.random.default_rng(0).normal(size=(2, 6))
    theory, numeric = tf.test.compute_gradient(function, [inputs], delta=1e-5)
    np.testing.assert_allclose(theory[0], numeric[0], atol=1e-8)


@pytest.mark.parametrize(
    "call, message",
    [
        (
            lambda: geometry.rotation_from_sin_cos(tf.zeros((2, 2, 3))),
            "sin_cos has shape (2, 2, 3), expected (2, 3, 2)",
        ),
        (lambda: geometry.looking_at(tf.zeros((2, 3))), "ray has shape (2, 3), expected (None, 2)"),
        (
            lambda: geometry.rotate(tf.zeros((2, 3)), tf.zeros((2, 3, 3))),
            "points has shape (2, 3), expected (None, None, 3)",
        ),
        (
            lambda: geometry.rotate(tf.zeros((2, 5, 3)), tf.zeros((3, 3, 3))),
            "rotation has shape (3, 3, 3), expected (2, 3, 3)",
        ),
    ],
)
def test_wrong_shapes_are_named(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value) == message


def every_function(ray, points, sin_cos):
    return {
        "looked": geometry.rotate(points, geometry.looking_at(ray)),
        "turned": geometry.rotate(points, geometry.rotation_from_sin_cos(sin_cos)),
        "about": geometry.rotation_about("y", ray[:, 0]),
    }


def every_input(batch):
    draw = np.random.default_rng(0)
    shapes = {"ray": (batch, 2), "points": (batch, 17, 3), "sin_cos": (batch, 3, 2)}
    return {name: draw.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def assert_same(results, expected):
    for name, value in expected.items():
        np.testing.assert_allclose(results[name], value, atol=1e-5)


def test_batches_of_unknown_size():
    specs = {name: tf.TensorSpec((None, *x.shape[1:])) for name, x in every_input(1).items()}
    compiled = tf.function(every_function).get_concrete_function(**specs)
    inputs = {name: tf.constant(x) for name, x in every_input(3).items()}
    assert_same(compiled(**inputs), every_function(**inputs))


def test_xla_compiles_them():
    inputs = every_input(3)
    assert_same(tf.function(every_function, jit_compile=True)(**inputs), every_function(**inputs))


def test_tflite_converts_them_with_its_own_operations():
    inputs = every_input(1)
    specs = {name: tf.TensorSpec(x.shape, name=name) for name, x in inputs.items()}
    module = tf.Module()
    module.serve = tf.function(every_function).get_concrete_function(**specs)
    # Without SELECT_TF_OPS the converter refuses what would need TensorFlow on the phone.
    content = tf.lite.TFLiteConverter.from_concrete_functions([module.serve], module).convert()
    run = tf.lite.Interpreter(model_content=content).get_signature_runner()
    assert_same(run(**inputs), every_function(**inputs))
