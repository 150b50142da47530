"""A renderer with weights: pictures of the right shape, taught together with the generator."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aign_tf import compat, losses
from aign_tf.model import AIGN
from aign_tf.renderers.learned import LearnedDownsample


def faces(count=2, size=16):
    return tf.random.stateless_uniform([count, size, size, 3], [0, 1], -1.0, 1.0)


@pytest.mark.parametrize(("factor", "channels"), [(2, 3), (4, 1), (8, 3)])
def test_pictures_are_smaller_by_the_factor_and_in_range(factor, channels):
    rendered = LearnedDownsample(factor, channels)({"face": faces()}, {})["image"]
    assert rendered.shape == (2, 16 // factor, 16 // factor, channels)
    assert rendered.dtype == tf.float32 and np.abs(rendered).max() <= 1.0


def test_it_comes_back_from_its_config():
    layer = LearnedDownsample(4, channels=1, width=8)
    again = LearnedDownsample.from_config(layer.get_config())
    assert [w.shape for w in again.weights] == [w.shape for w in layer.weights]


def generator():
    image = keras.Input((4, 4, 3), name="image")
    face = keras.layers.UpSampling2D(4)(keras.layers.Conv2D(3, 1, activation="tanh")(image))
    return keras.Model({"image": image}, {"face": face})


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_model_teaches_its_renderer(precision):
    with compat.precision(precision):
        renderer = LearnedDownsample(4, width=8)
        model = AIGN(generator(), generator(), renderer, {})
    model.compile(keras.optimizers.Adam(1e-2), {}, reprojection=losses.mean_squared)
    before = [weight.numpy().copy() for weight in renderer.trainable_weights]
    batch = {"observation": {"image": faces(4, 4)}, "memory": {}}
    terms = [model.train_step(batch)["reprojection"] for _ in range(30)]
    assert all(
        np.any(weight.numpy() != old) for weight, old in zip(renderer.trainable_weights, before)
    )
    model.reset_metrics()
    assert model.train_step(batch)["reprojection"] < 0.5 * terms[0]
