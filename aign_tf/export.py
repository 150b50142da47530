"""A trained generator as SavedModel for servers and as TFLite for phones, each checked."""

from __future__ import annotations

import pathlib
import shutil
import tempfile
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from aign_tf.errors import UserError
from aign_tf.files import replacing

FORMATS = ("saved_model", "tflite")
QUANTIZATIONS = ("none", "float16", "int8")

Observation = dict[str, np.ndarray]


class Exported(NamedTuple):
    """A file or folder that was written, and how far its outputs are from Keras'."""

    path: pathlib.Path
    max_abs_error: float
    bytes: int


def export(
    generator: keras.Model,
    observation: Observation,
    output: pathlib.Path,
    formats: list[str],
    quantize: str = "none",
) -> list[Exported]:
    """Writes `saved_model/` and `model.tflite` below `output` and compares both with Keras.

    Args:
      generator: functional model, dict of observations -> dict of factors.
      observation: real observations to compare on, batched.
      output: folder, made if need be; what it holds of an earlier export is replaced.
      formats: of `FORMATS`.
      quantize: of the TFLite file: "float16" halves it; "int8" stores the weights in 8 bits and
        computes in float (dynamic range), a quarter of the size.
    """
    writers = {
        "saved_model": lambda: _saved_model(generator, observation, output / "saved_model"),
        "tflite": lambda: _tflite(generator, observation, output / "model.tflite", quantize),
    }
    unknown = [name for name in formats if name not in writers]
    if unknown:
        raise UserError(f"--format={unknown[0]}: use {', '.join(FORMATS)}")
    if not formats:
        raise UserError(f"--format is empty: use {', '.join(FORMATS)}")
    if quantize not in QUANTIZATIONS:
        raise UserError(f"--quantize={quantize}: use one of {', '.join(QUANTIZATIONS)}")
    return [writers[name]() for name in formats]


def random_observation(generator: keras.Model, count: int) -> Observation:
    """Inputs of the right shapes in [-1, 1], for a comparison where no data are at hand."""
    rng = np.random.default_rng(0)
    return {
        name: rng.uniform(-1, 1, (count, *tensor.shape[1:])).astype(np.float32)
        for name, tensor in generator.input.items()
    }


def _servable(generator: keras.Model, batch: int | None):
    """A function of named observations to named factors, and the module that tracks its weights."""
    module = tf.Module()
    module.generator = generator
    signature = {
        name: tf.TensorSpec((batch, *tensor.shape[1:]), tf.float32, name=name)
        for name, tensor in generator.input.items()
    }
    serve = tf.function(lambda **observation: generator(observation, training=False))
    return serve.get_concrete_function(**signature), module


def _saved_model(generator, observation: Observation, path: pathlib.Path) -> Exported:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        whole = pathlib.Path(folder) / path.name
        serve, module = _servable(generator, batch=None)
        tf.saved_model.save(module, str(whole), signatures={"serving_default": serve})
        if path.exists():
            shutil.rmtree(path)
        whole.rename(path)
    served = tf.saved_model.load(str(path)).signatures["serving_default"]
    outputs = served(**{name: tf.constant(value) for name, value in observation.items()})
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return Exported(path, _error(generator, observation, outputs), size)


def _tflite(generator, observation: Observation, path: pathlib.Path, quantize: str) -> Exported:
    # A fixed batch of one: with an open batch size the phone's fast kernels are not used.
    serve, module = _servable(generator, batch=1)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([serve], module)
    if quantize != "none":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantize == "float16":
        converter.target_spec.supported_types = [tf.float16]
    content = converter.convert()
    with replacing(path) as temporary:
        temporary.write_bytes(content)
    run = tf.lite.Interpreter(str(path)).get_signature_runner("serving_default")
    singles = [
        run(**{name: value[row : row + 1] for name, value in observation.items()})
        for row in range(len(next(iter(observation.values()))))
    ]
    outputs = {name: np.concatenate([single[name] for single in singles]) for name in singles[0]}
    return Exported(path, _error(generator, observation, outputs), len(content))


def _error(generator: keras.Model, observation: Observation, outputs: dict) -> float:
    expected = generator.predict_on_batch(observation)
    return max(float(np.abs(expected[name] - outputs[name]).max()) for name in expected)
