"""One meaning over the versions of Keras."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aign_tf import compat


def dtypes():
    layer = keras.layers.Dense(2)
    layer(np.zeros((1, 2), np.float32))
    return layer.compute_dtype, layer.kernel.dtype


@pytest.mark.parametrize("name", compat.PRECISIONS)
def test_layers_compute_in_the_precision_and_keep_float32_weights(name):
    with compat.precision(name):
        assert dtypes() == (name, "float32")
    assert dtypes() == ("float32", "float32")


def test_precision_nests_and_survives_exceptions():
    with compat.precision("bfloat16"):
        with pytest.raises(RuntimeError), compat.precision("float16"):
            raise RuntimeError
        assert dtypes()[0] == "bfloat16"
    assert dtypes()[0] == "float32"


def test_the_fastest_precision_is_one_that_can_be_asked_for():
    assert compat.fastest_precision() in ("float32", "bfloat16")


@pytest.mark.parametrize(
    ("flags", "expected"),
    [("fma avx2", "float32"), ("avx512_bf16", "bfloat16"), ("amx_bf16 amx_tile", "bfloat16")],
)
def test_a_processor_is_asked_what_it_multiplies(monkeypatch, tmp_path, flags, expected):
    (tmp_path / "cpuinfo").write_text(f"flags : {flags}\n")
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    monkeypatch.setattr(
        "builtins.open", lambda path, **_: (tmp_path / "cpuinfo").open(encoding="utf-8")
    )
    assert compat.fastest_precision() == expected


@pytest.mark.parametrize(
    ("capability", "expected"), [((9, 0), "bfloat16"), ((8, 0), "bfloat16"), ((7, 5), "float32")]
)
def test_a_gpu_is_asked_for_its_generation(monkeypatch, capability, expected):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["gpu"])
    monkeypatch.setattr(
        tf.config.experimental,
        "get_device_details",
        lambda gpu: {"compute_capability": capability},
    )
    assert compat.fastest_precision() == expected


def step(optimizer, slope):
    """One step down `slope * weight` from 1, in the way that the model takes it."""
    weight = tf.Variable(1.0)
    optimizer.build([weight])
    with tf.GradientTape() as tape:
        loss = compat.scale_loss(optimizer, slope * weight)
    scale = compat.gradient_scale(optimizer)
    gradient = tape.gradient(loss, weight)
    compat.apply_gradients(optimizer, [gradient], [weight])
    return float(weight), float(gradient / scale)


def test_loss_scaling_does_not_change_a_step():
    plain = keras.optimizers.SGD(0.5)
    scaled = compat.with_loss_scaling(keras.optimizers.SGD(0.5))
    assert not compat.scales_loss(plain) and compat.scales_loss(scaled)
    assert float(compat.gradient_scale(plain)) == 1.0
    assert float(compat.gradient_scale(scaled)) > 1000
    assert step(plain, 0.25) == step(scaled, 0.25) == (0.875, 0.25)


def test_an_overflow_leaves_the_weights_and_lowers_the_scale():
    scaled = compat.with_loss_scaling(keras.optimizers.SGD(0.5))
    before = float(compat.gradient_scale(scaled))
    assert step(scaled, 1e38)[0] == 1.0
    assert float(compat.gradient_scale(scaled)) == before / 2


def test_instance_normalization_normalises_each_channel_of_each_picture():
    draw = np.random.default_rng(0)
    pictures = draw.normal(3, 5, (2, 6, 7, 4)).astype(np.float32)
    mean, deviation = pictures.mean((1, 2), keepdims=True), pictures.std((1, 2), keepdims=True)
    normalised = compat.instance_normalization()(pictures)
    np.testing.assert_allclose(normalised, (pictures - mean) / deviation, atol=1e-3)


def test_the_state_of_an_optimizer_includes_its_slots():
    optimizer = keras.optimizers.Adam()
    weight = tf.Variable(np.zeros((2, 3), np.float32))
    optimizer.build([weight])
    shapes = [tuple(variable.shape) for variable in compat.optimizer_state(optimizer)]
    assert shapes.count((2, 3)) == 2
