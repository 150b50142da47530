"""Operations are counted as they are by hand."""

import keras
import pytest
import tensorflow as tf

import tasks
from aign_tf import benchmark


def gflop(function):
    return benchmark._gflop(function.get_concrete_function().graph)


def test_matrix_products_by_hand():
    a, b = tf.ones([3, 5]), tf.ones([5, 7])
    assert gflop(tf.function(lambda: a @ b)) == pytest.approx(2e-9 * 3 * 5 * 7)
    transposed = tf.function(lambda: tf.matmul(a, tf.transpose(b), transpose_b=True))
    assert gflop(transposed) == pytest.approx(2e-9 * 3 * 5 * 7)


@pytest.mark.parametrize("stride", [1, 2])
def test_backward_is_twice_forward(stride):
    conv = keras.layers.Conv2D(6, 3, stride, padding="same", use_bias=False)
    picture = tf.ones([2, 8, 8, 4])
    conv.build(picture.shape)

    def backward():
        with tf.GradientTape() as tape:
            tape.watch(picture)
            loss = tf.reduce_sum(conv(picture))
        return tape.gradient(loss, [picture, conv.kernel])

    by_hand = 2e-9 * 2 * (8 // stride) ** 2 * 3 * 3 * 4 * 6
    assert gflop(tf.function(lambda: conv(picture))) == pytest.approx(by_hand)
    assert gflop(tf.function(backward)) == pytest.approx(3 * by_hand)


def test_time_of_a_step():
    task_type = tasks.load("faces_inpaint")
    values = {"data.samples": 100, "train.precision": "float32"}
    times = benchmark.time_step(task_type(task_type.configure("smoke", values)), steps=2)
    assert 0 < times["input_wait_share"] < 1
    assert all(value > 0 for value in times.values())
    assert times["share_of_float32_peak"] == pytest.approx(
        times["gflops"] / times["matmul_float32_gflops"]
    )
