"""R(face) = mask * face."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aign_tf import compat
from aign_tf.renderers.mask import MaskRenderer


def inputs(rows=2, height=3, width=4, channels=3):
    draw = np.random.default_rng(0)
    face = draw.uniform(-1, 1, (rows, height, width, channels)).astype(np.float32)
    mask = (draw.random((rows, height, width, 1)) < 0.5).astype(np.float32)
    return face, mask


def render(face, mask):
    return MaskRenderer()({"face": face}, {"mask": mask, "image": face})


@pytest.mark.parametrize("channels", [1, 3])
def test_visible_pixels_stay_and_hidden_ones_are_mid_grey(channels):
    face, mask = inputs(channels=channels)
    rendered = render(face, mask)
    assert list(rendered) == ["image"]
    np.testing.assert_array_equal(rendered["image"], np.where(mask == 1, face, 0))


def test_rendering_twice_is_rendering_once():
    face, mask = inputs()
    once = render(face, mask)["image"]
    np.testing.assert_array_equal(render(once, mask)["image"], once)


def test_the_gradient_is_the_mask():
    face, mask = (tf.constant(part) for part in inputs())
    with tf.GradientTape() as tape:
        tape.watch(face)
        total = tf.reduce_sum(render(face, mask)["image"])
    gradient = tape.gradient(total, face).numpy()
    np.testing.assert_array_equal(gradient, np.tile(mask, (1, 1, 1, 3)))
    assert np.all(gradient[mask[..., 0] == 0] == 0)


def test_the_gradient_agrees_with_finite_differences():
    face, mask = inputs()
    theory, numeric = tf.test.compute_gradient(
        lambda face: tf.sin(render(face, mask)["image"]), [tf.constant(face)], delta=1e-2
    )
    np.testing.assert_allclose(theory[0], numeric[0], atol=1e-3)


def test_it_has_no_weights_and_computes_in_float32():
    with compat.precision("bfloat16"):
        renderer = MaskRenderer()
    face, mask = inputs()
    rendered = renderer({"face": face}, {"mask": mask})["image"]
    assert renderer.weights == [] and rendered.dtype == tf.float32
    np.testing.assert_array_equal(rendered, mask * face)


def test_it_survives_its_config():
    again = keras.layers.deserialize(keras.layers.serialize(MaskRenderer()))
    face, mask = inputs()
    np.testing.assert_array_equal(again({"face": face}, {"mask": mask})["image"], mask * face)
