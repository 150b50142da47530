"""From a run to metrics.json, a table and a picture."""

import json

import keras
import numpy as np
import pytest
from PIL import Image

from aign_tf import evaluation
from aign_tf.errors import UserError
from aign_tf.run_folder import RunFolder
from tests.tiny import Tiny, train

STEPS = 6


def tiny(**values):
    return Tiny(Tiny.configure("default", {"train.steps": STEPS, **values}))


def evaluate(run, split="test", samples=5):
    return evaluation.evaluate(tiny(), tiny(), run, split, samples)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    keras.utils.set_random_seed(0)
    run, _ = train(tmp_path_factory.mktemp("run") / "a", {"train.steps": STEPS})
    return run


@pytest.fixture(scope="module")
def result(run):
    return evaluate(run)


def test_what_metrics_json_holds(run, result):
    assert json.loads(run.metrics.read_text()) == result
    assert list(result) == [
        "task",
        "preset",
        "step",
        "split",
        "samples",
        "metrics",
        "baselines",
        "groups",
        "notes",
    ]
    assert (result["task"], result["preset"], result["step"]) == ("tiny", "default", STEPS)
    assert (result["split"], result["samples"]) == ("test", 5)
    assert set(result["baselines"]) == {"reconstruction", "nothing"}
    assert set(result["metrics"]) == {"error"}
    assert result["baselines"]["nothing"]["undefined"] is None  # JSON has no NaN.


def test_numbers_are_those_of_the_saved_generator(run, result):
    generator = evaluation.load_generator(run)
    x = tiny().x[:5]
    error = np.abs(generator.predict_on_batch({"x": x})["z"] - x / 2).mean()
    assert result["metrics"]["error"] == pytest.approx(error, abs=1e-6)


def test_metrics_json_is_strict_json(run, result):
    json.loads(run.metrics.read_text(), parse_constant=pytest.fail)


def test_the_picture_and_the_table_are_written(run, result):
    assert np.all(np.asarray(Image.open(run.report)) == 7)
    assert run.table.read_text() == evaluation.table(result) + "\n"


def test_the_reconstruction_is_the_same_but_for_the_adversary(run, result):
    arm = RunFolder(run.baselines / "reconstruction")
    ours, alone = run.read()["config"], arm.read()["config"]
    differ = {key for key in ours if ours[key] != alone[key]}
    assert differ == {"loss.adversarial_weight"} and alone["loss.adversarial_weight"] == 0
    assert arm.step() == STEPS
    assert result["baselines"]["reconstruction"] != result["metrics"]


def test_a_second_evaluation_does_not_train_again(run, result, monkeypatch):
    monkeypatch.setattr(keras.Model, "fit", lambda *_, **__: pytest.fail("trained again"))
    again = evaluate(run, "validation", 3)
    assert (again["split"], again["samples"]) == ("validation", 3)
    assert json.loads(run.metrics.read_text()) == again


def test_a_run_that_grew_has_a_reconstruction_as_long_as_itself(tmp_path):
    run, _ = train(tmp_path / "a", {"train.steps": 2})
    assert evaluate(run)["step"] == 2
    train(tmp_path / "a", {"train.steps": 4})
    assert evaluate(run)["step"] == 4
    assert RunFolder(run.baselines / "reconstruction").step() == 4


def test_arms_can_be_chosen(run, result):
    def compared(arms):
        return evaluation.evaluate(tiny(), tiny(), run, "test", 3, arms)["baselines"].keys()

    assert compared([]) == {"nothing"}
    assert compared(["reconstruction"]) == compared(None) == {"reconstruction", "nothing"}
    with pytest.raises(UserError, match="no arm 'x': use all, none, or some of reconstruction"):
        compared(["x"])


def test_a_run_without_a_generator(tmp_path):
    run, _ = train(tmp_path / "a", {"train.steps": 2})
    run.generator.unlink()
    with pytest.raises(UserError, match=r"has no generator\.keras yet: finish or stop its train"):
        evaluate(run)


def test_a_folder_without_a_run(tmp_path):
    with pytest.raises(UserError, match="holds no run"):
        evaluate(RunFolder(tmp_path))


def test_the_table():
    result = {
        "task": "toy",
        "preset": "smoke",
        "step": 20,
        "split": "test",
        "samples": 7,
        "metrics": {"error": 0.123456, "kid": 12.0},
        "baselines": {"a_long_name": {"error": None, "extra": 1e-6}},
        "groups": {"tall": {"error": 0.25}},
        "notes": {"accuracy": 0.98765, "source": "some words"},
    }
    assert evaluation.table(result).splitlines() == [
        "toy smoke, step 20, 7 samples of the test split",
        "              error  kid  extra",
        "aign         0.1235   12      -",
        "a_long_name       -    -  1e-06",
        "aign: tall     0.25    -      -",
        "accuracy: 0.9877",
        "source: some words",
    ]
