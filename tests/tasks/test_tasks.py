"""What holds for every task. New files in `tasks/` are picked up by themselves."""

import dataclasses
import itertools
import json
import pathlib
import sys
import typing

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import tasks
from aign_tf import compat, evaluation, training
from aign_tf.config import LossConfig, TrainConfig, flat, override, settings
from aign_tf.data.augment import quantized
from aign_tf.discriminators import judging
from aign_tf.errors import UserError
from aign_tf.export import export
from aign_tf.model_card import Facts, model_card
from aign_tf.run_folder import RunFolder
from aign_tf.task import Task
from tests.tiny import log, state

_FEW = ("data.samples", "data.people", "data.faces", "data.recordings", "data.length")


@pytest.fixture(scope="module", params=tasks.names())
def name(request):
    return request.param


@pytest.fixture(scope="module")
def task_type(name):
    return tasks.load(name)


@pytest.fixture(scope="module")
def smoke(task_type):
    return task_type(task_type.configure("smoke", {"train.precision": "float32"}))


@pytest.fixture(scope="module")
def batches(smoke):
    keras.utils.set_random_seed(0)
    return list(itertools.islice(smoke.batches(), 2))


def trained(command, name, folder, *more):
    """The run folder of `tools.train` on the smoke preset."""
    given = [f"--task={name}", "--preset=smoke", "--precision=float32", f"--run_dir={folder}"]
    code, _, err = command("train", *given, *more)
    assert code == 0, err
    return RunFolder(folder)


@pytest.fixture(scope="module")
def run(command, name, tmp_path_factory):
    """A finished smoke run, made and evaluated by the commands."""
    return trained(command, name, tmp_path_factory.mktemp(name) / "run")


@pytest.fixture(scope="module")
def table(command, run):
    given = [f"--run_dir={run.path}", "--samples=16", "--arms=reconstruction"]
    code, out, err = command("evaluate", *given)
    assert code == 0, err
    return out


# Description and config.


def test_it_is_described_in_one_line(name, task_type):
    summary = tasks.summary(name)
    assert 10 < len(summary) < 100 and summary.endswith(".")
    assert issubclass(task_type, Task)
    assert f"--task={name}" in sys.modules[task_type.__module__].__doc__


def test_it_has_the_presets_that_everybody_expects(task_type):
    assert {"smoke", "default", "paper"} <= set(task_type.presets)
    assert all(preset.meaning for preset in task_type.presets.values())


def test_every_preset_is_a_config_that_comes_back_from_its_text(task_type):
    for preset in task_type.presets:
        config = task_type.configure(preset, {})
        task_type(config)
        assert override(task_type.Config(), flat(config)) == config
        as_text = {key: str(value) for key, value in flat(config).items()}
        assert override(task_type.Config(), as_text) == config
        from_json = json.loads(json.dumps(flat(config)))
        assert override(task_type.Config(), from_json) == config


def test_every_arm_is_another_training(task_type):
    task = task_type(task_type.configure("smoke", {}))
    arms = task.arms()
    assert "reconstruction" in arms
    for overrides in arms.values():
        assert override(task.config, overrides) != task.config


def test_every_setting_has_a_meaning(task_type):
    for config in (task_type.Config(), task_type.Prediction()):
        assert dataclasses.is_dataclass(config)
        assert all(meaning for _, _, meaning in settings(config))
    kinds = typing.get_type_hints(task_type.Config)
    assert issubclass(kinds["loss"], LossConfig) and issubclass(kinds["train"], TrainConfig)


def test_an_unknown_preset_names_those_that_exist(task_type):
    with pytest.raises(UserError, match=r"no preset 'big': use one of .*smoke"):
        task_type.configure("big", {})


@pytest.mark.parametrize("preset", ["default", "paper"])
def test_networks_of_the_larger_presets_can_be_built(task_type, preset):
    # With as few data as may be: those of video take minutes to draw.
    few = {key: value for key, value in task_type.presets["smoke"].overrides.items() if key in _FEW}
    task = task_type(task_type.configure(preset, {"train.precision": "float32", **few}))
    generator = task.generator()
    assert isinstance(generator.input, dict) and isinstance(generator.output, dict)
    assert {*generator.input, *generator.output} <= set(task_type.signature)
    for discriminator in task.discriminators().values():
        assert isinstance(discriminator.input, dict)


# Parts fit together.


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_every_precision_trains_and_is_looked_at(smoke, batches, precision):
    with compat.precision(precision):
        model = training.build(smoke)
        terms = model.train_step(batches[0])
        assert smoke.preview(model.averaged).dtype == np.uint8
    assert all(np.isfinite(term) for term in terms.values())


def test_a_batch_has_observations_memory_and_nothing_unknown(smoke, batches):
    size = smoke.config.train.batch_size
    for batch in batches:
        recall = {"recall"} if smoke.config.loss.recall_weight else set()
        assert set(batch) - {"truth"} == {"observation", "memory"} | recall
        for part in tf.nest.flatten(batch):
            assert part.shape[0] == size and part.dtype == tf.float32
            # What is unknown of factors is not a number, and is not looked at.
            assert np.any(np.isfinite(part)) and not np.any(np.isinf(part))
        for part in batch["observation"].values():
            assert np.all(np.isfinite(part))
    # Discriminators may look at more of an observation than the generator does.
    seen = list(smoke.generator().input)
    assert [name for name in batches[0]["observation"] if name in seen] == seen


def test_what_is_rendered_is_shaped_like_what_was_observed(smoke, batches):
    observation, generator = batches[0]["observation"], smoke.generator()
    rendered = smoke.renderer()(generator(observation), observation)
    assert rendered
    for name, part in rendered.items():
        assert part.dtype == tf.float32
        # Whatever else there is, such as several views of a frame, is for tests of the task.
        if name in generator.input:
            assert part.shape == observation[name].shape
    assert smoke.renderer().weights == []


def test_the_truth_renders_to_the_observation_better_than_that_of_another(name, smoke, batches):
    batch = batches[0]
    if "truth" not in batch:
        pytest.skip("no truth in this task")
    factors = smoke.generator()(batch["observation"])
    assert {name: part.shape for name, part in batch["truth"].items()}.items() <= {
        name: part.shape for name, part in factors.items()
    }.items()
    render = smoke.renderer()
    # What an untrained network tells beside its factors is as wrong for either truth.
    told = ("guess", "flow", "too_far")
    factors = {key: part for key, part in factors.items() if key not in told}

    def error(truth):
        rendered = render({**factors, **truth}, batch["observation"])
        return float(smoke.reprojection(rendered, batch["observation"]))

    of_another = {name: tf.roll(part, 1, axis=0) for name, part in batch["truth"].items()}
    # The frames of a video never explain each other exactly, as what hides things moves, and what
    # fits worse than no motion at all is counted as that: no error there is ten times another.
    share = {"sfm": 0.75}.get(name, 0.1)
    assert error(batch["truth"]) < share * error(of_another)


def test_discriminators_judge_factors_and_memory_alike(smoke, batches):
    batch = batches[0]
    generator = smoke.generator()
    factors = {**batch["observation"], **generator(batch["observation"])}
    seen = set()
    for discriminator in smoke.discriminators().values():
        names = set(judging.seen(discriminator, batch["memory"]))
        seen |= names
        for source in (factors, batch["memory"]):
            shown = judging.seen(discriminator, source)
            assert all(np.all(np.isfinite(part)) for part in tf.nest.flatten(shown))
            logits = judging.judge(discriminator, shown, seed=[0, 0], training=False)
            assert logits.shape[0] == smoke.config.train.batch_size
            assert logits.dtype == tf.float32
        for name in names:
            assert factors[name].shape == batch["memory"][name].shape
    assert seen <= set(batch["memory"]) <= seen | {*generator.input}


def test_what_is_recalled_is_an_observation_beside_factors_that_render_it(smoke, batches):
    if not smoke.config.loss.recall_weight:
        pytest.skip("nothing is recalled in this task")
    recall, observation = (batches[0][role] for role in ("recall", "observation"))
    generator = smoke.generator()
    factors = generator({name: recall[name] for name in generator.input})
    assert set(generator.input) <= set(recall) <= {*generator.input, *generator.output}
    for name, part in recall.items():
        like = observation[name] if name in generator.input else factors[name]
        assert len(part.shape) == len(like.shape) and part.shape[:-1] == like.shape[:-1]


def test_the_stream_can_be_entered_at_any_step(smoke, batches):
    keras.utils.set_random_seed(0)
    (entered,) = itertools.islice(smoke.batches(first_step=1), 1)
    tf.nest.map_structure(np.testing.assert_array_equal, entered, batches[1])


def test_held_out_observations_are_always_the_same(smoke, batches):
    one, two = smoke.held_out(3), smoke.held_out(3)
    tf.nest.map_structure(np.testing.assert_array_equal, one, two)
    assert list(one) == list(smoke.generator().input)
    for name, part in one.items():
        assert part.shape == (3, *batches[0]["observation"][name].shape[1:])
        assert part.dtype == np.float32


def test_a_preview_is_a_picture(smoke):
    picture = smoke.preview(smoke.generator())
    assert picture.dtype == np.uint8 and picture.ndim == 3 and picture.shape[2] == 3
    assert picture.std() > 0


# From end to end.


def test_a_run_has_all_its_files(run, task_type):
    steps = flat(task_type.configure("smoke", {}))["train.steps"]
    assert run.step() == steps == log(run)[-1]["step"]
    assert run.generator.exists() and list(run.samples.glob("step_*.png"))
    for line in log(run):
        assert all(np.isfinite(value) for value in line.values())


def test_an_evaluation_compares_with_baselines(run, table, name):
    result = json.loads(run.metrics.read_text())
    assert (result["task"], result["preset"], result["split"]) == (name, "smoke", "test")
    assert result["step"] == run.step() and 0 < result["samples"] <= 16
    assert result["metrics"] and "reconstruction" in result["baselines"]
    assert len(result["baselines"]) >= 2
    assert set(result["baselines"]["reconstruction"]) == set(result["metrics"])
    assert all(isinstance(value, float) for value in result["metrics"].values())
    assert run.table.read_text() in table
    assert Image.open(run.report).size[0] > 50


def test_stopping_half_way_changes_nothing(command, run, smoke, name, tmp_path):
    """Half of the steps by one command and the others by the next."""
    steps = smoke.config.train.steps
    for end in (steps // 2, steps):
        halved = trained(command, name, tmp_path / "run", f"--set=train.steps={end}")
        assert halved.step() == end
    whole, halves = state(run), state(halved)
    assert whole.keys() == halves.keys()
    for key in whole:
        np.testing.assert_array_equal(whole[key], halves[key], err_msg=key)
    assert log(run) == log(halved)


def test_held_out_pictures_are_predicted(run, smoke, name, tmp_path):
    """Tasks whose observations are no pictures test `predict` in a file of their own."""
    pictures = [
        part for part in smoke.held_out(2).values() if part.ndim == 4 and part.shape[3] == 3
    ]
    if not pictures:
        assert (pathlib.Path(__file__).parent / f"test_{name}.py").exists()
        return
    source, output = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for row, picture in enumerate(pictures[0]):
        Image.fromarray(quantized(picture)).save(source / f"{row}.png")
    written = smoke.predict(evaluation.load_generator(run), source, output, smoke.Prediction())
    assert written and all(path.exists() and output in path.parents for path in written)
    alone = smoke.predict(
        evaluation.load_generator(run), source / "0.png", tmp_path / "alone", smoke.Prediction()
    )
    assert alone and all(path.exists() for path in alone)


def test_the_model_card_tells_what_there_is(run, table, smoke, name):
    generator, counts = evaluation.load_generator(run), smoke.composition()
    card = model_card(Facts(smoke, run, tasks.summary(name), generator, [], "none", counts))
    assert card.startswith(f"# {name}\n\n{tasks.summary(name)}\n")
    result = json.loads(run.metrics.read_text())
    for row in [*result["baselines"], *result["groups"]]:
        assert f"\n| `{row}` |" in card
    for metric in result["metrics"]:
        assert f"\n- `{metric}`: " in card
    assert sum(counts.values()) > 0
    for group, count in counts.items():
        assert f"\n| {group} | {count:,} |" in card
    assert "not for" in card.lower().partition("## limits")[2]


def test_the_generator_can_be_served(run, smoke, tmp_path):
    generator, observation = evaluation.load_generator(run), smoke.held_out(2)
    for exported in export(generator, observation, tmp_path, ["saved_model", "tflite"]):
        assert exported.path.exists()
        assert exported.max_abs_error < 1e-3
