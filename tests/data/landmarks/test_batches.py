"""Remembered faces look like observed ones, and mirror images like faces."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from aign_tf.data.landmarks import batches
from aign_tf.data.landmarks.config import LandmarkDataConfig
from aign_tf.data.landmarks.views import pictured
from aign_tf.data.synthetic.landmarks import procedural_faces
from aign_tf.landmarks import SCHEMES, centred, reduced, sizes
from aign_tf.posed_template import rotation_of, yaw_of

COUNT = 500
ANGLES = (50.0, 30.0, 10.0)  # yaw, pitch and roll
(FACE,) = centred(procedural_faces().mean[None]).astype(np.float32)
SEEDS = st.tuples(st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1))


def observed(count=COUNT, seed=0):
    people = procedural_faces().sample(count, seed)
    return pictured(people, LandmarkDataConfig(), np.random.default_rng(seed)).faces


def same(count=COUNT):
    return np.tile(FACE, (count, 1, 1))


OBSERVED = observed()


def seen(memory, angles=ANGLES, noise=0.0, seed=(1, 2)):
    points = OBSERVED[: len(memory), :, :2]
    return batches.seen_like(tf.constant(memory), tf.constant(points), angles, noise, seed).numpy()


# Remembered faces.


@given(SEEDS, st.floats(0.01, 100), st.sampled_from([66, 68]))
@settings(max_examples=10)
def test_remembered_faces_take_the_place_and_size_of_observed_ones(seed, unit, count):
    memory = np.float32(unit) * procedural_faces().sample(20, 5) + np.float32(unit)
    memory, points = (reduced(some, count, "") for some in (memory, OBSERVED[:20, :, :2]))
    found = batches.seen_like(tf.constant(memory), tf.constant(points), ANGLES, 0.0, seed).numpy()
    np.testing.assert_allclose(found[..., :2].mean(axis=1), points.mean(axis=1), atol=1e-5)
    np.testing.assert_allclose(sizes(found[..., :2]), sizes(points), rtol=1e-4)
    np.testing.assert_allclose(found[..., 2].mean(axis=1), 0, atol=1e-5)


@given(SEEDS)
@settings(max_examples=10)
def test_remembered_faces_keep_their_shape(seed):
    memory = procedural_faces().sample(10, 5)
    found = seen(memory, seed=seed)
    for one, face in zip(found, memory):
        upright = centred(one[None]) @ rotation_of(one[None], face)
        expected = centred(face[None]) * (sizes(one[None]) / sizes(face[None]))
        np.testing.assert_allclose(upright, expected, atol=1e-5)


def test_remembered_faces_turn_as_far_as_they_may():
    turn = Rotation.from_matrix(rotation_of(seen(same()), FACE))
    roll, pitch, yaw = turn.as_euler("ZXY", degrees=True).T
    for angle, most in ((roll, 10), (pitch, 30), (yaw, 50)):
        assert 0.97 * most < np.abs(angle).max() < most + 0.01
        assert angle.min() < -0.9 * most and angle.max() > 0.9 * most


def test_level_faces_look_to_both_sides():
    yaw = yaw_of(rotation_of(seen(same(), (50.0, 0.0, 0.0)), FACE))
    assert -50.01 < yaw.min() < -48 and 48 < yaw.max() < 50.01


def test_faces_that_may_not_turn_stay_as_they_are():
    found = seen(same(), (0.0, 0.0, 0.0))
    np.testing.assert_allclose(rotation_of(found, FACE), [np.eye(3)] * COUNT, atol=1e-4)


@pytest.mark.parametrize("noise", [0.01, 0.05])
def test_noise_moves_points_by_its_share_of_the_face_and_leaves_depths(noise):
    clean, noisy = seen(same()), seen(same(), noise=noise)
    np.testing.assert_array_equal(noisy[..., 2], clean[..., 2])
    error = (noisy - clean)[..., :2] / (2 * sizes(clean[..., :2])[:, None, None])
    np.testing.assert_allclose(error.std(axis=(0, 1)), noise, rtol=0.03)


def test_noise_is_that_of_drawn_observations():
    """Else an adversary could tell them apart by it."""
    config = LandmarkDataConfig(noise=0.02, yaw=0, pitch=0, roll=0)
    drawn = pictured(same(), config, np.random.default_rng(0)).points
    remembered = seen(same(), (0.0, 0.0, 0.0), noise=0.02)[..., :2]
    deviations = [
        (centred(some) / sizes(some)[:, None, None]).std(axis=0).mean()
        for some in (drawn, remembered)
    ]
    assert deviations[0] == pytest.approx(deviations[1], rel=0.03)


def test_a_seed_draws_everything():
    memory = same(20)
    np.testing.assert_array_equal(seen(memory, noise=0.01), seen(memory, noise=0.01))
    assert (seen(memory)[:, 0] != seen(memory, seed=(1, 3))[:, 0]).all()


# Mirror images.


def mirrored(faces, seed=(1, 2)):
    scheme = SCHEMES[faces.shape[1]]
    return batches.mirrored(tf.constant(faces), scheme.mirror, seed).numpy()


def changed(found, faces):
    """`[N]` bool: whose points differ by more than rounding."""
    return (np.abs(found - faces) > 1e-4).any(axis=(1, 2))


@given(SEEDS, st.sampled_from([2, 3]), st.sampled_from([66, 68]))
@settings(max_examples=20)
def test_mirrored_twice_with_one_seed_is_as_before(seed, size, count):
    faces = reduced(OBSERVED[:20], count, "")[..., :size]
    np.testing.assert_allclose(mirrored(mirrored(faces, seed), seed), faces, atol=1e-6)


def test_pictures_are_one_wide():
    faces = OBSERVED
    found = mirrored(faces)
    on = changed(found, faces)
    assert 0.4 < on.mean() < 0.6
    expected = faces[on][:, SCHEMES[68].mirror]
    np.testing.assert_allclose(found[on][..., 0], 1 - expected[..., 0], atol=1e-6)
    np.testing.assert_array_equal(found[on][..., 1:], expected[..., 1:])


def test_a_mirrored_face_is_a_face():
    """A symmetric one comes back as itself, looking the other way; right stays right."""
    turned = pictured(
        same(), LandmarkDataConfig(noise=0, pitch=0, roll=0), np.random.default_rng(0)
    )
    faces = turned.faces
    found = mirrored(faces)
    on = changed(found, faces)
    before, after = (yaw_of(rotation_of(some[on], FACE)) for some in (faces, found))
    np.testing.assert_allclose(after, -before, atol=0.01)
    upright = centred(found) @ rotation_of(found, FACE)
    expected = FACE * (sizes(found) / sizes(FACE[None]))[:, None, None]
    np.testing.assert_allclose(upright, expected, atol=1e-4)
