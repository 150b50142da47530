"""The comparison's AIGN: a face in its own frame, turned and placed, and a camera."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from aign_tf import compat
from aign_tf.export import export
from aign_tf.generators.face_heatmaps import TurnAndPlace, paper_face_lifter
from aign_tf.generators.heatmaps import Heatmaps
from aign_tf.renderers.project import AffineProjection
from tests.generators.saved import check_it_comes_back
from tests.generators.test_face_lifter import picture

SHAPE = np.float32([[[1, 2, 3], [0, 0, 0], [-4, 5, 6]]])
NO_TURN = np.float32([[[0, 1]] * 3])


def placed(angles, translation=(0, 0, 0)):
    return TurnAndPlace()([SHAPE, np.float32(angles), np.float32([translation])]).numpy()


def test_without_a_turn_a_shape_is_moved():
    expected = SHAPE + np.float32([7, 8, -9])
    np.testing.assert_allclose(placed(NO_TURN, (7, 8, -9)), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("axis", "turned"), [(0, (1, -3, 2)), (1, (3, 2, -1)), (2, (-2, 1, 3))], ids="xyz"
)
def test_quarter_turns_by_hand_about_the_origin_and_before_the_move(axis, turned):
    angles = NO_TURN.copy()
    angles[0, axis] = 1, 0  # sine, cosine
    face = placed(angles, (10, 0, 0))
    np.testing.assert_allclose(face[0, 0], np.add(turned, (10, 0, 0)), atol=1e-5)
    np.testing.assert_allclose(face[0, 1], (10, 0, 0), atol=1e-5)


def test_pairs_of_any_length_make_a_rotation():
    angles = np.random.default_rng(0).uniform(-1, 1, (1, 3, 2))
    face = placed(angles)
    np.testing.assert_allclose(face, placed(0.1 * angles), atol=1e-5)
    np.testing.assert_allclose(
        np.linalg.norm(face, axis=2), np.linalg.norm(SHAPE, axis=2), rtol=1e-5
    )


# The whole network.


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(0)
    return paper_face_lifter(66)


def faces66(rows=2):
    return {"points": picture(rows)[:, :66]}


def of_kind(network, kind):
    return [layer for layer in network.layers if isinstance(layer, kind)]


def test_layers_are_those_of_the_comparison(network):
    (maps,) = of_kind(network, Heatmaps)
    assert maps.output.shape[1:] == (128, 128, 66)
    convolutions = of_kind(network, layers.Conv2D)
    assert [layer.filters for layer in convolutions] == [66, 64, 64, 128, 128, 256, 256]
    assert convolutions[-1].output.shape[1:] == (8, 8, 256)
    assert all(layer.kernel_size == (3, 3) for layer in convolutions)
    assert len(of_kind(network, layers.BatchNormalization)) == len(convolutions)
    # Rotation, points, translation, focal lengths and centre.
    dense = [layer.units for layer in of_kind(network, layers.Dense)]
    assert dense[0] == 512 and sorted(dense[1:]) == [2, 2, 3, 6, 3 * 66]


def test_factors_are_a_face_and_a_camera_that_renders_it(network):
    given = faces66()
    factors = network(given)
    assert {name: tuple(part.shape) for name, part in factors.items()} == {
        "face": (2, 66, 3),
        "focal": (2, 2),
        "principal_point": (2, 2),
    }
    rendered = AffineProjection()(factors, given)["points"]
    focal, centre = (factors[name].numpy()[:, None] for name in ("focal", "principal_point"))
    np.testing.assert_allclose(rendered, focal * factors["face"][..., :2] + centre, rtol=1e-6)


def test_every_factor_depends_on_the_landmarks_and_can_be_learned(network):
    given = faces66()
    with tf.GradientTape() as tape:
        factors = network(given)
        rendered = AffineProjection()(factors, given)["points"]
        loss = tf.reduce_sum(rendered**2) + tf.reduce_sum(factors["face"] ** 2)
    for part in factors.values():
        assert np.abs(part[0] - part[1]).max() > 0
    for slope in tape.gradient(loss, network.trainable_variables):
        assert np.isfinite(slope).all() and np.abs(slope).max() > 0


def test_landmarks_outside_the_picture_and_in_one_place_give_finite_factors(network):
    points = np.stack([np.full((66, 2), value, np.float32) for value in (0.5, -3.0, 450.0)])
    for part in network({"points": points}).values():
        assert np.isfinite(part).all()


def test_factors_are_float32_in_low_precision():
    with compat.precision("bfloat16"):
        network = paper_face_lifter(66)
    for part in network(faces66()).values():
        assert part.dtype == tf.float32 and np.isfinite(part).all()


def test_it_comes_back_from_a_keras_file(network, tmp_path):
    check_it_comes_back(network, faces66(), tmp_path)


def test_phones_get_the_same_numbers(network, tmp_path):
    (exported,) = export(network, faces66(1), tmp_path, ["tflite"])
    assert exported.max_abs_error < 1e-4
