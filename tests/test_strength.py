"""Between two generators: both ends exactly, and a straight line of weights."""

import keras
import numpy as np
import pytest

from aign_tf.generators.super_resolver import residual_super_resolver
from aign_tf.strength import interpolated


def generator(seed, exact=False):
    keras.utils.set_random_seed(seed)
    model = residual_super_resolver(16, 4, width=8, blocks=1, exact=exact)
    draw = np.random.default_rng(seed)
    model.set_weights([draw.normal(0, 0.2, weight.shape) for weight in model.get_weights()])
    return model


@pytest.mark.parametrize("exact", [False, True])
def test_both_ends_come_back(exact):
    faithful, biased = generator(1, exact), generator(2, exact)
    image = np.random.default_rng(0).uniform(-1, 1, (2, 4, 4, 3)).astype(np.float32)
    for strength, end in ((0.0, faithful), (1.0, biased)):
        between = interpolated(faithful, biased, strength)
        np.testing.assert_array_equal(
            between.predict_on_batch({"image": image})["face"],
            end.predict_on_batch({"image": image})["face"],
        )


def test_weights_lie_on_a_line_and_the_ends_are_untouched():
    faithful, biased = generator(1), generator(2)
    before = [weight.copy() for weight in faithful.get_weights()]
    for one, other, between in zip(
        before, biased.get_weights(), interpolated(faithful, biased, 0.25).get_weights()
    ):
        np.testing.assert_allclose(between, 0.75 * one + 0.25 * other, atol=1e-6)
    for old, new in zip(before, faithful.get_weights()):
        np.testing.assert_array_equal(old, new)
