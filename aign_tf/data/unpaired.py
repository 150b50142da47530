"""Training batches that put observations and memory side by side without pairing them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

Rows = dict[str, tf.Tensor]


def unpaired_batches(
    observed: dict[str, np.ndarray],
    memory: dict[str, np.ndarray],
    batch_size: int,
    seed: int,
    make: Callable[[Rows, Rows, tf.Tensor], dict],
    first_step: int = 0,
) -> tf.data.Dataset:
    """Endless batches; batch k is the same whichever `first_step` <= k the stream starts at.

    Observations and memory are shuffled independently, each anew for every pass over it. Whatever
    is random in `make` draws from its seed with stateless ops, so that the position in the data is
    one number, the step: this is what makes a resumed run equal to an uninterrupted one.

    Args:
      observed: name -> array `[N, ...]`, held in memory.
      memory: name -> array `[M, ...]`; N and M may differ, and either may be less than a batch.
      batch_size: rows of either kind in a batch.
      seed: of the order and of `make`.
      make: `(rows of observed, rows of memory, seed [2]) -> batch`, in TensorFlow ops; rows are
        tensors `[batch_size, ...]`.
      first_step: the first batch to produce.
    """
    # Made once, here: arrays that a traced function captures directly become part of its graph.
    observed, memory = _tensors(observed), _tensors(memory)

    def batch(step: tf.Tensor, observed_rows: tf.Tensor, memory_rows: tf.Tensor) -> dict:
        observation = {name: tf.gather(column, observed_rows) for name, column in observed.items()}
        recalled = {name: tf.gather(column, memory_rows) for name, column in memory.items()}
        return make(observation, recalled, tf.stack([tf.cast(seed, tf.int64), step]))

    rows = tf.data.Dataset.zip(
        (
            tf.data.Dataset.counter(),
            _shuffled_rows(_count(observed), batch_size, 2 * seed),
            _shuffled_rows(_count(memory), batch_size, 2 * seed + 1),
        )
    )
    options = tf.data.Options()
    options.deterministic = True
    # Files are not involved: every worker draws from the whole data and takes its own share.
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    batches = rows.skip(first_step).map(batch, num_parallel_calls=2)
    return batches.prefetch(4).with_options(options)


def _tensors(columns: dict[str, np.ndarray]) -> Rows:
    with tf.device("CPU:0"):
        return {name: tf.constant(column) for name, column in columns.items()}


def _count(columns: Rows) -> int:
    return len(next(iter(columns.values())))


def _shuffled_rows(count: int, batch_size: int, seed: int) -> tf.data.Dataset:
    rows = tf.data.Dataset.range(count).shuffle(count, seed=seed)
    return rows.repeat().batch(batch_size, drop_remainder=True)
