"""What discriminators are shown, and the numbers of chance that some of them take."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aign_tf import losses
from aign_tf.discriminators import judging

FACTORS = {"z": tf.constant([[1.0, 2.0], [3.0, 5.0], [-1.0, 0.0]]), "other": tf.zeros([3, 1])}


def linear():
    """Logits 3 z0 + 4 z1."""
    z = keras.Input((2,), name="z")
    logit = keras.layers.Dense(1, use_bias=False)
    network = keras.Model({"z": z}, logit(z))
    logit.set_weights([np.array([[3.0], [4.0]], np.float32)])
    return network


def lottery():
    """Logits z0 + three numbers of chance, side by side."""
    z, chance = keras.Input((2,), name="z"), keras.Input((3,), name="chance")
    return keras.Model({"z": z, "chance": chance}, keras.layers.Add()([z[:, :1], chance]))


def drawn(seed, rows=3):
    shown = {"z": tf.zeros([rows, 2])}
    return judging.judge(lottery(), shown, seed, training=False).numpy()


def test_it_is_shown_what_it_has_inputs_for_in_float32():
    factors = {**FACTORS, "z": tf.cast(FACTORS["z"], tf.bfloat16)}
    for network in (linear(), lottery()):
        shown = judging.seen(network, factors)
        assert list(shown) == ["z"] and shown["z"].dtype == tf.float32


def test_logits_are_those_of_the_network():
    shown = judging.seen(linear(), FACTORS)
    np.testing.assert_allclose(judging.judge(linear(), shown, [0, 0], False), [[11], [29], [-3]])


def test_chance_is_drawn_from_the_seed_for_every_sample():
    first = drawn([1, 2])
    assert first.shape == (3, 3) and len(np.unique(first)) == 9
    np.testing.assert_array_equal(first, drawn([1, 2]))
    for other in ([1, 3], [2, 2]):
        assert not np.isclose(first, drawn(other)).any()
    many = drawn([1, 2], rows=1000)
    assert many.min() >= 0 and many.max() < 1
    np.testing.assert_allclose(many.mean(axis=0), 0.5, atol=0.05)


def test_a_batch_of_unknown_size_gets_as_much_chance():
    network = lottery()
    ask = tf.function(
        lambda z: judging.judge(network, {"z": z}, [1, 2], training=False),
        input_signature=[tf.TensorSpec((None, 2))],
    )
    np.testing.assert_allclose(ask(tf.zeros([3, 2])), drawn([1, 2]))


@pytest.mark.parametrize(
    "r1, gradient_penalty, expected",
    [(0.0, 0.0, 0.0), (0.1, 0.0, 0.1 * 12.5), (0.0, 2.0, 2 * 16.0), (0.1, 2.0, 1.25 + 32.0)],
)
def test_penalties_by_hand(r1, gradient_penalty, expected):
    """The slope of the linear network is 5 everywhere."""
    real = {"z": FACTORS["z"]}
    fake = {"z": -FACTORS["z"]}
    total = judging.penalty(linear(), real, fake, [1, 2], r1, gradient_penalty)
    assert float(total) == pytest.approx(expected, rel=1e-5)


def test_a_penalty_is_about_factors_and_not_about_chance():
    z = {"z": FACTORS["z"]}
    # The logits sum to 3 z0 + chance, of which chance would add to the slope.
    expected = 0.5 * 3.0**2
    assert float(judging.penalty(lottery(), z, z, [1, 2], r1=1.0, gradient_penalty=0.0)) == (
        pytest.approx(expected)
    )


@pytest.mark.parametrize("unit", [2.0, (2.0, 10.0)])
def test_factors_are_seen_in_their_units(unit):
    network = linear()
    network.units = {"z": unit}
    shown = judging.seen(network, FACTORS)
    np.testing.assert_allclose(shown["z"], FACTORS["z"] / unit, rtol=1e-6)
    logits = judging.judge(network, FACTORS, [0, 0], training=False)
    np.testing.assert_allclose(logits, network(shown), rtol=1e-6)


def test_factors_without_a_unit_are_seen_as_they_are():
    network = linear()
    network.units = {"another": 3.0}
    np.testing.assert_array_equal(judging.seen(network, FACTORS)["z"], FACTORS["z"])


@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e3])
def test_penalties_do_not_depend_on_whether_factors_come_in_millimetres_or_metres(unit):
    network = linear()
    network.units = {"z": unit}
    real = {"z": unit * FACTORS["z"]}
    fake = {"z": -unit * FACTORS["z"]}
    total = judging.penalty(network, real, fake, [1, 2], r1=0.1, gradient_penalty=2.0)
    assert float(total) == pytest.approx(0.1 * 12.5 + 2 * 16.0, rel=1e-5)


def test_units_of_coordinates_weigh_their_slopes():
    """A network of 3 z0 / u0 + 4 z1 / u1, whose slope in units is (3, 4) whatever they are."""
    network = linear()
    network.units = {"z": (0.01, 100.0)}
    total = judging.penalty(network, FACTORS, FACTORS, [1, 2], r1=1.0, gradient_penalty=0.0)
    assert float(total) == pytest.approx(12.5, rel=1e-5)


def test_a_weight_of_zero_computes_no_penalty(monkeypatch):
    def refuse(*_):
        raise AssertionError("computed")

    monkeypatch.setattr(losses, "r1_penalty", refuse)
    monkeypatch.setattr(losses, "gradient_penalty", refuse)
    z = {"z": tf.ones([2, 3])}
    assert float(judging.penalty(linear(), z, z, [1, 2], r1=0.0, gradient_penalty=0.0)) == 0
