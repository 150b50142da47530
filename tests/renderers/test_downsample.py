"""The layer that makes faces smaller."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aign_tf import compat
from aign_tf.downsampling import KERNELS, downsampled
from aign_tf.renderers.downsample import Downsample


def pictures(rows=2, height=16, width=24, channels=3):
    draw = np.random.default_rng(0)
    return draw.uniform(-1, 1, (rows, height, width, channels)).astype(np.float32)


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_layer_renders_what_the_function_makes_of_data(kernel):
    layer = Downsample(4, kernel, grey=True)
    again = keras.layers.deserialize(keras.layers.serialize(layer))
    for renderer in (layer, again):
        rendered = renderer({"face": pictures()}, {"image": pictures(height=4, width=6)})
        assert list(rendered) == ["image"] and renderer.weights == []
        expected = downsampled(pictures(), 4, kernel, grey=True)
        np.testing.assert_array_equal(rendered["image"], expected)


def test_it_computes_in_float32_whatever_the_policy():
    with compat.precision("bfloat16"):
        renderer = Downsample(4)
    rendered = renderer({"face": pictures()}, {})["image"]
    assert rendered.dtype == tf.float32
    np.testing.assert_array_equal(rendered, downsampled(pictures(), 4))


def test_another_factor_can_be_rendered():
    face, draft = (tf.fill([1, 8, 8, 3], value) for value in (0.5, -0.25))
    layer = Downsample(4, of="draft")
    again = Downsample.from_config(layer.get_config())
    for renderer in (layer, again):
        assert np.all(renderer({"face": face, "draft": draft}, {})["image"] == -0.25)
