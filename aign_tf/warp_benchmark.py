"""How fast frames are warped, and how near that comes to what the memory can do."""

from __future__ import annotations

import time
from collections.abc import Callable

import tensorflow as tf

from aign_tf.renderers.warp import warp
from aign_tf.rigid import rotation_from_axis_angle

# Floats a pixel: image and depth are read; image, validity, flow and depth are written.
_FLOATS_MOVED = (3 + 1) + (3 + 1 + 2 + 1)

# Floats of the arrays whose sum is timed, 256 MB: more than any cache holds.
_LARGE = 1 << 26


def time_warp(batch: int, height: int, width: int, repeats: int = 30) -> dict[str, float]:
    """The best of `repeats` warps of `batch` colour pictures, without a depth test.

    Returns:
      `warp_pictures_per_second`: forward.
      `warp_backward_pictures_per_second`: forward and backward, to depth, rotation and translation,
        as in training.
      `memory_bound_pictures_per_second`: what a warp can reach at most whose only cost is to read
        image and depth once and to write image, validity, flow and depth once, 44 bytes a pixel,
        as fast as this process adds one large array to another. What fits into a cache can be
        faster.
      `warp_share_of_bound`, `warp_backward_share_of_bound`: both rates by that. Backward at least
        as much has to be moved again.
    """
    draw = tf.random.Generator.from_seed(0)
    image = draw.uniform((batch, height, width, 3), -1.0, 1.0)
    depth = draw.uniform((batch, height, width, 1), 2.0, 3.0)
    turn, translation = draw.normal((batch, 3), stddev=0.02), draw.normal((batch, 3), stddev=0.05)
    focal = tf.fill((batch, 2), float(width))
    centre = tf.tile([[(width - 1) / 2, (height - 1) / 2]], (batch, 1))

    @tf.function
    def forward(depth, turn, translation):
        rotation = rotation_from_axis_angle(turn)
        return warp(image, None, depth, rotation, translation, focal, centre)[:4]

    @tf.function
    def backward(*factors):
        with tf.GradientTape() as tape:
            tape.watch(factors)
            warped = forward(*factors)
        return warped, tape.gradient(warped, factors)

    factors = depth, turn, translation
    rates = {
        "warp": batch / _best_seconds(lambda: forward(*factors), repeats),
        "warp_backward": batch / _best_seconds(lambda: backward(*factors), repeats),
    }
    bound = _bytes_per_second() / (4 * _FLOATS_MOVED * height * width)
    return {
        **{f"{name}_pictures_per_second": rate for name, rate in rates.items()},
        "memory_bound_pictures_per_second": bound,
        **{f"{name}_share_of_bound": rate / bound for name, rate in rates.items()},
    }


def _best_seconds(call: Callable[[], object], repeats: int) -> float:
    seconds = []
    for _ in range(1 + repeats):
        start = time.perf_counter()
        last = tf.nest.flatten(call())[-1]
        float(tf.reshape(last, [-1])[0])  # Waits for the device.
        seconds.append(time.perf_counter() - start)
    return min(seconds[1:])  # The first call compiles.


def _bytes_per_second() -> float:
    """Of a sum in place, which reads two arrays and writes one."""
    total, other = tf.Variable(tf.zeros([_LARGE])), tf.ones([_LARGE])
    return 3 * 4 * _LARGE / _best_seconds(tf.function(lambda: total.assign_add(other)), 5)
