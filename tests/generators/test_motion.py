"""The camera's motion from places, against motions that are known."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.spatial.transform import Rotation

from aign_tf.generators.motion import MotionOfPlaces, solved
from tests.generators.moved import PIXELS, USUAL, seen_from_beside

DRAW = np.random.default_rng(0)


def of_next_frames(seed, rows=2, frames=3, **ways):
    """What `MotionOfPlaces` sees where it guesses right, and the motions."""
    (shifts, rays, focal, rotation, translation), depth = seen_from_beside(
        seed, rows, frames, (9, 12), **ways
    )
    shifts = shifts.reshape(rows, 2, -1, 9, 12, 2)[:, 0].reshape(-1, 9, 12, 2)
    depth = depth[:, 0].reshape(-1, 9, 12)
    guess = np.float32(np.stack([np.log(USUAL / depth), np.zeros_like(depth)], axis=-1))
    return [shifts, np.ones_like(guess[..., :1]), guess, rays, focal], rotation, translation


@pytest.mark.parametrize("seed", range(3))
def test_the_motion_is_that_which_moves_places_so(seed):
    inputs, rotation, translation = of_next_frames(seed)
    found = MotionOfPlaces(3, PIXELS, USUAL)(inputs)
    np.testing.assert_allclose(found[0], rotation, atol=1e-3)
    np.testing.assert_allclose(found[1], translation, atol=3e-3)


def test_places_that_do_not_count_may_go_anywhere():
    inputs, _, translation = of_next_frames(0)
    shifts, clear, guess = (part.copy() for part in inputs[:3])
    shifts[:, :, 4:] = 0.9
    wrong = MotionOfPlaces(3, PIXELS, USUAL)([shifts, *inputs[1:]])[1]
    assert np.abs(wrong - translation).max() > 0.05
    doubted, unclear = guess.copy(), clear.copy()
    doubted[:, :, 4:, 1], unclear[:, :, 4:] = -30, 1e-9
    for given in ([clear, doubted], [unclear, guess]):
        right = MotionOfPlaces(3, PIXELS, USUAL)([shifts, *given, *inputs[3:]])[1]
        np.testing.assert_allclose(right, translation, atol=5e-3)


def test_depths_that_are_guessed_twice_as_far_double_the_translation():
    (shifts, clear, guess, *lens), rotation, translation = of_next_frames(0)
    farther = guess - np.float32([np.log(2), 0])
    found = MotionOfPlaces(3, PIXELS, USUAL)([shifts, clear, farther, *lens])
    np.testing.assert_allclose(found[0], rotation, atol=1e-3)
    np.testing.assert_allclose(found[1], 2 * translation, rtol=0.03)


@pytest.mark.parametrize("seed", range(3))
def test_guesses_that_are_wrong_at_random_do_not_shorten_the_translation(seed):
    inputs, _, translation = of_next_frames(seed, rows=40, ways=(0.2, -0.2, 3))
    shifts, clear, guess, *lens = inputs
    guess[..., 0] += np.random.default_rng(seed).normal(0, 0.5, guess.shape[:-1])
    found = MotionOfPlaces(3, PIXELS, USUAL)([shifts, clear, guess, *lens])[1]
    lengths = [np.linalg.norm(motions, axis=-1) for motions in (found, translation)]
    assert 0.93 < np.median(lengths[0] / lengths[1]) < 1.07


def test_some_places_that_are_followed_wrongly_do_little():
    (shifts, clear, guess, *lens), rotation, translation = of_next_frames(0)
    shifts[:, 1::4, 2::5] += 0.5
    found = MotionOfPlaces(3, PIXELS, USUAL)([shifts, clear, guess, *lens])
    np.testing.assert_allclose(found[0], rotation, atol=1e-3)
    np.testing.assert_allclose(found[1], translation, atol=5e-3)


@pytest.mark.parametrize("side", [-1, 1])
def test_walls_that_are_guessed_to_slant_the_wrong_way_do_not_turn_the_camera(side):
    """Things along a wall that comes nearer to one side, guessed to come nearer to the other."""
    grid = np.stack(np.meshgrid(np.linspace(-0.5, 0.5, 16), np.linspace(-0.4, 0.4, 12)), axis=-1)
    rays = np.float32(grid)[None]
    depth = 2.0 / (1 + 0.8 * side * rays[..., 0]) * np.exp(0.3 * DRAW.normal(size=(1, 12, 16)))
    rotation, translation = np.float32([0.01, 0.07 * side, 0.0]), np.float32([0.06 * side, 0, -0.1])
    points = depth[..., None] * np.concatenate([rays, np.ones_like(rays[..., :1])], axis=-1)
    points = points @ Rotation.from_rotvec(rotation).as_matrix().T + translation
    moved = 50 * (points[..., :2] / points[..., 2:] - rays)
    shifts = np.float32((moved + 0.1 * DRAW.normal(size=moved.shape)) / PIXELS)
    wrong = np.log(USUAL / 2.0 * (1 - 0.8 * side * rays[..., 0]))
    guess = np.float32(np.stack([wrong, np.zeros_like(wrong)], axis=-1))
    given = [shifts, np.ones_like(guess[..., :1]), guess, rays, np.float32([[50, 50]])]
    found = MotionOfPlaces(2, PIXELS, USUAL)(given)
    np.testing.assert_allclose(found[0][0, 0], rotation, atol=5e-3)
    np.testing.assert_allclose(found[1][0, 0], translation, atol=0.02)


@pytest.mark.parametrize("what", ["nothing moves", "all at one depth", "no lens"])
def test_a_motion_that_nothing_tells_is_finite_and_so_are_gradients(what):
    shifts, clear, guess, rays, focal = of_next_frames(0)[0]
    if what == "nothing moves":
        shifts = np.zeros_like(shifts)
    elif what == "all at one depth":
        guess = np.full_like(guess, -100)
    else:
        focal = np.zeros_like(focal)
    guess = tf.constant(guess)
    with tf.GradientTape() as tape:
        tape.watch(guess)
        found = MotionOfPlaces(3, PIXELS, USUAL)([shifts, clear, guess, rays, focal])
    for part in (*found, tape.gradient(found, guess)):
        assert np.all(np.isfinite(part))
    if what == "nothing moves":
        assert np.abs(found).max() < 1e-6


def test_guesses_learn_from_motions_and_where_places_have_gone_does_not():
    (shifts, clear, guess, *lens), _, translation = of_next_frames(0)
    shifts, clear, guess = map(tf.constant, (shifts, clear, guess - np.float32([0.5, 0])))
    with tf.GradientTape() as tape:
        tape.watch([shifts, clear, guess])
        found = MotionOfPlaces(3, PIXELS, USUAL)([shifts, clear, guess, *lens])[1]
        loss = tf.reduce_sum((found - translation) ** 2)
    by_shifts, by_clear, by_guess = tape.gradient(loss, [shifts, clear, guess])
    assert by_shifts is None and by_clear is None
    # All was guessed too far, so nearer is better.
    assert np.mean(by_guess[..., 0]) < 0


def test_linear_equations_are_solved():
    draw = np.random.default_rng(0)
    root, vector = draw.normal(size=(5, 6, 6)), draw.normal(size=(5, 6))
    matrix = root @ root.swapaxes(1, 2) + 0.1 * np.eye(6)
    expected = np.linalg.solve(matrix, vector[..., None])[..., 0]
    found = solved(tf.constant(matrix), tf.constant(vector))
    np.testing.assert_allclose(found, expected, rtol=1e-9)
