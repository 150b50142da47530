"""Between two generators: both ends, and pictures on the straight line between theirs."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aign_tf.downsampling import downsampled
from aign_tf.errors import UserError
from aign_tf.generators.super_resolver import residual_super_resolver
from aign_tf.strength import STRENGTHS, interpolated, with_strengths

IMAGE = np.random.default_rng(0).uniform(-1, 1, (2, 4, 4, 3)).astype(np.float32)


def generator(seed, exact=False):
    model = residual_super_resolver(16, 4, width=8, blocks=1, exact=exact)
    draw = np.random.default_rng(seed)
    model.set_weights([draw.normal(0, 0.2, weight.shape) for weight in model.get_weights()])
    return model


def face(model):
    return model.predict_on_batch({"image": IMAGE})["face"]


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("strength", [0.0, 0.25, 1.0])
def test_pictures_lie_on_the_line_between_the_ends(exact, strength):
    faithful, biased = generator(1, exact), generator(2, exact)
    between = interpolated(faithful, biased, strength)
    assert list(between.output) == list(biased.output)
    expected = (1 - strength) * face(faithful) + strength * face(biased)
    np.testing.assert_allclose(face(between), expected, atol=1e-6)


def test_between_two_exact_generators_all_are_exact():
    between = interpolated(generator(1, True), generator(2, True), 0.5)
    rendered = downsampled(tf.constant(face(between)), 4)
    np.testing.assert_allclose(rendered, IMAGE, atol=1e-5)


def test_strengths_stand_after_the_generators():
    generators = {"aign": generator(1), "paired": generator(2), "reconstruction": generator(3)}
    found = with_strengths(generators, "reconstruction")
    names = [f"strength_{strength}" for strength in STRENGTHS]
    assert list(found) == [*generators, *names]
    half = (face(generators["aign"]) + face(generators["reconstruction"])) / 2
    np.testing.assert_allclose(face(found["strength_0.5"]), half, atol=1e-6)


def test_without_a_faithful_generator_there_is_nothing_between():
    generators = {"aign": generator(1)}
    assert with_strengths(generators, "reconstruction") == generators


def test_what_is_no_picture_has_no_strength():
    pose = keras.Input((3,), name="pose")
    model = keras.Model({"pose": pose}, {"pose": keras.layers.Dense(3)(pose)})
    with pytest.raises(UserError, match="only pictures have strengths"):
        interpolated(model, model, 0.5)
