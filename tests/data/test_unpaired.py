"""The position in the data is one number, and the two sides of a batch know nothing of another."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from aign_tf.data.unpaired import unpaired_batches


def make(observed, memory, seed):
    noise = tf.random.stateless_uniform([], seed)
    return {"observation": observed, "memory": memory, "seed": seed, "noise": noise}


def batches(steps, observed=10, memory=7, batch_size=4, seed=3, first_step=0):
    dataset = unpaired_batches(
        {"row": np.arange(observed), "square": np.arange(observed) ** 2},
        {"row": np.arange(memory)},
        batch_size,
        seed,
        make,
        first_step,
    )
    return list(itertools.islice(dataset.as_numpy_iterator(), steps))


def rows(drawn, role):
    return np.concatenate([batch[role]["row"] for batch in drawn])


def assert_same(one, two):
    tf.nest.map_structure(np.testing.assert_array_equal, one, two)


@pytest.mark.parametrize("first_step", [1, 5, 12])
def test_a_batch_is_the_same_whichever_step_the_stream_starts_at(first_step):
    assert_same(batches(15)[first_step:], batches(15 - first_step, first_step=first_step))


def test_streams_repeat():
    assert_same(batches(10), batches(10))


@pytest.mark.parametrize(("role", "count"), [("observation", 10), ("memory", 7)])
def test_each_pass_visits_every_row_once_in_a_new_order(role, count):
    order = rows(batches(35), role).reshape(-1)[: 10 * count].reshape(10, count)
    np.testing.assert_array_equal(np.sort(order, axis=1), np.tile(np.arange(count), (10, 1)))
    assert len({tuple(one_pass) for one_pass in order}) > 5


def test_columns_of_a_row_stay_together():
    for batch in batches(5):
        np.testing.assert_array_equal(
            batch["observation"]["row"] ** 2, batch["observation"]["square"]
        )


def test_the_orders_of_observations_and_memory_are_independent():
    drawn = batches(250, observed=40, memory=40)
    observed, memory = rows(drawn, "observation"), rows(drawn, "memory")
    # Equal pairs come up as often as among independent rows: 1 in 40, give or take 4 deviations.
    assert 5 <= np.sum(observed == memory) <= 45
    assert abs(np.corrcoef(observed, memory)[0, 1]) < 0.13


def test_fewer_rows_than_a_batch():
    drawn = batches(4, observed=2, memory=1, batch_size=5)
    assert rows(drawn, "memory").tolist() == [0] * 20
    assert sorted(rows(drawn, "observation").tolist()) == [0] * 10 + [1] * 10


def test_shapes_are_static():
    dataset = unpaired_batches({"row": np.zeros((3, 2))}, {"row": np.zeros(3)}, 4, 0, make)
    assert dataset.element_spec["observation"]["row"].shape == (4, 2)
    assert dataset.element_spec["memory"]["row"].shape == (4,)


def test_seeds_differ():
    one, two = batches(5, seed=3), batches(5, seed=4)
    assert rows(one, "observation").tolist() != rows(two, "observation").tolist()
    assert rows(one, "memory").tolist() != rows(two, "memory").tolist()
    assert one[0]["noise"] != two[0]["noise"]


def test_make_has_another_seed_in_every_step():
    drawn = batches(30)
    assert [batch["seed"].tolist() for batch in drawn] == [[3, step] for step in range(30)]
    assert len({float(batch["noise"]) for batch in drawn}) == 30
