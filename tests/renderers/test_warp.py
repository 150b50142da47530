"""Warps: planes, whose homographies are known, what cannot be seen, and gradients."""

import pathlib

import cv2
import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import tensorflow as tf

from aign_tf import rigid
from aign_tf.renderers.warp import NEAR, unproject, warp

HEIGHT, WIDTH = 24, 32
FOCAL, CENTRE = (30.0, 28.0), (15.3, 11.8)
MATRIX = np.array([[FOCAL[0], 0, CENTRE[0]], [0, FOCAL[1], CENTRE[1]], [0, 0, 1]])
FRONTAL, SLANTED = np.array([0.0, 0, 1]), np.array([0.3, -0.2, 0.93])
PLANES = pytest.mark.parametrize("normal", [FRONTAL, SLANTED], ids=["frontal", "slanted"])

OFFICE = pathlib.Path(__file__).parents[2] / "../shared/data/office_rgbd"


def rotation_of(vector):
    return rigid.rotation_from_axis_angle(tf.constant(vector, tf.float64)).numpy()


ROTATION, TRANSLATION = rotation_of([0.03, -0.05, 0.08]), np.array([0.15, -0.1, 0.2])


def pixels():
    """Homogeneous pixels `[H, W, 3]`."""
    x, y = np.meshgrid(np.arange(float(WIDTH)), np.arange(float(HEIGHT)))
    return np.stack([x, y, np.ones_like(x)], axis=-1)


def plane(normal, distance=2.0):
    """Depth `[H, W, 1]` of the points p with n p = distance."""
    return distance / (pixels() @ np.linalg.inv(MATRIX).T @ normal)[..., None]


def moved_plane(normal, rotation, translation, distance=2.0):
    """The same plane in frame b, and the homography of the pixels of a to those of b."""
    homography = MATRIX @ (rotation + np.outer(translation, normal) / distance)
    there = rotation @ normal
    return plane(there, distance + there @ translation), homography @ np.linalg.inv(MATRIX)


def smooth(places):
    """A picture `[H, W, 2]` that is known between its pixels too."""
    x, y = places[..., 0], places[..., 1]
    return np.stack([np.sin(0.11 * x + 0.07 * y), np.cos(0.06 * x - 0.13 * y)], axis=-1)


def warped(image, there, depth, rotation=None, translation=None, dtype=np.float64):
    """`warp` of one picture; arrays without the batch."""
    rotation = np.eye(3) if rotation is None else rotation
    translation = np.zeros(3) if translation is None else translation
    inputs = (image, there, depth, rotation, translation, FOCAL, CENTRE)
    inputs = (each if each is None else np.asarray(each, dtype)[None] for each in inputs)
    result = warp(*inputs)
    return type(result)(*(each if each is None else each[0].numpy() for each in result))


def seen(homography):
    """Where the pixels of a are seen in b, `[H, W, 2]`."""
    places = pixels() @ homography.T
    return places[..., :2] / places[..., 2:]


@PLANES
def test_a_plane_moves_by_its_homography(normal):
    there, homography = moved_plane(normal, ROTATION, TRANSLATION)
    places = seen(homography)
    image = smooth(pixels())
    got = warped(image, there, plane(normal), ROTATION, TRANSLATION)
    np.testing.assert_allclose(got.flow, places - pixels()[..., :2], atol=1e-10)
    inside = np.all((places >= 0) & (places <= [WIDTH - 1, HEIGHT - 1]), axis=-1)
    assert 0.5 < inside.mean() < 1
    np.testing.assert_array_equal(got.valid[..., 0], inside)
    np.testing.assert_allclose(got.image[inside], smooth(places)[inside], atol=3e-3)
    points = plane(normal) * (pixels() @ np.linalg.inv(MATRIX).T) @ ROTATION.T + TRANSLATION
    np.testing.assert_allclose(got.depth, points[..., 2:], atol=1e-12)
    np.testing.assert_allclose(got.depth_there[inside], got.depth[inside], atol=3e-3)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    by_opencv = cv2.warpPerspective(image, homography, (WIDTH, HEIGHT), flags=flags)
    # OpenCV rounds places to a 32nd of a pixel.
    np.testing.assert_allclose(got.image[inside], by_opencv[inside], atol=0.13 / 32)


def test_unprojected_points_are_seen_where_they_come_from():
    depth = plane(SLANTED)
    points = unproject(depth[None], *np.array([[FOCAL], [CENTRE]]))[0].numpy()
    np.testing.assert_allclose(points @ MATRIX.T, depth * pixels(), atol=1e-12)
    np.testing.assert_allclose(points @ SLANTED, 2.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_where_nothing_moves_the_picture_comes_back_bit_for_bit(dtype):
    draw = np.random.default_rng(0)
    image = draw.uniform(-1, 1, (HEIGHT, WIDTH, 3)).astype(dtype)
    depth = draw.uniform(0.1, 50, (HEIGHT, WIDTH, 1)).astype(dtype)
    got = warped(image, depth, depth, dtype=dtype)
    np.testing.assert_array_equal(got.image, image)
    np.testing.assert_array_equal(got.valid, np.ones_like(depth))
    np.testing.assert_array_equal(got.flow, np.zeros((HEIGHT, WIDTH, 2)))
    np.testing.assert_array_equal(got.depth, depth)
    np.testing.assert_array_equal(got.depth_there, depth)
    assert all(each.dtype == dtype for each in got)


def test_the_rounding_of_a_pose_makes_no_border_invalid():
    image, depth = smooth(pixels()), plane(SLANTED)
    for noise in (1e-6, -1e-6):
        got = warped(image, None, depth, np.eye(3) + noise, np.full(3, noise), np.float32)
        assert np.all(got.valid == 1)
        np.testing.assert_allclose(got.image, image, atol=1e-4)


def valid(there, depth, translation):
    image = np.zeros((HEIGHT, WIDTH, 1))
    return warped(image, there, depth, translation=translation).valid[..., 0]


def test_what_is_behind_the_camera_is_not_valid_and_counts_as_near():
    depth = np.where(pixels()[..., :1] < 10, 1.0, 4.0)
    backwards = [0.0, 0.0, -1.0 + NEAR]
    got = warped(np.zeros((HEIGHT, WIDTH, 1)), None, depth, translation=backwards)
    assert np.all(got.valid[:, :10] == 0)
    np.testing.assert_allclose(got.depth, np.where(depth == 1, NEAR, 3.0 + NEAR))
    # At depth 3, everything is 4 / 3 as far from the middle, and rows 5 to 20 stay inside.
    assert np.all(got.valid[6:20, 10:27] == 1)


def test_what_leaves_the_frame_is_not_valid():
    three_pixels = [3.0 * 2.0 / FOCAL[0], 0.0, 0.0]
    for sign in (1, -1):
        got = valid(None, plane(FRONTAL), sign * np.array(three_pixels))
        expected = (pixels()[..., 0] < WIDTH - 3)[:, ::sign]
        np.testing.assert_array_equal(got, expected)


def test_what_hides_behind_something_nearer_is_not_valid():
    # A wall at 4 m; in front of its columns 12 to 15, as seen from b, a post at 2 m.
    depth = np.full((HEIGHT, WIDTH, 1), 4.0)
    two_pixels = np.array([2.0 * 4.0 / FOCAL[0], 0.0, 0.0])
    there = np.where((pixels()[..., :1] >= 12) & (pixels()[..., :1] < 16), 2.0, 4.0)
    got = valid(there, depth, two_pixels)
    x = pixels()[..., 0]
    np.testing.assert_array_equal(got, (x < WIDTH - 2) & ~((x >= 10) & (x < 14)))
    # Depths that disagree by a few percent hide nothing, and neither does what is behind.
    np.testing.assert_array_equal(valid(0.95 * depth, depth, two_pixels), x < WIDTH - 2)
    np.testing.assert_array_equal(valid(3.0 * depth, depth, two_pixels), x < WIDTH - 2)


def test_without_a_reading_here_or_there_nothing_is_valid():
    depth = np.full((HEIGHT, WIDTH, 1), 4.0)
    holes = depth.copy()
    holes[5:8, 9:12] = 0
    for here, there in ((holes, depth), (depth, holes)):
        np.testing.assert_array_equal(valid(there, here, np.zeros(3)), holes[..., 0] > 0)
    # In a hole, what comes towards the camera has no place, but no value is lost.
    got = warped(smooth(pixels()), None, holes, translation=[0.1, 0.1, 1.0])
    assert all(np.all(np.isfinite(each)) for each in got if each is not None)


def differentiable(image, there, depth, vector, translation, focal, centre):
    rotation = rigid.rotation_from_axis_angle(vector)
    got = warp(image, there, depth, rotation, translation, focal, centre)
    return tf.concat([got.image, got.flow, got.depth, got.depth_there], axis=-1)


def small_scene():
    draw = np.random.default_rng(0)
    return [
        draw.uniform(-1, 1, (2, 4, 5, 2)),
        draw.uniform(1, 3, (2, 4, 5, 1)),
        draw.uniform(1, 3, (2, 4, 5, 1)),
        draw.uniform(-0.1, 0.1, (2, 3)),
        draw.uniform(-0.2, 0.2, (2, 3)),
        draw.uniform(4, 6, (2, 2)),
        draw.uniform([1.5, 1.0], [2.5, 2.0], (2, 2)),
    ]


@tf.function
def values_and_gradients(*inputs):
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        values = differentiable(*inputs)
    return values, tape.gradient(values, inputs)


def test_gradients_agree_with_finite_differences():
    shares = np.random.default_rng(1).normal(size=(2, 4, 5, 6))

    @tf.function
    def total(*inputs):
        return tf.reduce_sum(shares * differentiable(*inputs))

    theory, numeric = tf.test.compute_gradient(total, small_scene(), delta=1e-6)
    for exact, near in zip(theory, numeric):
        assert np.any(exact != 0)
        np.testing.assert_allclose(exact, near, atol=1e-7)


NUMBERS = st.floats(-5, 5, width=32) | st.sampled_from([0.0, 1e-30, -1e3, 1e6])


@hypothesis.settings(max_examples=25)
@hypothesis.given(
    st.lists(NUMBERS, min_size=6, max_size=6), st.sampled_from([0.0, 1e-6, 1.0, 100.0, 1e6])
)
def test_values_and_gradients_are_finite_whatever_the_motion(numbers, depth):
    inputs = [tf.constant(each, tf.float32) for each in small_scene()]
    inputs[2:5] = depth * inputs[2], tf.constant([numbers[:3]] * 2), tf.constant([numbers[3:]] * 2)
    for each in tf.nest.flatten(values_and_gradients(*inputs)):
        assert np.all(np.isfinite(each))


def test_what_is_not_a_number_is_not_hidden():
    depth = plane(FRONTAL)
    depth[3, 4] = np.nan
    got = warped(smooth(pixels()), None, depth, ROTATION, TRANSLATION)
    for each in (got.image, got.flow, got.depth):
        assert np.all(np.isnan(each[3, 4])) and np.isnan(each).any(axis=-1).sum() == 1
    assert got.valid[3, 4] == 0


MOTIONS = st.lists(st.floats(-0.08, 0.08), min_size=6, max_size=6)


@hypothesis.settings(max_examples=25)
@hypothesis.given(MOTIONS, MOTIONS)
def test_motions_one_after_the_other_are_their_composition(first, second):
    (r1, t1), (r2, t2) = ((rotation_of(each[:3]), np.array(each[3:])) for each in (first, second))
    image, depth = smooth(pixels()), plane(SLANTED)
    middle, _ = moved_plane(SLANTED, r1, t1)
    to_middle = warped(warped(image, None, middle, r2, t2).image, None, depth, r1, t1)
    at_once = warped(image, None, depth, r2 @ r1, r2 @ t1 + t2)
    # Beyond the border of the middle frame pixels repeat.
    both = (to_middle.valid * at_once.valid)[8:-8, 8:-8]
    assert both.mean() > 0.5
    inner = np.abs(to_middle.image - at_once.image)[8:-8, 8:-8]
    np.testing.assert_allclose(both * inner, 0, atol=1e-2)


@hypothesis.settings(max_examples=25)
@hypothesis.given(MOTIONS)
def test_there_and_back_again(numbers):
    rotation, translation = rotation_of(numbers[:3]), np.array(numbers[3:])
    image, depth = smooth(pixels()), plane(SLANTED)
    there, _ = moved_plane(SLANTED, rotation, translation)
    back = (each.numpy() for each in rigid.inverse(rotation, translation))
    in_b = warped(image, None, there, *back)
    again = warped(in_b.image, None, depth, rotation, translation)
    np.testing.assert_allclose(again.image[8:-8, 8:-8], image[8:-8, 8:-8], atol=1e-2)


def test_known_sizes_stay_known():
    specs = [tf.TensorSpec((None, *each.shape[1:])) for each in small_scene()]
    values = tf.function(differentiable, input_signature=specs).get_concrete_function()
    assert values.output_shapes == (None, 4, 5, 6)


def test_every_size_may_be_open():
    def everything(*inputs):
        values, gradients = values_and_gradients.python_function(*inputs)
        return values, *gradients, unproject(inputs[2], *inputs[5:])

    inputs = small_scene()
    expected = everything(*map(tf.constant, inputs))
    specs = [
        tf.TensorSpec((*[None] * (each.ndim - 1), each.shape[-1]), tf.float64) for each in inputs
    ]
    compiled = tf.function(everything, input_signature=specs)
    for one, other in zip(compiled(*inputs), expected):
        np.testing.assert_allclose(one, other, atol=1e-10)


@pytest.mark.parametrize(
    "index, shape, message",
    [
        (0, (2, 4, 5), "image has shape (2, 4, 5), expected (None, None, None, None)"),
        (1, (2, 4, 5, 2), "depth_there has shape (2, 4, 5, 2), expected (2, 4, 5, 1)"),
        (2, (2, 4, 6, 1), "depth has shape (2, 4, 6, 1), expected (2, 4, 5, 1)"),
        (3, (2, 3), "rotation has shape (2, 3), expected (2, 3, 3)"),
        (4, (1, 3), "translation has shape (1, 3), expected (2, 3)"),
        (5, (2,), "focal has shape (2,), expected (2, 2)"),
        (6, (2, 3), "principal_point has shape (2, 3), expected (2, 2)"),
    ],
)
def test_wrong_shapes_are_named(index, shape, message):
    inputs = small_scene()
    inputs[3] = np.zeros((2, 3, 3))
    inputs[index] = np.zeros(shape)
    with pytest.raises(ValueError) as error:
        warp(*inputs)
    assert str(error.value) == message


def test_unproject_names_wrong_shapes():
    with pytest.raises(ValueError, match=r"focal has shape \(1, 2\), expected \(2, 2\)"):
        unproject(tf.ones((2, 4, 5, 1)), tf.ones((1, 2)), tf.ones((2, 2)))


@pytest.mark.skipif(not OFFICE.exists(), reason="the recording of an office is not here")
def test_a_real_frame_seen_from_the_one_before():
    matrix = np.loadtxt(OFFICE / "intrinsics.txt")
    poses = np.loadtxt(OFFICE / "poses.txt").reshape(-1, 4, 4)
    numbers = np.arange(0, 370, 15)

    def read(folder, numbers, flags):
        paths = (next((OFFICE / folder).glob(f"{number:06}.*")) for number in numbers)
        return np.stack([cv2.imread(str(path), flags) for path in paths]).astype(np.float32)

    here, there = (read("images", n, cv2.IMREAD_COLOR) for n in (numbers, numbers + 1))
    depth = read("depth", numbers, cv2.IMREAD_UNCHANGED)[..., None] / 1000.0
    motion = (np.linalg.inv(poses[numbers + 1]) @ poses[numbers]).astype(np.float32)
    camera = [[matrix[0, 0], matrix[1, 1]], [matrix[0, 2], matrix[1, 2]]]
    camera = (np.tile(np.float32(each), (len(numbers), 1)) for each in camera)
    got = warp(there, None, depth, motion[:, :3, :3], motion[:, :3, 3], *camera)
    valid = got.valid.numpy()[..., 0] > 0
    assert valid.mean() > 0.5
    before, after = (np.abs(frame - here)[valid].mean() for frame in (there, got.image.numpy()))
    assert before > 30 and after < before / 3
