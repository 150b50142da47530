"""Discriminators on whole pictures and on holes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aign_tf import compat, losses
from aign_tf.discriminators.image import Details, HoleView, conv_discriminator, hole_discriminator
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


def hole(size=32):
    mask = np.ones((4, size, size, 1), np.float32)
    mask[:, 12:20, 10:22] = 0.0
    return mask


def test_a_hole_is_seen_with_its_margin_and_nothing_else():
    view = HoleView(3)([tf.ones([4, 32, 32, 3]), hole()]).numpy()
    expected = np.zeros_like(view)
    expected[:, 9:23, 7:25] = 1.0
    np.testing.assert_array_equal(view, expected)


def test_what_lies_far_from_the_hole_does_not_matter():
    network = hole_discriminator(32, "face", (4, 8), margin=3)
    some, other = pictures(), pictures()
    other[:, :9] = other[:, 23:] = 0.7
    inside = some.copy()
    inside[:, 15, 15] += 0.5
    logits = [
        network({"face": picture, "mask": hole()}).numpy() for picture in (some, other, inside)
    ]
    np.testing.assert_array_equal(logits[0], logits[1])
    assert not np.allclose(logits[0], logits[2])


def test_the_penalty_on_slopes_is_about_the_picture_and_not_the_mask():
    network = hole_discriminator(32, "face", (4, 8))
    real = {"face": tf.constant(pictures()), "mask": tf.constant(hole())}
    with tf.GradientTape() as tape:
        tape.watch(real)
        logits = tf.reduce_sum(network(real))
    slope = tape.gradient(logits, real["face"]).numpy()
    by_hand = 0.5 * np.mean(np.sum(slope**2, axis=(1, 2, 3)))
    assert float(losses.r1_penalty(network, real)) == pytest.approx(by_hand, rel=1e-4)


def test_a_hole_discriminator_is_saved_and_loaded(tmp_path):
    network = hole_discriminator(32, "face", (4, 8), margin=2)
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    given = {"face": pictures(), "mask": hole()}
    np.testing.assert_array_equal(network(given), loaded(given))


def test_a_dense_layer_may_stand_before_the_last():
    network = conv_discriminator(32, "face", (4, 8), dense=16)
    assert [layer.units for layer in layers(network, keras.layers.Dense)] == [16, 1]
    assert len(layers(conv_discriminator(32, "face", (4, 8)), keras.layers.Dense)) == 1


def test_an_augmented_picture_is_another_one():
    network = conv_discriminator(32, "face", (4, 8), "none", augment=0.5)
    assert list(network.input) == ["face", "chance"]
    shape = (4, *network.input["chance"].shape[1:])
    some, draw = pictures(), np.random.default_rng(0)

    def logits(chance):
        return network({"face": some, "chance": tf.constant(chance, tf.float32)}).numpy()

    untouched = np.full(shape, 0.9)
    plain = conv_discriminator(32, "face", (4, 8), "none")
    plain.set_weights(network.get_weights())
    np.testing.assert_allclose(logits(untouched), plain({"face": some}), atol=1e-5)
    assert np.any(np.abs(logits(draw.random(shape)) - logits(untouched)) > 1e-3)


def test_details_are_what_averages_do_not_show():
    some = pictures()
    details = Details(4)(some).numpy()
    blocks = details.reshape(4, 8, 4, 8, 4, 3)
    np.testing.assert_allclose(blocks.mean(axis=(2, 4)), 0, atol=1e-6)
    flat = np.repeat(np.repeat(some.reshape(4, 8, 4, 8, 4, 3).mean(axis=(2, 4)), 4, 1), 4, 2)
    np.testing.assert_allclose(details + flat, some, atol=1e-6)
    again = Details.from_config(Details(2).get_config())
    np.testing.assert_array_equal(again(some), Details(2)(some))


def test_a_discriminator_of_details_does_not_see_averages():
    network = conv_discriminator(32, "face", (4, 8), "none", details=4)
    some = pictures()
    lighter = some + np.repeat(np.repeat(pictures(size=8), 4, 1), 4, 2)
    np.testing.assert_allclose(network({"face": some}), network({"face": lighter}), atol=1e-3)
    real = {"face": tf.constant(some)}
    assert 0 < float(losses.r1_penalty(network, real)) < np.inf
