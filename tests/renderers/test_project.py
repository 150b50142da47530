"""Projections: closed forms, OpenCV, gradients, points behind the camera."""

import cv2
import hypothesis
import hypothesis.strategies as st
import keras
import numpy as np
import pytest
import tensorflow as tf

from aign_tf import compat
from aign_tf.renderers import project

PERSPECTIVES = [project.PerspectiveProjection, project.WeakPerspectiveProjection]
LAYERS = [*PERSPECTIVES, project.OrthographicProjection]
CAMERA = ["focal", "principal_point", "radial", "tangential"]
PIXELS = {"focal": [10.0, 200.0], "principal_point": [100.0, 50.0]}


def scene(rows=2, joints=5):
    """Factors about 5 m in front of the camera, and a lens like those of Human3.6M."""
    draw = np.random.default_rng(0)
    factors = {
        "pose": draw.uniform(-1, 1, (rows, joints, 3)),
        "position": draw.uniform([-1, -1, 4], [1, 1, 6], (rows, 3)),
    }
    observation = {
        "focal": draw.uniform(2, 3, (rows, 2)),
        "principal_point": draw.uniform(-1, 1, (rows, 2)),
        "radial": draw.uniform(-0.3, 0.3, (rows, 3)),
        "tangential": draw.uniform(-0.05, 0.05, (rows, 2)),
    }
    return tuple({k: v.astype(np.float32) for k, v in x.items()} for x in (factors, observation))


def render(layer, pose, position, **observation):
    return layer()({"pose": pose, "position": position}, observation)["joints"]


def one_point(layer, x, y, z, **observation):
    """A joint at (x, y, z) whose root stands at (0, 0, 4)."""
    observation = {name: tf.constant([value]) for name, value in observation.items()}
    pose = tf.constant([[[x, y, z - 4.0]]])
    return render(layer, pose, tf.constant([[0.0, 0.0, 4.0]]), **observation)[0, 0]


@pytest.mark.parametrize(
    "layer, camera, expected",
    [
        (project.PerspectiveProjection, {}, (0.5, -1)),
        (project.WeakPerspectiveProjection, {}, (0.25, -0.5)),
        (project.OrthographicProjection, {}, (1, -2)),
        (project.PerspectiveProjection, PIXELS, (105, -150)),
        (project.WeakPerspectiveProjection, PIXELS, (102.5, -50)),
        # At (0.5, -1): r2 = 1.25, r2^2 = 1.5625, r2^3 = 1.953125, x y = -0.5.
        (project.PerspectiveProjection, {"radial": [0.1, 0.0, 0.0]}, (0.5625, -1.125)),
        (project.PerspectiveProjection, {"radial": [0.0, 0.1, 0.0]}, (0.578125, -1.15625)),
        (project.PerspectiveProjection, {"radial": [0.0, 0.0, 0.1]}, (0.59765625, -1.1953125)),
        (project.PerspectiveProjection, {"tangential": [0.1, 0.0]}, (0.4, -0.675)),
        (project.PerspectiveProjection, {"tangential": [0.0, 0.1]}, (0.675, -1.1)),
    ],
)
def test_a_point_by_hand(layer, camera, expected):
    np.testing.assert_allclose(one_point(layer, 1.0, -2.0, 2.0, **camera), expected, rtol=1e-6)


def test_the_lens_is_that_of_opencv():
    factors, camera = scene(rows=4, joints=50)
    joints = project.PerspectiveProjection()(factors, camera)["joints"]
    for row in range(4):
        points = factors["pose"][row] + factors["position"][row]
        (fx, fy), (cx, cy) = camera["focal"][row], camera["principal_point"][row]
        matrix = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]], np.float64)
        lens = np.insert(camera["radial"][row], 2, camera["tangential"][row])  # k1 k2 p1 p2 k3
        still = np.zeros(3)
        expected, _ = cv2.projectPoints(np.float64(points), still, still, matrix, np.float64(lens))
        np.testing.assert_allclose(joints[row], expected[:, 0], atol=1e-5)


def test_radial_distortion_stops_growing_far_outside_the_picture():
    radial = {"radial": [-0.1, 0.0, 0.0]}  # Unlimited, it would turn (8, 0) into (-43.2, 0).
    for x in (2.0, 4.0, 8.0):
        joints = one_point(project.PerspectiveProjection, x * 3, 0.0, 3.0, **radial)
        np.testing.assert_allclose(joints, (0.6 * x, 0), rtol=1e-6)


@pytest.mark.parametrize("layer", PERSPECTIVES)
def test_weak_perspective_is_the_limit_of_flat_bodies(layer):
    factors, camera = scene()
    flat = {**factors, "pose": factors["pose"] * np.float32([1, 1, 1e-6])}
    weak = project.WeakPerspectiveProjection()(factors, camera)["joints"]
    np.testing.assert_allclose(layer()(flat, camera)["joints"], weak, atol=1e-5)


def test_orthographic_reads_no_camera_and_no_depth():
    factors, camera = scene()
    expected = (factors["pose"] + factors["position"][:, None])[..., :2]
    joints = project.OrthographicProjection()(factors, camera)["joints"]
    np.testing.assert_array_equal(joints, expected)


@hypothesis.given(st.sampled_from(PERSPECTIVES), st.floats(0.5, 20))
def test_size_and_distance_cannot_be_told_apart(layer, scale):
    factors, camera = scene()
    scaled = {name: value * np.float32(scale) for name, value in factors.items()}
    one, other = (layer()(x, camera)["joints"] for x in (factors, scaled))
    np.testing.assert_allclose(one, other, atol=2e-5)


@pytest.mark.parametrize("layer", PERSPECTIVES)
def test_gradients_agree_with_finite_differences(layer):
    factors, camera = scene(joints=2)
    names = ["pose", "position", *CAMERA]
    inputs = [{**factors, **camera}[name] for name in names]

    def joints(pose, position, *camera):
        return render(layer, pose, position, **dict(zip(CAMERA, camera)))

    theory, numeric = tf.test.compute_gradient(joints, inputs, delta=1e-2)
    for name, exact, near in zip(names, theory, numeric):
        np.testing.assert_allclose(exact, near, atol=2e-3, err_msg=name)


def jacobians(layer, **inputs):
    """d joints / d input for one joint; numbers along the last axis."""
    inputs = {name: tf.constant([value]) for name, value in inputs.items()}
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        camera = {name: value for name, value in inputs.items() if name in CAMERA}
        joints = render(layer, inputs["pose"], inputs["position"], **camera)
    return {k: np.reshape(j, (2, -1)) for k, j in tape.jacobian(joints, inputs).items()}


def test_the_jacobians_of_perspective():
    # At (x, y, z) = (1, -2, 4): d(f x / z) = f / z dx - f x / z^2 dz; r2 = 0.3125.
    got = jacobians(
        project.PerspectiveProjection,
        pose=[[0.5, -1.0, 1.0]],
        position=[0.5, -1.0, 3.0],
        focal=[8.0, 16.0],
        **{"principal_point": [0.0] * 2, "radial": [0.0] * 3, "tangential": [0.0] * 2},
    )
    by_place = [[2, 0, -0.5], [0, 4, 2]]
    powers = 0.3125 ** np.arange(1, 4)
    expected = {
        "pose": by_place,
        "position": by_place,
        "focal": [[0.25, 0], [0, -0.5]],
        "principal_point": np.eye(2),
        "radial": [8 * 0.25 * powers, 16 * -0.5 * powers],
        "tangential": [[8 * -0.25, 8 * 0.4375], [16 * 0.8125, 16 * -0.25]],
    }
    for name, jacobian in expected.items():
        np.testing.assert_allclose(got[name], jacobian, rtol=1e-5, err_msg=name)


def test_the_jacobians_of_the_others():
    place = {"pose": [[0.5, -1.0, 1.0]], "position": [0.5, -1.0, 4.0]}
    weak = jacobians(project.WeakPerspectiveProjection, **place)
    np.testing.assert_allclose(weak["pose"], [[0.25, 0, 0], [0, 0.25, 0]], rtol=1e-5)
    np.testing.assert_allclose(weak["position"], [[0.25, 0, -1 / 16], [0, 0.25, 1 / 8]], rtol=1e-5)
    straight = jacobians(project.OrthographicProjection, **place)
    for jacobian in straight.values():
        np.testing.assert_array_equal(jacobian, [[1, 0, 0], [0, 1, 0]])


def seen_at(depths):
    """x of points at (1, 0, depth), and its gradient by depth."""
    depths = tf.constant(depths, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(depths)
        pose = tf.stack([tf.ones_like(depths), tf.zeros_like(depths), depths], axis=1)
        x = render(project.PerspectiveProjection, pose[None], tf.zeros((1, 3)))[0, :, 0]
    return x.numpy(), tape.gradient(x, depths).numpy()


def test_depths_below_the_near_plane_by_hand():
    # t = 0, 1, 2 and 4.5: depth NEAR / 2 (1 + 1 / (1 + 2 t)), slope 1 / (1 + 2 t)^2.
    x, gradient = seen_at([0.1, 0.0, -0.1, -0.35])
    np.testing.assert_allclose(x, [10, 15, 50 / 3, 200 / 11], rtol=1e-5)
    np.testing.assert_allclose(gradient, -(x**2) / [1, 9, 25, 100], rtol=1e-5)


def test_a_point_behind_the_camera_is_drawn_far_out_and_pulled_to_the_front():
    depths = np.concatenate([-np.geomspace(1e30, 1e-3, 500), np.geomspace(1e-3, 1e3, 500)])
    x, gradient = seen_at(depths)
    assert np.all((x > 0) & (x <= 2 / project.NEAR * (1 + 1e-6)))
    assert np.all(np.diff(x) <= 1e-5)
    assert np.all((gradient <= 0) & (gradient > -np.inf)) and np.all(gradient[depths > -1e6] < 0)


@hypothesis.given(
    st.sampled_from(LAYERS), st.lists(st.floats(-100, 100, width=32), min_size=6, max_size=6)
)
def test_joints_and_gradients_are_finite_wherever_the_body_is(layer, numbers):
    _, camera = scene(rows=1)
    inputs = {
        "pose": tf.constant([[numbers[:3]]]),
        "position": tf.constant([numbers[3:]]),
        **{name: tf.constant(value) for name, value in camera.items()},
    }
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        joints = layer()(inputs, inputs)["joints"]
    gradients = tape.gradient(joints, inputs, unconnected_gradients="zero")
    assert all(np.all(np.isfinite(value)) for value in (joints, *gradients.values()))


@pytest.mark.parametrize("layer", LAYERS)
def test_no_weights_and_float32_whatever_comes_in(layer):
    factors, camera = scene()
    with compat.precision("bfloat16"):
        renderer = layer()
    expected = layer()(factors, camera)["joints"]
    double = tuple({k: v.astype(np.float64) for k, v in x.items()} for x in (factors, camera))
    for joints in (renderer(factors, camera)["joints"], renderer(*double)["joints"]):
        assert joints.dtype == tf.float32
        np.testing.assert_array_equal(joints, expected)
    half = {name: tf.cast(value, tf.bfloat16) for name, value in factors.items()}
    assert renderer(half, camera)["joints"].dtype == tf.float32
    assert renderer.weights == []


@pytest.mark.parametrize("layer", LAYERS)
def test_it_saves_within_a_functional_model(layer, tmp_path):
    factors, camera = scene()
    everything = {**factors, **camera}
    inputs = {name: keras.Input(x.shape[1:], name=name) for name, x in everything.items()}
    outputs = layer()({k: inputs[k] for k in factors}, {k: inputs[k] for k in camera})
    model = keras.Model(inputs, outputs)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again(everything)["joints"], model(everything)["joints"], atol=1e-6)


@pytest.mark.parametrize(
    "name, shape, message",
    [
        ("pose", (2, 5, 2), "pose has shape (2, 5, 2), expected (None, None, 3)"),
        ("position", (3, 3), "position has shape (3, 3), expected (2, 3)"),
        ("tangential", (1, 2), "tangential has shape (1, 2), expected (2, 2)"),
    ],
)
def test_wrong_shapes_are_named(name, shape, message):
    factors, camera = scene()
    wrong = {**factors, **camera, name: np.zeros(shape, np.float32)}
    with pytest.raises(ValueError) as error:
        project.PerspectiveProjection()(wrong, wrong)
    assert message in str(error.value)


# The affine camera.

AFFINE = {"focal": [[2.0, 3.0]], "principal_point": [[10.0, -20.0]]}


def affine(face, **camera):
    factors = {"face": face, **camera}
    factors = {name: tf.constant(value, tf.float32) for name, value in factors.items()}
    rendered = project.AffineProjection()(factors, {})
    assert list(rendered) == ["points"]
    return rendered["points"]


def faces(rows=2, landmarks=5):
    return np.random.default_rng(0).normal(size=(rows, landmarks, 3)).astype(np.float32)


@pytest.mark.parametrize(
    ("camera", "expected"),
    [
        ([], (1, -2)),
        (["focal"], (2, -6)),
        (["principal_point"], (11, -22)),
        (["focal", "principal_point"], (12, -26)),
    ],
)
def test_an_affine_camera_by_hand_with_optional_parts(camera, expected):
    for depth in (5.0, 0.0, -5.0):
        points = affine([[[1.0, -2.0, depth]]], **{name: AFFINE[name] for name in camera})
        np.testing.assert_array_equal(points, [[expected]])


def test_each_face_has_an_affine_camera_of_its_own():
    focal, centre = np.float32([[1, 2], [-3, 4]]), np.float32([[5, 6], [7, 8]])
    points = affine(faces(), focal=focal, principal_point=centre)
    expected = faces()[..., :2] * focal[:, None] + centre[:, None]
    np.testing.assert_allclose(points, expected, rtol=1e-6)


def test_an_affine_camera_reads_nothing_that_was_observed():
    layer, factors = project.AffineProjection(), {"face": faces()}
    seen = {"points": np.full((2, 5, 2), np.nan, np.float32), "focal": np.full((7, 9), np.nan)}
    np.testing.assert_array_equal(layer(factors, seen)["points"], faces()[..., :2])


def test_the_jacobians_of_an_affine_camera():
    inputs = {"face": tf.constant([[[5.0, 7.0, 9.0]]]), **AFFINE}
    inputs = {name: tf.constant(value) for name, value in inputs.items()}
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        points = project.AffineProjection()(inputs, {})["points"]
    got = {name: np.reshape(j, (2, -1)) for name, j in tape.jacobian(points, inputs).items()}
    np.testing.assert_array_equal(got["face"], [[2, 0, 0], [0, 3, 0]])
    np.testing.assert_array_equal(got["focal"], [[5, 0], [0, 7]])
    np.testing.assert_array_equal(got["principal_point"], np.eye(2))


def test_gradients_of_an_affine_camera_agree_with_finite_differences():
    def points(*inputs):
        factors = dict(zip(("face", "focal", "principal_point"), inputs))
        return project.AffineProjection()(factors, {})["points"]

    inputs = [faces(), np.float32([[1, 2], [-3, 4]]), np.float32([[5, 6], [7, 8]])]
    theory, numeric = tf.test.compute_gradient(points, inputs, delta=1e-2)
    for exact, near in zip(theory, numeric):
        np.testing.assert_allclose(exact, near, atol=2e-3)


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        ("face", (2, 5, 2), "face has shape (2, 5, 2), expected (None, None, 3)"),
        ("face", (5, 3), "face has shape (5, 3), expected (None, None, 3)"),
        ("focal", (2, 1), "focal has shape (2, 1), expected (2, 2)"),
        ("focal", (3, 2), "focal has shape (3, 2), expected (2, 2)"),
        ("principal_point", (2,), "principal_point has shape (2,), expected (2, 2)"),
    ],
)
def test_wrong_shapes_of_an_affine_camera_are_named(name, shape, message):
    with pytest.raises(ValueError) as error:
        affine(**{"face": faces(), name: np.zeros(shape)})
    assert message in str(error.value)


def test_an_affine_camera_has_no_weights_and_is_float32_whatever_comes_in():
    camera = {name: np.repeat(value, 2, axis=0) for name, value in AFFINE.items()}
    expected = affine(faces(), **camera)
    factors = {"face": faces(), **camera}
    for precision in ("bfloat16", "float16"):
        with compat.precision(precision):
            renderer = project.AffineProjection()
        for kind in (np.float32, np.float64):
            given = {name: value.astype(kind) for name, value in factors.items()}
            points = renderer(given, {})["points"]
            assert points.dtype == tf.float32
            np.testing.assert_array_equal(points, expected)
        half = {name: tf.cast(value, tf.float16) for name, value in factors.items()}
        assert renderer(half, {})["points"].dtype == tf.float32
        assert renderer.weights == []


@pytest.mark.parametrize("camera", [[], ["focal", "principal_point"]])
def test_an_affine_camera_saves_within_a_functional_model(camera, tmp_path):
    factors = {"face": faces(), **{name: np.float32(AFFINE[name] * 2) for name in camera}}
    inputs = {name: keras.Input(x.shape[1:], name=name) for name, x in factors.items()}
    model = keras.Model(inputs, project.AffineProjection()(inputs, {}))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(factors)["points"], model(factors)["points"])
