"""Networks that judge pictures: built of known parts, trained on what was drawn, and repeatable."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aign_tf.metrics.image import as_float
from aign_tf.metrics.small_networks import (
    CHANNELS,
    RATE,
    SIDE,
    dense,
    fit,
    predict,
    shrink,
    trunk,
    vary,
)


def noise(count, side):
    return np.random.default_rng(0).integers(0, 256, (count, side, side, 3), np.uint8)


@pytest.mark.parametrize(
    ("side", "expected"), [(16, 1), (64, 1), (65, 2), (128, 2), (129, 3), (256, 4)]
)
def test_pictures_are_averaged_down_no_further_than_need_be(side, expected):
    assert shrink(side) == expected
    assert -(-side // shrink(side)) <= SIDE


@pytest.mark.parametrize(
    ("side", "sides"), [(32, [16, 8, 4, 2]), (64, [32, 16, 8, 4]), (100, [25, 13, 7, 4])]
)
def test_each_block_of_the_trunk_halves_the_side(side, sides):
    blocks = trunk(keras.Input((side, side, 3)), seed=0)
    shapes = [tuple(block.shape[1:]) for block in blocks]
    assert shapes == [(side, side, c) for side, c in zip(sides, CHANNELS)]


def test_a_large_picture_is_judged_by_the_means_of_its_pixels():
    pictures = keras.Input((2 * SIDE, 2 * SIDE, 3))
    large = keras.Model(pictures, trunk(pictures, seed=0)[-1])
    pictures = keras.Input((SIDE, SIDE, 3))
    small = keras.Model(pictures, trunk(pictures, seed=0)[-1])
    seen = as_float(noise(2, 2 * SIDE))
    means = seen.reshape(2, SIDE, 2, SIDE, 2, 3).mean(axis=(2, 4))
    np.testing.assert_allclose(predict(large, seen), predict(small, means), atol=1e-5)


def test_a_dense_layer_knows_where_a_response_is():
    responses = keras.Input((2, 2, 1))
    model = keras.Model(responses, dense(responses, 3, seed=0))
    corners = np.eye(4, dtype=np.float32).reshape(4, 2, 2, 1)
    weights, bias = model.get_weights()
    assert weights.shape == (4, 3) and not bias.any()
    np.testing.assert_allclose(model.predict_on_batch(corners), weights, rtol=1e-6)
    assert len(np.unique(weights, axis=0)) == 4


def test_the_seed_alone_decides_the_first_weights():
    def weights(seed):
        pictures = keras.Input((32, 32, 3))
        return keras.Model(pictures, dense(trunk(pictures, seed)[-1], 2, seed)).get_weights()

    keras.utils.set_random_seed(1)
    first = weights(3)
    keras.utils.set_random_seed(2)
    for one, other in zip(first, weights(3)):
        np.testing.assert_array_equal(one, other)
    assert np.any(weights(4)[0] != first[0])


def one_weight():
    """A model that answers with its only weight, 0 at first, whatever it is shown."""
    shown = keras.Input((1,))
    return keras.Model(
        shown, keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")(shown)
    )


def test_the_rate_falls_to_nothing_along_a_cosine():
    model, ones = one_weight(), np.ones((2, 1), np.float32)
    # Where the gradient is always 1, each step of Adam is as long as the rate.
    fit(model, lambda _, said: said, lambda rng: (ones, ones), seed=0, steps=4)
    rates = RATE / 2 * (1 + np.cos(np.pi * np.arange(4) / 4))
    assert rates.sum() == pytest.approx(2.5 * RATE)
    assert model.get_weights()[0].item() == pytest.approx(-2.5 * RATE, rel=1e-4)


def test_one_batch_a_step_is_drawn_from_the_seed():
    drawn, ones = [], np.ones((1, 1), np.float32)

    def draw(rng):
        drawn.append(rng.random())
        return ones, ones

    fit(one_weight(), "mse", draw, seed=7, steps=3)
    np.testing.assert_array_equal(drawn, np.random.default_rng(7).random(3))


def test_varied_pictures_are_mirrored_or_not_in_another_light():
    pictures = as_float(noise(400, 4))
    varied = vary(pictures, np.random.default_rng(0))
    assert varied.shape == pictures.shape and varied.dtype == np.float32
    counts = [0, 0]
    for before, after in zip(pictures, varied):
        # The new values lie on a line over those of the picture, or of its mirror image.
        for mirrored, picture in enumerate((before, before[:, ::-1])):
            gain, shift = np.polyfit(picture.ravel(), after.ravel(), 1)
            if np.abs(gain * picture + shift - after).max() < 1e-5:
                counts[mirrored] += 1
                assert abs(gain - 1) < 0.20001 and abs(shift) < 0.20001
    assert sum(counts) == 400 and 160 < counts[1] < 240


def test_pictures_that_are_varied_stay_as_they_were():
    pictures = as_float(noise(8, 4))
    before = pictures.copy()
    vary(pictures, np.random.default_rng(0))
    np.testing.assert_array_equal(pictures, before)


def test_predictions_of_many_pictures_of_either_kind_come_in_order():
    pictures = keras.Input((2, 2, 3))
    model = keras.Model(pictures, keras.layers.Flatten()(pictures))
    images = noise(300, 2)  # More than one batch.
    expected = images.reshape(300, 12) / 127.5 - 1
    np.testing.assert_allclose(predict(model, images), expected, atol=1e-6)
    np.testing.assert_allclose(predict(model, as_float(images)), expected, atol=1e-6)


def test_training_leaves_the_global_random_state_alone():
    def some():
        return np.random.rand(2), tf.random.uniform([2]).numpy()

    def after(act):
        np.random.seed(5)
        tf.random.set_seed(5)
        act()
        return some()

    def train():
        pictures = keras.Input((16, 16, 3))
        model = keras.Model(pictures, dense(trunk(pictures, 0)[-1], 1, 0))
        fit(model, "mse", lambda rng: (rng.random((2, 16, 16, 3)), np.ones((2, 1))), 0, 1)

    for one, other in zip(after(train), after(lambda: None)):
        np.testing.assert_array_equal(one, other)
