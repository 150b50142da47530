"""Places followed between smooth pictures of which is known how they move."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aign_tf import compat
from aign_tf.generators.tracking import Agreed, Clear, Tracked
from aign_tf.places import APART, BLOCK

HEIGHT, WIDTH, PIXELS = 64, 96, 24.0
DRAW = np.random.default_rng(0)
# Waves of 12 to 40 pixels.
WAVES = DRAW.normal(size=(12, 2))
WAVES *= 2 * np.pi / (DRAW.uniform(12, 40, (12, 1)) * np.linalg.norm(WAVES, axis=1, keepdims=True))
PHASES = DRAW.uniform(0, 2 * np.pi, (12, 3))


def picture(right=0.0, down=0.0):
    """What shows at (x, y) what another shows at (x - right, y - down)."""
    x, y = np.meshgrid(np.arange(WIDTH) - right, np.arange(HEIGHT) - down)
    angles = x[..., None] * WAVES[:, 0] + y[..., None] * WAVES[:, 1]
    return np.float32(0.1 * np.sin(angles[..., None] + PHASES).sum(axis=2))[None]


def shifts(right=0.0, down=0.0):
    shape = (1, HEIGHT // APART, WIDTH // APART, 2)
    return np.float32(np.broadcast_to([right, down], shape) / PIXELS)


def tracked(here, there, guess):
    found, evidence = Tracked(PIXELS)([here, there, guess])
    return PIXELS * found.numpy(), evidence.numpy()


def inner(values):
    return values[:, 1:-1, 1:-1]


@pytest.mark.parametrize("right, down", [(0, 0), (1.3, -0.6), (-2.5, 2.0), (0.2, 3.1)])
def test_where_places_have_gone_is_found_to_a_fifth_of_a_pixel(right, down):
    found, evidence = tracked(picture(), picture(right, down), shifts())
    missed = np.linalg.norm(inner(found) - [right, down], axis=-1)
    assert np.median(missed) < 0.1 and np.mean(missed < 0.2) > 0.9
    assert np.median(inner(evidence)[..., 0]) > 0.7
    before, after = np.moveaxis(inner(evidence)[..., 1:], -1, 0)
    assert np.all(after <= before) and np.median(after) < 0.01


def test_far_moves_are_followed_from_a_guess():
    found, _ = tracked(picture(), picture(17.4, -9.2), shifts(16, -8))
    inside = found[:, 2:, :-3]
    assert np.median(np.linalg.norm(inside - [17.4, -9.2], axis=-1)) < 0.1


def test_what_is_brighter_has_moved_no_farther():
    there = picture(1.3, -0.6)
    found, _ = tracked(picture(), there, shifts())
    brighter, _ = tracked(picture(), there + np.float32([0.3, 0.1, -0.2]), shifts())
    np.testing.assert_allclose(inner(brighter), inner(found), atol=1e-3)


def test_the_window_is_round_the_middle_of_a_place():
    """A spot in the middle of one place is a texture for it most of all, and none farther off."""
    centre = APART * np.array([3, 5]) + (BLOCK - 1) / 2
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    spot = np.exp(-((y - centre[0]) ** 2 + (x - centre[1]) ** 2) / 4)
    here = np.repeat(spot[None, ..., None], 3, axis=-1).astype(np.float32)
    clear = tracked(here, here, shifts())[1][0, ..., 0]
    assert clear[3, 5] > 0.8 and np.unravel_index(np.argmax(clear), clear.shape) == (3, 5)
    np.testing.assert_allclose(clear[3, 4], clear[3, 6], atol=1e-4)
    np.testing.assert_allclose(clear[2, 5], clear[4, 5], atol=1e-4)
    assert max(clear[3, 3], clear[3, 7], clear[1, 5], clear[5, 5]) < 0.5


def test_without_texture_a_place_stays_where_it_was_thought_to_be():
    flat = np.zeros((1, HEIGHT, WIDTH, 3), np.float32)
    found, evidence = tracked(flat, flat + 0.5, shifts(3, 2))
    np.testing.assert_allclose(found, PIXELS * shifts(3, 2), atol=1e-5)
    np.testing.assert_allclose(evidence[..., 0], 0, atol=1e-5)


def test_along_an_edge_only_what_is_across_it_is_told():
    def edges(right):
        wave = 0.5 * np.sin((np.arange(WIDTH) - right) * 2 * np.pi / 20)
        return np.broadcast_to(wave[:, None], (1, HEIGHT, WIDTH, 3)).astype(np.float32)

    found, evidence = tracked(edges(0), edges(1.5), shifts(0, 2))
    np.testing.assert_allclose(inner(found)[..., 0], 1.5, atol=0.15)
    np.testing.assert_allclose(inner(found)[..., 1], 2, atol=0.05)
    assert np.all(inner(evidence)[..., 0] < 0.05)


@pytest.mark.parametrize("far", [500.0, -1e7])
def test_guesses_outside_of_the_picture_are_finite(far):
    found, evidence = tracked(picture(), picture(), shifts(far, far))
    assert np.all(np.isfinite(found)) and np.all(np.isfinite(evidence))


def test_pairs_do_not_see_one_another():
    here, there = np.concatenate([picture(), picture(3, 1)]), np.concatenate([picture(1, 1)] * 2)
    together, _ = tracked(here, there, np.repeat(shifts(), 2, axis=0))
    for row in range(2):
        alone, _ = tracked(here[row : row + 1], there[row : row + 1], shifts())
        np.testing.assert_allclose(together[row], alone[0], atol=1e-4)


def test_a_place_that_is_not_clear_goes_with_those_next_to_it():
    moved = DRAW.normal(size=(1, 5, 6, 2)).astype(np.float32)
    evidence = np.full((1, 5, 6, 3), 0.5, np.float32)
    evidence[..., 2] = 0.1
    evidence[:, 2, 3, 0] = 0
    agreed = Agreed()([moved, Clear()(evidence)])
    around = np.delete(moved[0, 1:4, 2:5].reshape(9, 2), 4, axis=0).mean(axis=0)
    np.testing.assert_allclose(agreed[0, 2, 3], around, atol=2e-3)


def test_a_place_that_looks_alike_counts_more_than_those_that_do_not():
    moved = np.zeros((1, 5, 6, 2), np.float32)
    moved[:, 2, 3] = 1
    evidence = np.full((1, 5, 6, 3), 0.5, np.float32)
    evidence[:, 2, 3, 2] = 0.02
    agreed = Agreed()([moved, Clear()(evidence)])
    # Weights of (0.5 / 0.04)^2 against eight of (0.5 / 0.52)^2.
    np.testing.assert_allclose(agreed[0, 2, 3], 0.955, atol=1e-3)


def test_where_nothing_is_clear_all_count_alike():
    moved = DRAW.normal(size=(1, 5, 6, 2)).astype(np.float32)
    agreed = Agreed()([moved, Clear()(np.zeros((1, 5, 6, 3), np.float32))])
    np.testing.assert_allclose(agreed[0, 0, 0], moved[0, :2, :2].mean(axis=(0, 1)), rtol=1e-4)


def test_gradients_pass_to_the_guess_alone():
    parts = [tf.constant(part) for part in (picture(), picture(1, 1), shifts())]
    with tf.GradientTape() as tape:
        tape.watch(parts)
        found, evidence = Tracked(PIXELS)(parts)
        total = tf.reduce_sum(3 * found) + tf.reduce_sum(evidence)
    here, there, guess = tape.gradient(total, parts)
    assert here is None and there is None
    np.testing.assert_array_equal(guess, np.full_like(guess, 3))


def test_it_survives_its_config_and_computes_in_float32():
    layer = Tracked(PIXELS)
    with compat.precision("bfloat16"):
        again = keras.layers.deserialize(keras.layers.serialize(layer))
    assert again.get_config() == layer.get_config()
    assert again.compute_dtype == "float32"
