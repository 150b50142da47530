"""Known pixels stay known, whatever the network makes of the rest."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aign_tf import compat
from aign_tf.generators.inpainter import paper_inpainter, residual_inpainter
from tests.generators.saved import check_it_comes_back

SIZE = 16
BUILDERS = {
    "residual": lambda: residual_inpainter(SIZE, width=4, blocks=2),
    "paper": lambda: paper_inpainter(SIZE),
}


@pytest.fixture(scope="module", params=BUILDERS)
def network(request):
    keras.utils.set_random_seed(0)
    return BUILDERS[request.param]()


def observation(rows=3, size=SIZE):
    draw = np.random.default_rng(0)
    mask = (draw.random((rows, size, size, 1)) < 0.6).astype(np.float32)
    image = draw.uniform(-1, 1, (rows, size, size, 3)).astype(np.float32) * mask
    return {"image": image, "mask": mask}


def assert_completes(factors, given):
    visible = np.broadcast_to(given["mask"] == 1, given["image"].shape)
    for name in ("face", "completed"):
        assert factors[name].shape == given["image"].shape
        assert factors[name].dtype == tf.float32
        assert np.all(np.abs(factors[name]) <= 1)
    completed, face = (np.asarray(factors[name]) for name in ("completed", "face"))
    np.testing.assert_array_equal(completed[visible], given["image"][visible])
    np.testing.assert_array_equal(completed[~visible], face[~visible])


@pytest.mark.parametrize("training", [False, True])
def test_known_pixels_stay_and_the_others_are_the_networks(network, training):
    given = observation()
    assert_completes(network(given, training=training), given)


@pytest.mark.parametrize(
    ("builder", "precision"),
    [("residual", "bfloat16"), ("residual", "float16"), ("paper", "bfloat16")],
)
def test_known_pixels_stay_exactly_in_low_precision(builder, precision):
    with compat.precision(precision):
        low = BUILDERS[builder]()
    given = observation()
    assert_completes(low(given), given)
    assert all(weight.dtype == np.float32 for weight in low.get_weights())


def test_outside_training_pictures_of_a_batch_do_not_see_one_another(network):
    given = observation(rows=3)
    together = network(given)["face"]
    alone = network({name: part[1:2] for name, part in given.items()})["face"]
    np.testing.assert_allclose(together[1:2], alone, atol=1e-5)


def test_the_middle_of_the_hole_depends_on_what_is_around_it():
    network = residual_inpainter(32, width=4, blocks=4)
    mask = np.ones((1, 32, 32, 1), np.float32)
    mask[:, 8:24, 8:24] = 0
    image = tf.constant(observation(1, 32)["image"]) * mask
    with tf.GradientTape() as tape:
        tape.watch(image)
        middle = tf.reduce_sum(network({"image": image, "mask": mask})["face"][:, 15:17, 15:17])
    around = tape.gradient(middle, image).numpy() * mask
    assert np.abs(around).max() > 0


def test_it_comes_back_from_a_keras_file(network, tmp_path):
    check_it_comes_back(network, observation(), tmp_path)


def test_the_paper_s_layers():
    network = paper_inpainter(64)
    down = [layer.get_config() for layer in network.layers if type(layer) is keras.layers.Conv2D]
    up = [
        layer.get_config()
        for layer in network.layers
        if type(layer) is keras.layers.Conv2DTranspose
    ]
    assert sorted(layer["filters"] for layer in down) == [256, 256, 1024, 1024]
    assert {(*layer["kernel_size"], *layer["strides"]) for layer in down} == {(3, 3, 2, 2)}
    assert [layer["filters"] for layer in up] == [512, 3]
    assert {(*layer["kernel_size"], *layer["strides"]) for layer in up} == {(5, 5, 2, 2)}
    norms = [
        layer for layer in network.layers if isinstance(layer, keras.layers.BatchNormalization)
    ]
    assert sorted(layer.gamma.shape[0] for layer in norms) == [256, 256, 512, 1024, 1024]
    assert {(layer.momentum, layer.epsilon) for layer in norms} == {(0.9, 1e-5)}
    # Two branches of two convolutions (3 and 1 channels in), then 2048 to 512 to 3 channels.
    branches = (9 * 3 * 256 + 256) + (9 * 256 + 256) + 2 * (9 * 256 * 1024 + 1024)
    grown = (25 * 2048 * 512 + 512) + (25 * 512 * 3 + 3)
    normalised = 4 * (2 * 256 + 2 * 1024 + 512)
    assert network.count_params() == branches + grown + normalised


def test_the_residual_network_s_width_and_blocks():
    def count(**options):
        return residual_inpainter(SIZE, **options).count_params()

    block = 2 * (9 * 24 * 24 + 24)  # Two 3x3 convolutions of 3 * 8 channels with biases.
    assert count(width=8, blocks=3) - count(width=8, blocks=2) == block
    assert count(width=16, blocks=1) > 3 * count(width=8, blocks=1)
