"""The AIGN step: its formula, its options, and that it never looks at the truth unpaired."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aign_tf import compat, losses, training
from aign_tf.layers import Float32Layer
from aign_tf.model import AIGN

SIZE = 3


class Twice(Float32Layer):
    """A renderer: the observation is twice the factor."""

    def call(self, factors, observation):
        return {"x": 2.0 * factors["z"]}


def generator(batch_norm=False):
    x = keras.Input((SIZE,), name="x")
    y = keras.layers.BatchNormalization()(x) if batch_norm else x
    z = keras.layers.Dense(SIZE, dtype="float32")(y)
    return keras.Model({"x": x}, {"z": z})


def discriminator():
    z = keras.Input((SIZE,), name="z")
    hidden = keras.layers.Dense(8, activation="relu")(z)
    return keras.Model({"z": z}, keras.layers.Dense(1, dtype="float32")(hidden))


def batch(rows=4, truth=False, seed=0):
    draw = np.random.default_rng(seed).normal(size=(3, rows, SIZE)).astype(np.float32)
    parts = {"observation": {"x": draw[0]}, "memory": {"z": draw[1]}}
    if truth:
        parts["truth"] = {"z": draw[2]}
    return tf.nest.map_structure(tf.constant, parts)


def model(names=("z",), optimizer=None, batch_norm=False, **options):
    keras.utils.set_random_seed(1)
    optimizer = optimizer or (lambda: keras.optimizers.SGD(0.1))
    aign = AIGN(
        generator(batch_norm), generator(batch_norm), Twice(), {n: discriminator() for n in names}
    )
    aign.compile(optimizer(), {name: optimizer() for name in names}, **options)
    return aign


def fit(aign, batches=None, steps=1):
    data = batches or tf.data.Dataset.from_tensors(batch()).repeat()
    return aign.fit(data, steps_per_epoch=steps, verbose=0).history


def weights(keras_model):
    return [weight.copy() for weight in keras_model.get_weights()]


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a, b))


def test_one_step_is_gradient_descent_on_the_formula():
    aign = model(reprojection_weight=3.0, adversarial_weight=0.5)
    data, critic = batch(), aign.discriminators["z"]
    with tf.GradientTape(persistent=True) as tape:
        factors = aign.generator(data["observation"])
        fake, real = critic({"z": factors["z"]}), critic({"z": data["memory"]["z"]})
        reprojection = tf.reduce_mean((2.0 * factors["z"] - data["observation"]["x"]) ** 2)
        side_g = 3.0 * reprojection + 0.5 * tf.reduce_mean(tf.nn.softplus(-fake))
        side_d = tf.reduce_mean(tf.nn.softplus(-real)) + tf.reduce_mean(tf.nn.softplus(fake))
    expected_g = [
        weight - 0.1 * gradient
        for weight, gradient in zip(
            aign.generator.trainable_variables,
            tape.gradient(side_g, aign.generator.trainable_variables),
        )
    ]
    expected_d = [
        weight - 0.1 * gradient
        for weight, gradient in zip(
            critic.trainable_variables, tape.gradient(side_d, critic.trainable_variables)
        )
    ]
    history = fit(aign)
    assert history["reprojection"][0] == pytest.approx(float(reprojection), rel=1e-5)
    for actual, expected in zip(aign.generator.get_weights(), expected_g):
        np.testing.assert_allclose(actual, expected, atol=1e-6)
    for actual, expected in zip(critic.get_weights(), expected_d):
        np.testing.assert_allclose(actual, expected, atol=1e-6)


def test_each_discriminator_has_a_weight_of_its_own():
    """A share of 0 leaves a discriminator out, and one that is not named has the whole weight."""
    alone = model(("z", "same"), adversarial_weight=0.5, shares={"same": 0.0})
    both = model(("z", "same"), adversarial_weight=0.5, shares={"same": 0.2})
    assert alone.betas == {"z": 0.5, "same": 0.0} and both.betas["same"] == pytest.approx(0.1)
    without = model(("z", "same"), adversarial_weight=0.5)
    assert without.betas == {"z": 0.5, "same": 0.5}
    for aign in (alone, both, without):
        fit(aign)
    assert not same(weights(alone.generator), weights(both.generator))
    assert not same(weights(without.generator), weights(both.generator))


def test_unpaired_training_never_reads_the_truth():
    plain, poisoned = model(), model()
    data = batch(truth=True)
    data["truth"] = {"z": tf.fill([4, SIZE], float("nan"))}
    fit(plain, steps=3)
    fit(poisoned, tf.data.Dataset.from_tensors(data).repeat(), steps=3)
    assert same(plain.get_weights(), poisoned.get_weights())


class TwiceAndMore(Float32Layer):
    """A renderer that needs something of the observation that no generator sees."""

    def call(self, factors, observation):
        return {"x": 2.0 * factors["z"] + observation["more"]}


@pytest.mark.filterwarnings("error:Input dict contained keys")
def test_an_observation_may_hold_what_the_generator_does_not_look_at():
    """Renderers and discriminators do."""
    z, shown = keras.Input((SIZE,), name="z"), keras.Input((SIZE,), name="shown")
    critic = keras.Model(
        {"z": z, "shown": shown}, keras.layers.Dense(1)(keras.layers.Multiply()([z, shown]))
    )
    aign = AIGN(generator(), generator(), TwiceAndMore(), {"z": critic})
    sgd = keras.optimizers.SGD
    aign.compile(sgd(0.1), {"z": sgd(0.1)}, recall_weight=1.0)
    data = batch()
    more, shown = tf.fill([4, SIZE], 0.5), tf.fill([4, SIZE], 2.0)
    data["observation"] |= {
        "more": more,
        "shown": shown,
        "words": tf.constant(["a", "b", "c", "d"]),
    }
    data["memory"] |= {"shown": shown}
    data["recall"] = {"x": data["observation"]["x"], "z": data["memory"]["z"]}
    factors = aign(data["observation"])
    np.testing.assert_array_equal(factors["z"], aign.averaged({"x": data["observation"]["x"]})["z"])
    expected = tf.reduce_mean((2.0 * factors["z"] + 0.5 - data["observation"]["x"]) ** 2)
    # Until the first step, both generators are the same.
    aign.generator.set_weights(aign.averaged.get_weights())
    dataset = tf.data.Dataset.from_tensors(data).repeat()
    tested = aign.evaluate(dataset, steps=1, verbose=0, return_dict=True)
    assert tested["reprojection"] == pytest.approx(float(expected), rel=1e-5)
    assert fit(aign, dataset)["reprojection"][0] == pytest.approx(float(expected), rel=1e-5)


def test_paired_term_learns_the_truth():
    aign = model(
        names=(),
        reprojection_weight=0.0,
        paired_weight=1.0,
        optimizer=lambda: keras.optimizers.Adam(0.05),
    )
    history = [fit(aign, tf.data.Dataset.from_tensors(batch(truth=True)).repeat(), steps=100)]
    history += [fit(aign, tf.data.Dataset.from_tensors(batch(truth=True)).repeat(), steps=100)]
    assert history[1]["paired"][0] < 0.2 * history[0]["paired"][0]


def test_without_discriminators_it_learns_by_reprojection_alone():
    aign = model(names=(), optimizer=lambda: keras.optimizers.Adam(0.05))
    first = fit(aign)["reprojection"][0]
    fit(aign, steps=200)
    assert (
        aign.evaluate(batch_dataset(), steps=1, verbose=0, return_dict=True)["reprojection"]
        < 0.05 * first
    )


def batch_dataset():
    return tf.data.Dataset.from_tensors(batch())


@pytest.mark.parametrize("family", sorted(losses.FAMILIES))
def test_every_family_moves_predictions_towards_the_memory(family):
    memory = np.full((64, SIZE), 2.0, np.float32)
    memory += 0.1 * np.random.default_rng(0).normal(size=memory.shape).astype(np.float32)
    data = {
        "observation": {"x": np.random.default_rng(1).normal(size=(64, SIZE))},
        "memory": {"z": memory},
    }
    data = tf.nest.map_structure(lambda part: tf.constant(part, tf.float32), data)
    aign = model(
        optimizer=lambda: keras.optimizers.Adam(0.01, beta_1=0.5),
        adversarial=family,
        reprojection_weight=0.0,
        adversarial_weight=1.0,
        gradient_penalty=1.0 if family == "wasserstein" else 0.0,
        r1=0.1,
    )
    before = aign.generator(data["observation"])["z"].numpy().mean()
    fit(aign, tf.data.Dataset.from_tensors(data).repeat(), steps=300)
    after = aign.generator(data["observation"])["z"].numpy().mean()
    assert abs(after - 2.0) < 0.5 * abs(before - 2.0)


def test_steps_of_either_side_follow_the_ratio():
    def counts(**options):
        aign = model(**options)
        fit(aign, steps=4)
        return (
            int(aign.generator_optimizer.iterations),
            int(aign.discriminator_optimizers["z"].iterations),
            int(aign.step),
        )

    assert counts() == (4, 4, 4)
    assert counts(generator_steps=2) == (8, 4, 4)
    assert counts(discriminator_steps=5) == (4, 20, 4)


def test_swapped_labels_change_roles_for_the_discriminator_only():
    never, always = model(), model(label_swap=1.0)
    first, second = fit(never), fit(always)
    assert first["discriminator/z"] != second["discriminator/z"]
    assert first["adversarial/z"] == second["adversarial/z"]
    assert same(weights(never.generator), weights(always.generator))
    sometimes = model(label_swap=0.5, optimizer=lambda: keras.optimizers.SGD(0.0))
    seen = {round(fit(sometimes)["discriminator/z"][0], 5) for _ in range(20)}
    assert len(seen) == 2


def test_a_winning_discriminator_rests_until_it_loses():
    aign = model(skip_winning_below=100.0)  # Every finite loss is a win.
    before = weights(aign.discriminators["z"])
    fit(aign)
    moved = weights(aign.discriminators["z"])
    assert not same(before, moved)  # Its first loss is not known yet.
    history = fit(aign, steps=2)
    assert same(moved, weights(aign.discriminators["z"]))
    assert history["gradient_norm/z"] == [0.0]
    aign.previous_loss["z"].assign(101.0)
    fit(aign)
    assert not same(moved, weights(aign.discriminators["z"]))


def test_averaged_weights_follow_and_serve():
    aign = model(ema_decay=0.5)
    start = weights(aign.averaged)
    fit(aign)
    # Decay in the first step is (1 + 0) / (10 + 0).
    for average, first, now in zip(weights(aign.averaged), start, weights(aign.generator)):
        np.testing.assert_allclose(average, 0.1 * first + 0.9 * now, rtol=1e-5, atol=1e-7)
    observation = batch()["observation"]
    np.testing.assert_array_equal(aign(observation)["z"], aign.averaged(observation)["z"])


def test_without_decay_the_average_is_the_generator():
    aign = model(ema_decay=0.0)
    fit(aign, steps=2)
    for average, weight in zip(weights(aign.averaged), weights(aign.generator)):
        np.testing.assert_allclose(average, weight, rtol=1e-6)


def test_clipping_is_the_optimizers():
    aign = model(
        optimizer=lambda: keras.optimizers.SGD(1.0, global_clipnorm=1e-3), adversarial_weight=1.0
    )
    before = weights(aign.generator)
    history = fit(aign)
    moved = np.sqrt(sum(np.sum((a - b) ** 2) for a, b in zip(before, weights(aign.generator))))
    assert history["gradient_norm/generator"][0] > 1e-2
    assert moved == pytest.approx(1e-3, rel=1e-2)


@pytest.mark.parametrize("options", [{"steps_per_execution": 5}, {"jit_compile": True}])
def test_compiled_steps_equal_plain_ones(options):
    """No label swaps here, since XLA draws other random numbers."""
    plain, compiled = model(r1=0.3), model(r1=0.3, **options)
    fit(plain, steps=5)
    fit(compiled, steps=5)
    for a, b in zip(plain.get_weights(), compiled.get_weights()):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_mixed_precision_learns(precision):
    def optimizer():
        adam = keras.optimizers.Adam(0.02)
        return compat.with_loss_scaling(adam) if precision == "float16" else adam

    with compat.precision(precision):
        aign = model(optimizer=optimizer, r1=0.1)
    first = fit(aign)["reprojection"][0]
    fit(aign, steps=150)
    history = fit(aign, steps=10)
    assert history["reprojection"][0] < 0.5 * first
    assert all(np.isfinite(values).all() for values in history.values())
    assert all(weight.dtype == np.float32 for weight in aign.generator.get_weights())


def test_two_replicas_equal_one_with_the_whole_batch():
    """A step on half of the batch each is the step on all of it (no batch statistics here)."""
    devices = tf.config.list_logical_devices("CPU")
    if len(devices) < 2:
        pytest.skip("needs two logical devices")
    alone = model(r1=0.2)
    with training.strategy("mirrored").scope():
        mirrored = model(r1=0.2)
    fit(alone, steps=5)
    fit(mirrored, steps=5)
    for a, b in zip(weights(alone.generator), weights(mirrored.generator)):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    for a, b in zip(weights(alone.averaged), weights(mirrored.averaged)):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
