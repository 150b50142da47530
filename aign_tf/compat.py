"""The one file that knows which TensorFlow, Keras and TensorFlow Addons are installed.

Everything else is written in what Keras 2.15 and Keras 3 share. TensorFlow Addons reached its end
of life with Keras 2, so every import of it stands here, beside its replacement for Keras 3.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import keras
import tensorflow as tf

KERAS_3 = int(keras.__version__.split(".")[0]) >= 3

PRECISIONS = ("float32", "bfloat16", "float16")
_POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16", "float16": "mixed_float16"}


@contextlib.contextmanager
def precision(name: str) -> Iterator[None]:
    """Layers made inside compute in `name` (one of `PRECISIONS`) and keep float32 weights."""
    settings = keras.config if KERAS_3 else keras.mixed_precision
    read = settings.dtype_policy if KERAS_3 else settings.global_policy
    write = settings.set_dtype_policy if KERAS_3 else settings.set_global_policy
    before = read()
    write(_POLICIES[name])
    try:
        yield
    finally:
        write(before)


def fastest_precision() -> str:
    """ "bfloat16" where the hardware multiplies it natively, else "float32"."""
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        capability = tf.config.experimental.get_device_details(gpus[0]).get("compute_capability")
        return "bfloat16" if capability and capability >= (8, 0) else "float32"
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            flags = info.read()
    except OSError:
        return "float32"
    return "bfloat16" if "avx512_bf16" in flags or "amx_bf16" in flags else "float32"


def watch(tape: tf.GradientTape, variables: list) -> None:
    """`tape.watch` for the variables of Keras layers."""
    tape.watch([variable.value for variable in variables] if KERAS_3 else variables)


def with_loss_scaling(optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    """`optimizer` with dynamic loss scaling, which float16 gradients need."""
    scaled = keras.optimizers if KERAS_3 else keras.mixed_precision
    return scaled.LossScaleOptimizer(optimizer)


def scales_loss(optimizer: keras.optimizers.Optimizer) -> bool:
    return hasattr(optimizer, "dynamic_growth_steps")


def scale_loss(optimizer: keras.optimizers.Optimizer, loss: tf.Tensor) -> tf.Tensor:
    if not scales_loss(optimizer):
        return loss
    return optimizer.scale_loss(loss) if KERAS_3 else optimizer.get_scaled_loss(loss)


def gradient_scale(optimizer: keras.optimizers.Optimizer) -> tf.Tensor:
    """What `scale_loss` multiplied the loss by, as float32."""
    if not scales_loss(optimizer):
        return tf.constant(1.0)
    scale = optimizer.dynamic_scale if KERAS_3 else optimizer.loss_scale
    return tf.cast(scale, tf.float32)


def apply_gradients(optimizer, gradients: list[tf.Tensor], variables: list) -> None:
    """Applies gradients of a loss that went through `scale_loss`."""
    if scales_loss(optimizer) and not KERAS_3:
        gradients = optimizer.get_unscaled_gradients(gradients)
    optimizer.apply_gradients(zip(gradients, variables))


def instance_normalization(name: str | None = None) -> keras.layers.Layer:
    """Each channel of each picture normalised by itself (Ulyanov et al. 2016)."""
    if KERAS_3:
        return keras.layers.GroupNormalization(groups=-1, name=name)
    # Deferred: importing TensorFlow Addons prints its end-of-life notice.
    import tensorflow_addons as tfa

    return tfa.layers.InstanceNormalization(name=name)


def optimizer_state(optimizer: keras.optimizers.Optimizer) -> list:
    """Every variable of an optimizer, for checkpoints and tests."""
    return list(optimizer.variables if KERAS_3 else optimizer.variables())
