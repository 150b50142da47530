"""Functions that XLA compiles to few loops, instead of one operation after the other."""

from __future__ import annotations

import functools

import tensorflow as tf

fused = functools.partial(tf.function, jit_compile=True, autograph=False, reduce_retracing=True)
"""Decorates a function that XLA compiles once for each shape, and TensorFlow traces for all."""
