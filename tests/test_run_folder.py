"""A run folder belongs to one config."""

import json

import pytest
import tensorflow as tf

from aign_tf.errors import UserError
from aign_tf.run_folder import RunFolder

CONFIG = {"train.steps": 10, "train.seed": 0, "loss.r1": 1.0}


@pytest.fixture
def run(tmp_path):
    folder = RunFolder(tmp_path / "runs" / "a")
    folder.claim("toy", "smoke", CONFIG)
    return folder


def test_a_new_folder_is_made_and_says_what_it_is_for(run):
    assert run.exists()
    assert run.read() == {"task": "toy", "preset": "smoke", "config": CONFIG}
    assert json.loads(run.config.read_text()) == run.read()
    assert run.step() == 0


def test_an_empty_folder_is_taken(tmp_path):
    RunFolder(tmp_path).claim("toy", "smoke", CONFIG)
    assert RunFolder(tmp_path).read()["task"] == "toy"


def test_the_same_config_is_welcome_again(run):
    run.claim("toy", "smoke", CONFIG)
    assert run.read()["config"] == CONFIG


@pytest.fixture
def trained(run, monkeypatch):
    """A run that has a checkpoint of step 4."""
    monkeypatch.setattr(RunFolder, "step", lambda self: 4)
    return run


@pytest.mark.parametrize("steps", [20, 5, 4])
def test_steps_may_grow(trained, steps):
    trained.claim("toy", "smoke", {**CONFIG, "train.steps": steps})
    assert trained.read()["config"]["train.steps"] == steps


def test_steps_that_are_done_cannot_be_undone(trained):
    with pytest.raises(UserError, match=r"train\.steps=3: .* has 4 steps already"):
        trained.claim("toy", "smoke", {**CONFIG, "train.steps": 3})
    assert trained.read()["config"] == CONFIG


def test_before_the_first_checkpoint_everything_may_change(run):
    run.claim("other", "default", {**CONFIG, "train.seed": 7})
    assert run.read()["task"] == "other" and run.read()["config"]["train.seed"] == 7


def test_another_config_is_refused_and_every_changed_key_named(trained):
    changed = {**CONFIG, "train.seed": 7, "loss.r1": 0.5, "train.steps": 99}
    with pytest.raises(UserError) as error:
        trained.claim("toy", "smoke", changed)
    message = str(error.value)
    assert "train.seed was 0 and is 7" in message
    assert "loss.r1 was 1.0 and is 0.5" in message
    assert "train.steps" not in message and "another --run_dir" in message
    assert trained.read()["config"] == CONFIG


def test_a_key_that_the_run_does_not_know_is_refused(trained):
    with pytest.raises(UserError, match=r"data\.new was None and is 1"):
        trained.claim("toy", "smoke", {**CONFIG, "data.new": 1})


def test_another_task_is_refused(trained):
    with pytest.raises(UserError, match="holds a run of toy: give other another --run_dir"):
        trained.claim("other", "smoke", CONFIG)


def test_a_folder_of_something_else_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(UserError, match="is not a run folder and not empty: choose another"):
        RunFolder(tmp_path).claim("toy", "smoke", CONFIG)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_is_refused(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(UserError, match="is not a run folder"):
        RunFolder(path).claim("toy", "smoke", CONFIG)


def test_reading_what_is_no_run(tmp_path):
    with pytest.raises(UserError, match=r"holds no run: there is no config\.json in it"):
        RunFolder(tmp_path / "missing").read()


@pytest.mark.parametrize("content", ['{"task": "toy", ', "", "\x00\x01"])
def test_a_broken_description(tmp_path, content):
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(UserError, match=r"config\.json is not JSON") as error:
        RunFolder(tmp_path).read()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", ['{"model_type": "bert"}', "[1, 2]", '"text"'])
def test_a_config_of_another_program_is_no_run(tmp_path, content):
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(UserError):
        RunFolder(tmp_path).claim("toy", "smoke", CONFIG)
    assert (tmp_path / "config.json").read_text() == content


def test_step_is_that_of_the_newest_checkpoint(run):
    manager = tf.train.CheckpointManager(
        tf.train.Checkpoint(step=tf.Variable(0)), str(run.checkpoints), max_to_keep=2
    )
    for step in (4, 12, 100):
        manager.save(checkpoint_number=step)
        assert run.step() == step


def lines(*steps):
    return "".join(json.dumps({"step": step, "loss": 0.5}) + "\n" for step in steps)


@pytest.mark.parametrize(
    ("before", "step", "after"),
    [
        (lines(5, 10, 15), 10, lines(5, 10)),
        (lines(5, 10, 15), 12, lines(5, 10)),
        (lines(5, 10), 0, ""),
        (lines(5, 10), 99, lines(5, 10)),
        (lines(5, 10) + '{"step": 15, "lo', 99, lines(5, 10)),  # Killed while writing.
        ("", 5, ""),
    ],
)
def test_the_log_loses_what_will_be_logged_again(run, before, step, after):
    run.log.write_text(before)
    run.truncate_log(step)
    assert run.log.read_text() == after


def test_a_missing_log_stays_missing(run):
    run.truncate_log(5)
    assert not run.log.exists()
