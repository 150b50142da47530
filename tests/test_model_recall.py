"""Recall of remembered factors from what the renderer makes of them, and numbers of chance."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aign_tf.model import AIGN
from tests.tiny import SIZE, Twice


def generator():
    """Of its two factors only z is remembered."""
    x = keras.Input((SIZE,), name="x")
    z = keras.layers.Dense(SIZE)(x)
    return keras.Model({"x": x}, {"z": z, "sign": keras.layers.Activation("tanh")(z)})


def lottery():
    """Judges z by the light of two numbers of chance."""
    z, chance = keras.Input((SIZE,), name="z"), keras.Input((2,), name="chance")
    hidden = keras.layers.Dense(8, activation="tanh")(keras.layers.Concatenate()([z, chance]))
    return keras.Model({"z": z, "chance": chance}, keras.layers.Dense(1)(hidden))


def batch(rendered=True, truth=np.nan):
    """Observations far from what the memory looks like; the truth is unknown."""
    draw = np.random.default_rng(0)
    memory = draw.normal(size=(32, SIZE)).astype(np.float32)
    parts = {
        "observation": {"x": draw.normal(5, 1, (4, SIZE)).astype(np.float32)},
        "memory": {"z": memory},
        **({"recall": {"z": memory, "x": 2 * memory}} if rendered else {}),
        "truth": {"z": np.full((4, SIZE), truth, np.float32)},
    }
    return tf.nest.map_structure(tf.constant, parts)


def model(discriminators=(), learning_rate=0.05, seed=0, **options):
    keras.utils.set_random_seed(1)
    networks = {name: lottery() for name in discriminators}
    aign = AIGN(generator(), generator(), Twice(dtype="float32"), networks, seed)
    optimizers = {name: keras.optimizers.Adam(learning_rate) for name in networks}
    aign.compile(keras.optimizers.Adam(learning_rate), optimizers, **options)
    return aign


def fit(aign, parts, steps=1):
    data = tf.data.Dataset.from_tensors(parts).repeat()
    return aign.fit(data, steps_per_epoch=steps, verbose=0).history


# Recall.


def test_recall_is_the_paired_loss_of_remembered_factors():
    aign, data = model(recall_weight=3.0, reprojection_weight=0.0), batch()
    with tf.GradientTape() as tape:
        found = aign.generator({"x": data["recall"]["x"]})["z"]
        recall = tf.reduce_mean((found - data["recall"]["z"]) ** 2)
        loss = 3.0 * recall
    norm = tf.linalg.global_norm(tape.gradient(loss, aign.generator.trainable_variables))
    history = fit(aign, data)
    assert history["recall"][0] == pytest.approx(float(recall), rel=1e-5)
    assert history["gradient_norm/generator"][0] == pytest.approx(float(norm), rel=1e-4)


def test_with_recall_alone_it_finds_again_what_it_remembers():
    aign, data = model(recall_weight=1.0, reprojection_weight=0.0), batch()
    first = fit(aign, data)["recall"][0]
    fit(aign, data, steps=300)
    last = aign.evaluate(tf.data.Dataset.from_tensors(data), verbose=0, return_dict=True)
    assert last["recall"] < 0.01 * first
    # The renderer doubles; what was learnt on the memory serves the observations too.
    x = data["observation"]["x"]
    np.testing.assert_allclose(aign.generator({"x": x})["z"], x / 2, rtol=0.1)


def test_recall_reads_no_truth():
    trained = [model(discriminators=["z"], recall_weight=1.0) for _ in range(2)]
    for aign, truth in zip(trained, (np.nan, 1.0)):
        fit(aign, batch(truth=truth), steps=3)
    for one, other in zip(*(aign.generator.get_weights() for aign in trained)):
        assert np.isfinite(one).all()
        np.testing.assert_array_equal(one, other)


def test_recall_measures_as_the_paired_term_does():
    def paired(predicted, target):
        assert set(predicted) == set(target) == {"z"}
        return tf.reduce_mean(tf.abs(predicted["z"] - target["z"])) + 100.0

    history = fit(model(recall_weight=1.0, paired=paired), batch())
    assert history["recall"][0] > 100


def test_without_recall_the_memory_need_not_be_rendered():
    history = fit(model(discriminators=["z"]), batch(rendered=False), steps=2)
    assert "recall" not in history and np.isfinite(history["reprojection"][0])
    aign = model(discriminators=["z"], recall_weight=1.0)
    with pytest.raises(KeyError, match="recall"):
        fit(aign, batch(rendered=False))


# Chance.


def losses_of_a_discriminator_that_stands_still(steps=4, **options):
    """Its loss in each of some steps on one batch: only chance can change it."""
    aign = model(discriminators=["z"], learning_rate=0.0, **options)
    return [fit(aign, batch())["discriminator/z"][0] for _ in range(steps)]


def test_chance_is_fresh_in_every_step_and_the_same_in_every_run():
    first = losses_of_a_discriminator_that_stands_still()
    assert len(set(first)) == 4
    assert losses_of_a_discriminator_that_stands_still() == first
    assert not set(losses_of_a_discriminator_that_stands_still(seed=7)) & set(first)


def test_a_resumed_run_has_the_chance_of_the_step_it_has_reached():
    expected = losses_of_a_discriminator_that_stands_still(steps=3)
    aign = model(discriminators=["z"], learning_rate=0.0)
    aign.step.assign(2)
    assert fit(aign, batch())["discriminator/z"][0] == expected[2]


@pytest.mark.parametrize("penalty", ["r1", "gradient_penalty"])
def test_penalties_move_a_discriminator_with_chance(penalty):
    data = batch()
    data["memory"] = {name: part[:4] for name, part in data["memory"].items()}
    plain, steep = model(discriminators=["z"]), model(discriminators=["z"], **{penalty: 10.0})
    norms = []
    for aign in (plain, steep):
        history = fit(aign, data, steps=3)
        assert all(np.isfinite(values).all() for values in history.values())
        norms.append(history["gradient_norm/z"][0])
    assert norms[0] != pytest.approx(norms[1], rel=1e-3)
