"""Training interrupted in any way ends where an undisturbed one does, bit for bit."""

import concurrent.futures
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
import tensorflow as tf

import tasks
from aign_tf import training
from aign_tf.errors import UserError
from aign_tf.run_folder import RunFolder
from tests.tiny import Tiny, log, state, train

ROOT = pathlib.Path(__file__).parents[1]


def assert_same(one, two, statistics_atol=0.0, atol=0.0):
    """Equal checkpoints: weights, averages, optimizer slots and all."""
    one, two = state(one), state(two)
    assert one.keys() == two.keys()
    for name in one:
        allowed = statistics_atol if "/moving_" in name else atol
        np.testing.assert_allclose(one[name], two[name], rtol=0, atol=allowed, err_msg=name)


def generator_weights(run):
    return keras.saving.load_model(run.generator, compile=False).get_weights()


# What a training leaves behind.


def test_a_finished_run(tmp_path):
    run, ended = train(tmp_path / "a", {"train.steps": 6})
    assert ended == (6, True, None)
    assert [line["step"] for line in log(run)] == [2, 4, 6]
    assert sorted(path.name for path in run.samples.iterdir()) == [
        "step_000004.png",
        "step_000006.png",
    ]
    assert run.step() == 6
    assert list(run.tensorboard.iterdir())
    saved, kept = generator_weights(run), state(run)
    averaged = [value for name, value in kept.items() if name.startswith("averaged/")]
    assert {weight.tobytes() for weight in saved} == {value.tobytes() for value in averaged}
    names = " ".join(kept)
    for part in ("step/", "generator/", "discriminators/z/", "previous_loss/z", "_optimizer"):
        assert part in names


def test_two_runs_of_one_seed_are_equal_and_of_two_seeds_are_not(tmp_path):
    one, _ = train(tmp_path / "a", {"train.seed": 1})
    two, _ = train(tmp_path / "b", {"train.seed": 1})
    other, _ = train(tmp_path / "c", {"train.seed": 2})
    assert_same(one, two)
    assert log(one) == log(two)
    assert log(one) != log(other)


def test_a_finished_run_is_left_alone(tmp_path):
    run, _ = train(tmp_path / "a")
    before = state(run), run.log.read_text(), generator_weights(run)
    _, ended = train(tmp_path / "a", on_preview=pytest.fail)
    assert ended == (8, True, None)
    assert run.log.read_text() == before[1]
    for name, value in state(run).items():
        np.testing.assert_array_equal(value, before[0][name])


# Going on.

OPTIONS = {
    "plain": {},
    "batch norm": {"data.batch_norm": True},
    "paired": {"loss.paired_weight": 1.0},
    "sides": {"train.generator_steps": 2, "train.discriminator_steps": 3},
    "rest": {"loss.skip_winning_below": 1.4},
    "wasserstein": {"loss.adversarial": "wasserstein", "loss.gradient_penalty": 10.0},
    "no adversary": {"loss.adversarial_weight": 0.0},
    "executions": {"train.steps_per_execution": 2},
    "bfloat16": {"train.precision": "bfloat16"},
    "float16": {"train.precision": "float16"},
    "clipped": {"train.clip_norm": 0.1},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_n_and_n_more_steps_equal_2n(tmp_path, options):
    whole, _ = train(tmp_path / "whole", {"train.steps": 8, **options})
    halves, ended = train(tmp_path / "halves", {"train.steps": 4, **options})
    assert ended == (4, True, None) and halves.step() == 4
    _, ended = train(tmp_path / "halves", {"train.steps": 8, **options})
    assert ended == (8, True, None)
    # Now and then the second derivatives of a gradient penalty differ in their last bit.
    atol = 1e-3 if "loss.gradient_penalty" in options else 0.0
    assert_same(whole, halves, atol=atol)
    for one, two in zip(log(whole), log(halves)):
        assert one == pytest.approx(two, rel=0, abs=10 * atol)
    for one, two in zip(generator_weights(whole), generator_weights(halves)):
        np.testing.assert_allclose(one, two, rtol=0, atol=atol)


@pytest.mark.parametrize(("split", "steps"), [(5, 7), (3, 8)])
def test_a_run_may_be_interrupted_between_log_lines_and_checkpoints(tmp_path, split, steps):
    whole, _ = train(tmp_path / "whole", {"train.steps": steps})
    halves, _ = train(tmp_path / "halves", {"train.steps": split})
    train(tmp_path / "halves", {"train.steps": steps})
    assert_same(whole, halves)


@pytest.mark.parametrize("per_execution", [3, 5, 100])
def test_steps_that_do_not_fill_an_execution(tmp_path, per_execution):
    plain, _ = train(tmp_path / "plain", {"train.steps": 7})
    fast, ended = train(
        tmp_path / "fast", {"train.steps": 7, "train.steps_per_execution": per_execution}
    )
    assert ended == (7, True, None)
    for name, value in state(fast).items():
        np.testing.assert_allclose(value, state(plain)[name], atol=1e-6, err_msg=name)


def test_a_run_folder_may_move(tmp_path):
    whole, _ = train(tmp_path / "whole", {"train.steps": 8})
    train(tmp_path / "old", {"train.steps": 4})
    (tmp_path / "old").rename(tmp_path / "new")
    moved, _ = train(tmp_path / "new", {"train.steps": 8})
    assert_same(whole, moved)


def test_a_checkpoint_is_never_newer_than_the_generator(tmp_path, monkeypatch):
    """So kill -9 at no moment leaves a run called finished with an old generator or none."""
    order = []
    save = tf.train.CheckpointManager.save
    write = training.save_generator
    monkeypatch.setattr(
        tf.train.CheckpointManager,
        "save",
        lambda *args, **options: order.append("checkpoint") or save(*args, **options),
    )
    monkeypatch.setattr(
        training, "save_generator", lambda *args: order.append("generator") or write(*args)
    )
    train(tmp_path / "a", {"train.steps": 8, "train.checkpoint_every": 4})
    assert order == ["generator", "checkpoint"] * 2


def test_a_longer_run_replaces_its_generator(tmp_path):
    run, _ = train(tmp_path / "a", {"train.steps": 4})
    before = generator_weights(run)
    train(tmp_path / "a", {"train.steps": 8})
    assert not all(np.array_equal(one, two) for one, two in zip(generator_weights(run), before))


def test_a_checkpoint_cut_short_does_not_count(tmp_path):
    """kill -9 while a checkpoint is written leaves data that the index does not name yet."""
    whole, _ = train(tmp_path / "whole", {"train.steps": 8})
    run, _ = train(tmp_path / "a", {"train.steps": 4})
    (run.checkpoints / "ckpt-6.data-00000-of-00001").write_bytes(b"half")
    train(tmp_path / "a", {"train.steps": 8})
    assert_same(whole, run)


# Signals.


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_saves_and_a_later_call_goes_on(tmp_path, number):
    handler = signal.getsignal(number)
    sent = []

    def interrupt():
        if not sent:
            sent.append(os.kill(os.getpid(), number))

    values = {"train.steps": 8, "train.sample_every": 3, "train.checkpoint_every": 100}
    whole, _ = train(tmp_path / "whole", values)
    run, ended = train(tmp_path / "a", values, on_preview=interrupt)
    assert ended == (3, False, number)
    assert run.step() == 3 and run.generator.exists()
    assert signal.getsignal(number) is handler
    _, ended = train(tmp_path / "a", values)
    assert ended == (8, True, None)
    assert_same(whole, run)


SMOKE = [
    "--task=faces_inpaint",
    "--preset=smoke",
    "--precision=float32",
    "--set=data.samples=60",
    "--set=network.width=4",
    "--set=train.checkpoint_every=20",
    "--set=train.sample_every=1000",
    "--steps=120",
]


def start(folder):
    return subprocess.Popen(
        [sys.executable, "-m", "tools.train", *SMOKE, f"--run_dir={folder}"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def steps_in(folder):
    path = folder / "log.jsonl"
    return [json.loads(line)["step"] for line in path.read_text().splitlines() if line[-1] == "}"]


def signalled(folder, step, number):
    """Starts a training and sends it a signal once it has logged `step`."""
    process = start(folder)
    try:
        deadline = time.monotonic() + 90
        while not (folder / "log.jsonl").exists() or max(steps_in(folder), default=0) < step:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.005)
        process.send_signal(number)
        output = process.communicate(timeout=60)
    finally:
        process.kill()
    return process.returncode, *output


def finished(folder):
    process = start(folder)
    try:
        output = process.communicate(timeout=90)
    finally:
        process.kill()
    return process.returncode, *output


@pytest.fixture(scope="module")
def commands(tmp_path_factory):
    """Folder of an undisturbed run and of one that was killed and terminated; how calls ended."""
    folder = tmp_path_factory.mktemp("runs")

    def disturb():
        run = folder / "disturbed"
        return signalled(run, 45, signal.SIGKILL), signalled(run, 65, signal.SIGTERM), finished(run)

    def leave_alone():
        run = folder / "undisturbed"
        return finished(run), signalled(folder / "interrupted", 5, signal.SIGINT)

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        disturbed, undisturbed = pool.submit(disturb), pool.submit(leave_alone)
        killed, terminated, gone_on = disturbed.result()
        whole, interrupted = undisturbed.result()
    assert whole[0] == 0, whole
    ends = {signal.SIGTERM: terminated, signal.SIGINT: interrupted, signal.SIGKILL: killed}
    return folder, ends, gone_on


def test_kill_9_and_sigterm_leave_the_weights_of_an_undisturbed_run(commands):
    folder, ends, (code, out, _) = commands
    assert ends[signal.SIGKILL][0] == -signal.SIGKILL
    assert code == 0 and out.startswith("trained 120 steps")
    tasks.load("faces_inpaint")  # Registers its layers.
    undisturbed, disturbed = (
        generator_weights(RunFolder(folder / name)) for name in ("undisturbed", "disturbed")
    )
    for before, after in zip(undisturbed, disturbed):
        np.testing.assert_array_equal(before, after)
    assert_same(RunFolder(folder / "undisturbed"), RunFolder(folder / "disturbed"))


def test_a_disturbed_run_has_logged_every_step_once_and_left_nothing_half_written(commands):
    folder, _, _ = commands
    assert steps_in(folder / "disturbed") == steps_in(folder / "undisturbed")
    assert list((folder / "disturbed").rglob(".*")) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_command_says_how_to_go_on(commands, number):
    _, ends, _ = commands
    code, out, err = ends[number]
    assert code == 128 + number
    assert "Traceback" not in err
    assert "goes on" in err.splitlines()[-1] and "stopped at step" in err.splitlines()[-1]
    assert out == ""


# Failing.


def test_a_loss_that_is_no_number_names_step_term_and_last_good_checkpoint(tmp_path):
    values = {"train.steps": 20, "data.poisoned_from": 7, "train.checkpoint_every": 2}
    with pytest.raises(UserError) as error:
        train(tmp_path / "a", values)
    message = str(error.value)
    assert message.startswith("not a finite number at step 8: ")
    assert "reprojection" in message and "ckpt-6" in message and "\n" not in message
    newest = tf.train.latest_checkpoint(str(tmp_path / "a" / "checkpoints"))
    assert newest.endswith("ckpt-6")
    reader = tf.train.load_checkpoint(newest)
    for name in reader.get_variable_to_shape_map():
        if name.startswith("generator/"):
            assert np.all(np.isfinite(reader.get_tensor(name)))
    saved = keras.saving.load_model(tmp_path / "a" / "generator.keras", compile=False)
    assert all(np.all(np.isfinite(weight)) for weight in saved.get_weights())


def test_a_failed_training_gives_the_signals_back(tmp_path):
    handlers = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(UserError):
            train(tmp_path / "a", {"data.poisoned_from": 0})
        assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == handlers
    finally:
        signal.signal(signal.SIGTERM, handlers[0])
        signal.signal(signal.SIGINT, handlers[1])


@pytest.mark.parametrize("per_execution", [1, 4])
def test_a_learning_rate_beyond_reason_stops_the_run(tmp_path, per_execution):
    values = {
        "train.generator_lr": 1e30,
        "train.steps_per_execution": per_execution,
        "train.checkpoint_every": 4,
    }
    with pytest.raises(UserError, match=r"not a finite number at step .*: reprojection.*: none"):
        train(tmp_path / "a", values)


def test_another_config_is_refused_naming_the_key(tmp_path):
    train(tmp_path / "a", {"train.steps": 2})
    with pytest.raises(UserError, match=r"train\.batch_size was 4 and is 5"):
        train(tmp_path / "a", {"train.steps": 2, "train.batch_size": 5})


@pytest.mark.parametrize(
    ("values", "distribute", "message"),
    [
        ({}, "everywhere", "--distribute=everywhere: use one of none, mirrored, multi_worker"),
        ({"loss.adversarial": "cosine"}, "none", "loss.adversarial=cosine: use one of non_"),
        ({"loss.adversarial": "wasserstein"}, "none", "add --set=loss.gradient_penalty=10"),
        ({"loss.recall_weight": 1}, "none", "tiny has nothing to recall: leave loss.recall_weight"),
    ],
)
def test_settings_that_cannot_be_trained(tmp_path, values, distribute, message):
    with pytest.raises(UserError, match=message):
        train(tmp_path / "a", values, distribute)


def test_precision_names():
    assert training.resolved_precision("bfloat16") == "bfloat16"
    assert training.resolved_precision("auto") in ("float32", "bfloat16")


# Precision and distribution.


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_the_saved_generator_computes_in_float32_whatever_it_was_trained_in(tmp_path, precision):
    run, ended = train(tmp_path / "a", {"train.precision": precision})
    assert ended.finished
    assert all(np.isfinite(value) for line in log(run) for value in line.values())
    generator = keras.saving.load_model(run.generator, compile=False)
    assert {layer.compute_dtype for layer in generator.layers} == {"float32"}


@pytest.mark.parametrize("batch_norm", [False, True])
def test_two_devices_train_and_go_on(tmp_path, batch_norm):
    values = {"data.batch_norm": batch_norm}
    whole, ended = train(tmp_path / "whole", values, "mirrored")
    assert ended == (8, True, None)
    train(tmp_path / "halves", {"train.steps": 4, **values}, "mirrored")
    halves, _ = train(tmp_path / "halves", values, "mirrored")
    # A checkpoint holds the mean of the devices' batch statistics, which rounds.
    assert_same(whole, halves, statistics_atol=1e-6)


def test_two_devices_share_the_batch_of_one(tmp_path):
    """Without batch statistics or a coin for each device, half a batch each is all of it."""
    values = {"loss.label_swap": 0.0}
    alone, _ = train(tmp_path / "alone", values)
    mirrored, _ = train(tmp_path / "mirrored", values, "mirrored")
    one, two = state(alone), state(mirrored)
    for name in one:
        np.testing.assert_allclose(one[name], two[name], rtol=1e-4, atol=1e-5, err_msg=name)
    for before, after in zip(log(alone), log(mirrored)):
        assert after["reprojection"] == pytest.approx(before["reprojection"], rel=1e-4)


def test_a_run_of_one_device_goes_on_with_two(tmp_path):
    train(tmp_path / "a", {"train.steps": 4})
    _, ended = train(tmp_path / "a", {"train.steps": 8}, "mirrored")
    assert ended == (8, True, None)


def test_the_averaged_statistics_of_two_devices_are_served(tmp_path):
    """Batch normalisation in the saved generator has seen the data: its statistics have moved."""
    run, _ = train(tmp_path / "a", {"data.batch_norm": True}, "mirrored")
    (norm,) = (
        layer
        for layer in keras.saving.load_model(run.generator, compile=False).layers
        if isinstance(layer, keras.layers.BatchNormalization)
    )
    assert np.all(norm.moving_variance.numpy() > 0)
    assert not np.allclose(norm.moving_mean.numpy(), 0)


def test_steps_per_execution_compile_and_distribution_together(tmp_path):
    values = {"train.steps_per_execution": 3}
    assert train(tmp_path / "a", values, "mirrored")[1] == (8, True, None)


def test_a_fresh_model_has_equal_averaged_weights():
    model = training.build(Tiny(Tiny.configure("default", {})))
    for one, two in zip(model.generator.get_weights(), model.averaged.get_weights()):
        np.testing.assert_array_equal(one, two)
