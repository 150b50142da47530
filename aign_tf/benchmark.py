"""Where the time of a training step goes, and how near it comes to what the machine can do."""

from __future__ import annotations

import time
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from aign_tf import compat, training
from aign_tf.task import Task

_WARM_UP = 3
_MATMUL_SIDE = 2048


def time_step(task: Task, steps: int = 30) -> dict[str, float]:
    """Medians over `steps` training steps of the task's networks on its own data.

    Returns:
      `step_ms`: one training step, input included.
      `input_wait_share`: share of it spent waiting for the next batch.
      `input_ms`: making one batch, when nothing else runs.
      `observations_per_second`: of training.
      `gflop_per_step`: floating point operations of matrix products and convolutions, counted in
        the graph of the step.
      `gflops`: those operations a second while computing.
      `matmul_float32_gflops`: a plain float32 matrix product in this process, the best of five.
      `share_of_float32_peak`: `gflops` by that; bfloat16 may exceed 1.
      `predictions_per_second`: of the generator alone, on a batch of the same size.
      `prediction_share_of_float32_peak`: as above, of its operations.
      What `task.timings` measures.
    """
    settings = task.config.train
    keras.utils.set_random_seed(settings.seed)
    task.settle()
    with compat.precision(settings.precision):
        model = training.build(task)
    step = tf.function(model.train_step, jit_compile=settings.jit_compile)
    batches = iter(task.batches())
    batch = next(batches)
    gflop = _gflop(step.get_concrete_function(batch).graph)
    waits, computes = [], []
    for _ in range(_WARM_UP + steps):
        start = time.perf_counter()
        batch = next(batches)
        fetched = time.perf_counter()
        tf.nest.map_structure(np.asarray, step(batch))  # Waits for the device.
        waits.append(fetched - start)
        computes.append(time.perf_counter() - fetched)
    wait, compute = np.median(waits[_WARM_UP:]), np.median(computes[_WARM_UP:])
    peak = _matmul_gflops()
    predict = tf.function(lambda observation: model(observation))
    prediction = _median_seconds(lambda: predict(batch["observation"]), steps)
    prediction_gflop = _gflop(predict.get_concrete_function(batch["observation"]).graph)
    return {
        "step_ms": 1e3 * (wait + compute),
        "input_wait_share": wait / (wait + compute),
        "input_ms": 1e3 * _input_seconds(batches, steps),
        "observations_per_second": settings.batch_size / (wait + compute),
        "gflop_per_step": gflop,
        "gflops": gflop / compute,
        "matmul_float32_gflops": peak,
        "share_of_float32_peak": gflop / compute / peak,
        "predictions_per_second": settings.batch_size / prediction,
        "prediction_share_of_float32_peak": prediction_gflop / prediction / peak,
        **task.timings(),
    }


def _gflop(graph: tf.Graph) -> float:
    """Operations of all matrix products and convolutions, forward and backward, in a graph.

    TensorFlow's own profiler counts the gradient of a strided convolution for every pixel of its
    input, four times too many at stride 2; so they are counted here.
    """
    return 2e-9 * sum(_multiplications(operation) for operation in graph.get_operations())


def _multiplications(operation: tf.Operation) -> int:
    if operation.type == "MatMul":
        # [m, k] times [k, n], either of them possibly transposed: (m k) n.
        return operation.inputs[0].shape.num_elements() * operation.outputs[0].shape[1]
    if operation.type == "Conv2D":
        kernel, image = operation.inputs[1], operation.outputs[0]
    elif operation.type == "Conv2DBackpropInput":
        kernel, image = operation.inputs[1], operation.inputs[2]
    elif operation.type == "Conv2DBackpropFilter":
        kernel, image = operation.outputs[0], operation.inputs[2]
    else:
        return 0
    # Whichever way it runs, a convolution visits the kernel once for each pixel of its output.
    pixels = image.shape[0] * image.shape[1] * image.shape[2]
    return pixels * kernel.shape.num_elements()


def _median_seconds(call: Callable[[], dict], count: int) -> float:
    seconds = []
    for _ in range(_WARM_UP + count):
        start = time.perf_counter()
        tf.nest.map_structure(np.asarray, call())  # Waits for the device.
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds[_WARM_UP:]))


def _input_seconds(batches, count: int) -> float:
    start = time.perf_counter()
    for _ in range(count):
        next(batches)
    return (time.perf_counter() - start) / count


def _matmul_gflops() -> float:
    matrix = tf.random.normal([_MATMUL_SIDE, _MATMUL_SIDE])
    product = tf.function(lambda: tf.reduce_sum(matrix @ matrix))
    product()
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        float(product())
        seconds.append(time.perf_counter() - start)
    return 2 * _MATMUL_SIDE**3 / min(seconds) / 1e9
