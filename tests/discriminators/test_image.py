"""Discriminators on whole pictures."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aign_tf import compat
from aign_tf.discriminators.image import conv_discriminator
from aign_tf.errors import UserError


def pictures(rows=4, size=32):
    return np.random.default_rng(0).uniform(-1, 1, (rows, size, size, 3)).astype(np.float32)


def layers(network, kind):
    return [layer for layer in network.layers if isinstance(layer, kind)]


@pytest.mark.parametrize("size", [16, 32, 50])
@pytest.mark.parametrize("norm", ["none", "batch", "instance"])
def test_one_logit_for_each_picture(size, norm):
    network = conv_discriminator(size, "face", (4, 8), norm)
    logits = network({"face": pictures(size=size)})
    assert logits.shape == (4, 1) and logits.dtype == tf.float32
    assert np.all(np.isfinite(logits))
    assert list(network.input) == ["face"]


def test_the_paper_s_layers():
    network = conv_discriminator(64, "face")
    convolutions = layers(network, keras.layers.Conv2D)
    assert [layer.filters for layer in convolutions] == [64, 128, 256, 512]
    assert {(layer.kernel_size, layer.strides) for layer in convolutions} == {((5, 5), (2, 2))}
    norms = layers(network, keras.layers.BatchNormalization)
    assert [norm.gamma.shape[0] for norm in norms] == [128, 256, 512]
    assert layers(network, keras.layers.Dense)[0].kernel.shape == (4 * 4 * 512, 1)


@pytest.mark.parametrize("norm", ["none", "instance"])
def test_without_batch_norm_rows_do_not_see_one_another(norm):
    network = conv_discriminator(32, "face", (4, 8), norm)
    assert not layers(network, keras.layers.BatchNormalization)
    some = pictures()
    together = network({"face": some}, training=True)
    alone = network({"face": some[:1]}, training=True)
    np.testing.assert_allclose(together[:1], alone, atol=1e-4)


def test_an_unknown_normalisation_is_refused():
    with pytest.raises(UserError, match="no normalisation 'layer': use one of none, batch, insta"):
        conv_discriminator(32, "face", (4,), "layer")


def test_logits_are_neither_tiny_nor_huge_without_batch_norm():
    """He initialisation keeps the scale, where deviation 0.02 would let it fade with depth."""
    logits = conv_discriminator(32, "face", (8, 16, 32), norm="none")({"face": pictures(32)})
    assert 0.02 < np.std(logits) < 50


def test_two_layers_of_one_network_start_with_other_weights():
    network = conv_discriminator(32, "face", (3, 3, 3), norm="batch")
    one, two = (layer.kernel.numpy() for layer in layers(network, keras.layers.Conv2D)[1:])
    assert not np.array_equal(one, two)


def test_it_looks_at_the_factor_it_is_named_after():
    network = conv_discriminator(16, "completed", (4,))
    assert list(network.input) == ["completed"]
    assert network.name == "completed_discriminator"


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_logits_are_float32_in_low_precision(precision):
    with compat.precision(precision):
        network = conv_discriminator(16, "face", (4, 8))
    assert network({"face": pictures(size=16)}).dtype == tf.float32
