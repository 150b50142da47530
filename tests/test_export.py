"""What servers and phones get gives the numbers of Keras."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from aign_tf.errors import UserError
from aign_tf.export import QUANTIZATIONS, export
from aign_tf.generators.inpainter import residual_inpainter

SIZE = 16


def observation(rows=3):
    draw = np.random.default_rng(0)
    mask = (draw.random((rows, SIZE, SIZE, 1)) < 0.6).astype(np.float32)
    image = draw.uniform(-1, 1, (rows, SIZE, SIZE, 3)).astype(np.float32) * mask
    return {"image": image, "mask": mask}


@pytest.fixture(scope="module")
def generator():
    keras.utils.set_random_seed(0)
    return residual_inpainter(SIZE, width=16, blocks=1)


@pytest.fixture(scope="module")
def served(generator, tmp_path_factory):
    (exported,) = export(generator, observation(), tmp_path_factory.mktemp("out"), ["saved_model"])
    return exported


@pytest.fixture(scope="module")
def phones(generator, tmp_path_factory):
    """Quantization -> its TFLite file."""

    def convert(quantize):
        folder = tmp_path_factory.mktemp(quantize)
        (exported,) = export(generator, observation(), folder, ["tflite"], quantize)
        return exported

    return {quantize: convert(quantize) for quantize in QUANTIZATIONS}


def test_the_report_of_a_saved_model(served):
    assert served.path.name == "saved_model" and served.path.is_dir()
    assert served.max_abs_error < 1e-5
    assert served.bytes == sum(f.stat().st_size for f in served.path.rglob("*") if f.is_file())
    assert [path.name for path in served.path.parent.iterdir()] == ["saved_model"]


def test_a_saved_model_has_named_inputs_and_outputs(served):
    serve = tf.saved_model.load(str(served.path)).signatures["serving_default"]
    _, inputs = serve.structured_input_signature
    assert {name: spec.shape.as_list() for name, spec in inputs.items()} == {
        "image": [None, SIZE, SIZE, 3],
        "mask": [None, SIZE, SIZE, 1],
    }
    assert set(serve.structured_outputs) == {"face", "completed"}


@pytest.mark.parametrize("rows", [1, 2, 7])
def test_a_saved_model_takes_any_batch(served, generator, rows):
    serve = tf.saved_model.load(str(served.path)).signatures["serving_default"]
    given = observation(rows)
    outputs = serve(**{name: tf.constant(part) for name, part in given.items()})
    for name, expected in generator(given).items():
        np.testing.assert_allclose(outputs[name], expected, atol=1e-5)


def test_a_saved_model_needs_nothing_but_tensorflow(served, generator, tmp_path):
    given = observation(2)
    np.savez(tmp_path / "given.npz", **given)
    program = """
import sys
import numpy as np, tensorflow as tf
try:
    import aign_tf
    sys.exit("aign_tf can be imported")
except ImportError:
    pass
serve = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
given = {name: tf.constant(part) for name, part in np.load("given.npz").items()}
np.savez("outputs.npz", **{name: part.numpy() for name, part in serve(**given).items()})
assert not [name for name in sys.modules if name.startswith("aign_tf")]
"""
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, str(served.path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    outputs = np.load(tmp_path / "outputs.npz")
    for name, expected in generator(given).items():
        np.testing.assert_allclose(outputs[name], expected, atol=1e-5)


@pytest.mark.parametrize("quantize", QUANTIZATIONS)
def test_a_phone_s_file_is_close_to_keras(phones, quantize):
    exported = phones[quantize]
    assert exported.path.name == "model.tflite"
    assert exported.bytes == exported.path.stat().st_size
    assert exported.max_abs_error < {"none": 1e-5, "float16": 0.01, "int8": 0.1}[quantize]


@pytest.mark.parametrize("quantize", QUANTIZATIONS)
def test_a_phone_s_file_has_the_names_of_the_observations_and_factors(phones, generator, quantize):
    exported = phones[quantize]
    run = tf.lite.Interpreter(str(exported.path)).get_signature_runner("serving_default")
    assert {name: part["shape"].tolist() for name, part in run.get_input_details().items()} == {
        "image": [1, SIZE, SIZE, 3],
        "mask": [1, SIZE, SIZE, 1],
    }
    given = observation(1)
    outputs = run(**given)
    for name, expected in generator(given).items():
        assert outputs[name].dtype == np.float32
        np.testing.assert_allclose(
            outputs[name], expected, atol=0.1 if quantize == "int8" else 0.01
        )


def test_quantizing_shrinks_the_file(phones):
    assert phones["float16"].bytes < 0.65 * phones["none"].bytes
    assert phones["int8"].bytes < 0.5 * phones["none"].bytes


def test_both_formats_replace_an_earlier_export(generator, served, tmp_path):
    (tmp_path / "saved_model").mkdir()
    (tmp_path / "saved_model" / "old").write_text("old")
    (tmp_path / "mine.txt").write_text("mine")
    written = export(generator, observation(1), tmp_path, ["saved_model", "tflite"])
    assert [item.path.name for item in written] == ["saved_model", "model.tflite"]
    assert not (tmp_path / "saved_model" / "old").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "mine.txt",
        "model.tflite",
        "saved_model",
    ]


@pytest.mark.parametrize(
    ("formats", "quantize", "message"),
    [
        (["tflite", "onnx"], "none", "--format=onnx: use saved_model, tflite"),
        (["tflite"], "int4", "--quantize=int4: use one of none, float16, int8"),
    ],
)
def test_unknown_names_are_refused_before_anything_is_written(
    generator, tmp_path, formats, quantize, message
):
    with pytest.raises(UserError, match=message):
        export(generator, observation(1), tmp_path / "out", formats, quantize)
    assert not (tmp_path / "out").exists()
