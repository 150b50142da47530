"""A logit of any features."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aign_tf import compat
from aign_tf.discriminators.vector import residual_logit

WIDTH = 5


def judge(shape=(3, 2)):
    features = keras.Input(shape)
    return keras.Model(features, residual_logit(features, WIDTH))


def features(shape=(3, 2), rows=4):
    return np.random.default_rng(0).normal(size=(rows, *shape)).astype(np.float32)


@pytest.mark.parametrize("shape", [(6,), (3, 2), (1, 2, 3)])
def test_features_of_any_shape_get_a_logit_each(shape):
    answer = judge(shape)(features(shape))
    assert answer.shape == (4, 1) and np.ptp(answer) > 0


def test_blocks_add_to_what_they_are_given():
    """Without weights of theirs there remain a layer, three leaks and the logit."""
    network = judge()
    first, last, inside = *(network.weights[row] for row in (0, -2)), network.weights[2:-2]
    assert [tuple(weight.shape) for weight in inside] == [(WIDTH, WIDTH), (WIDTH,)] * 4
    for weight in inside:
        weight.assign(tf.zeros_like(weight))
    hidden = features().reshape(4, 6) @ first.numpy()
    hidden = np.where(hidden < 0, 0.2**3 * hidden, hidden)
    np.testing.assert_allclose(network(features()), hidden @ last.numpy(), rtol=1e-4, atol=1e-6)


def test_logits_are_float32_in_low_precision():
    with compat.precision("bfloat16"):
        assert judge()(features()).dtype == tf.float32
