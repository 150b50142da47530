"""Drawn faces are seen as their settings say, and stay the faces they are."""

import dataclasses

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from aign_tf.data.landmarks.config import LandmarkDataConfig
from aign_tf.data.landmarks.views import pictured
from aign_tf.data.synthetic.landmarks import procedural_faces
from aign_tf.landmarks import centred, sizes
from aign_tf.posed_template import rotation_of, yaw_of

COUNT = 2000
CONFIG = LandmarkDataConfig(noise=0, yaw=50, pitch=30, roll=10)
(FACE,) = centred(procedural_faces().mean[None])


def seen(faces=None, seed=0, **values):
    faces = np.tile(FACE, (COUNT, 1, 1)) if faces is None else faces
    return pictured(faces, dataclasses.replace(CONFIG, **values), np.random.default_rng(seed))


def assert_fills(values, low, high):
    """Uniform between two bounds, and up to them."""
    margin = 0.01 * (high - low)
    assert low - 1e-5 <= values.min() < low + margin and high - margin < values.max() <= high + 1e-5
    assert values.mean() == pytest.approx((low + high) / 2, abs=5 * margin)


def test_what_is_told_of_drawn_faces():
    found = seen()
    assert found.points.shape == (COUNT, 68, 2) and found.depth.shape == (COUNT, 68)
    assert found.points.dtype == found.depth.dtype == np.float32
    assert found.known.all() and len(set(found.names)) == COUNT
    assert set(found.groups) == {""}


def test_faces_turn_as_far_as_they_may():
    turn = Rotation.from_matrix(rotation_of(seen().faces, FACE))
    roll, pitch, yaw = turn.as_euler("ZXY", degrees=True).T
    for angle, most in ((roll, 10), (pitch, 30), (yaw, 50)):
        assert_fills(angle, -most, most)
    assert abs(np.corrcoef(yaw, pitch)[0, 1]) < 0.1 > abs(np.corrcoef(yaw, roll)[0, 1])


def test_level_faces_look_to_both_sides():
    assert_fills(yaw_of(rotation_of(seen(pitch=0, roll=0).faces, FACE)), -50, 50)


def test_a_face_that_may_not_turn_is_seen_from_the_front():
    found = seen(yaw=0, pitch=0, roll=0).faces
    np.testing.assert_allclose(rotation_of(found, FACE), [np.eye(3)] * COUNT, atol=1e-5)


def test_place_and_size_in_the_picture():
    found = seen()
    assert_fills(sizes(found.points), 0.15, 0.25)
    for middle in found.points.mean(axis=1).T:
        assert_fills(middle, 0.4, 0.6)


def test_a_view_is_a_turned_face():
    """As large in depth as across, never mirrored, and depths relative to their mean."""
    faces = procedural_faces().sample(50, 0)
    found = seen(faces).faces
    for one, face in zip(found, faces):
        upright = centred(one[None]) @ rotation_of(one[None], face)
        expected = centred(face[None]) * (sizes(one[None]) / sizes(face[None]))
        np.testing.assert_allclose(upright, expected, atol=1e-5)
    np.testing.assert_allclose(found[..., 2].mean(axis=1), 0, atol=1e-6)


def test_the_unit_and_place_of_faces_do_not_count():
    faces = np.tile(FACE, (9, 1, 1))
    np.testing.assert_allclose(seen(1000 * faces + 70).faces, seen(faces).faces, atol=1e-5)


@pytest.mark.parametrize("noise", [0.01, 0.05])
def test_noise_is_a_share_of_the_face_in_the_picture_alone(noise):
    clean, noisy = seen(), seen(noise=noise)
    np.testing.assert_array_equal(noisy.depth, clean.depth)
    # A face is twice as large as its root mean square distance.
    error = (noisy.points - clean.points) / (2 * sizes(clean.points)[:, None, None])
    np.testing.assert_allclose(error.std(axis=(0, 1)), noise, rtol=0.02)
    np.testing.assert_allclose(error.mean(axis=(0, 1)), 0, atol=0.02 * noise)


def test_the_generator_draws_everything():
    np.testing.assert_array_equal(seen(seed=3).faces, seen(seed=3).faces)
    assert (seen(seed=3).faces[:, 0] != seen(seed=4).faces[:, 0]).all()
