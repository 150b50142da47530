"""What happens between steps, without a training."""

import json
import os
import signal
import types

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from aign_tf import callbacks
from aign_tf.errors import UserError
from aign_tf.run_folder import RunFolder


class Model:
    """As much of a model as callbacks see."""

    def __init__(self, step=0):
        self.steps_done = step
        self.averaged = "averaged"
        self.stop_training = False
        self.resets = 0

    def reset_metrics(self):
        self.resets += 1


class Recorder(callbacks.StepCallback):
    def __init__(self, every, last):
        super().__init__(every, last)
        self.seen = []

    def at(self, step, logs):
        self.seen.append(step)


def drive(callback, steps, start=0, logs=None):
    """Calls back after each of `steps`, as a training from `start` would."""
    model = Model(start)
    callback.set_model(model)
    for step in steps:
        model.steps_done = step
        callback.on_train_batch_end(0, logs or {"loss": 1.0})
    return model


@pytest.mark.parametrize(
    ("every", "last", "start", "steps", "expected"),
    [
        (5, 12, 0, range(1, 13), [5, 10, 12]),
        (5, 10, 0, range(1, 11), [5, 10]),
        (50, 7, 0, range(1, 8), [7]),
        (5, 12, 7, range(8, 13), [10, 12]),  # Resumed.
        (5, 12, 10, range(11, 13), [12]),
        (5, 20, 0, range(3, 21, 3), [6, 12, 15]),  # Three steps in one execution.
        (2, 12, 0, range(4, 13, 4), [4, 8, 12]),  # More steps in one execution than between calls.
    ],
)
def test_steps_at_which_a_callback_is_due(every, last, start, steps, expected):
    recorder = Recorder(every, last)
    drive(recorder, steps, start)
    assert recorder.seen == expected


def test_log_lines(tmp_path):
    run = RunFolder(tmp_path)
    model = drive(callbacks.Log(run, 2, 5), range(1, 6), logs={"loss": np.float32(0.5)})
    lines = [json.loads(line) for line in run.log.read_text().splitlines()]
    assert [line["step"] for line in lines] == [2, 4, 5]
    assert all(line["loss"] == 0.5 and line["steps_per_second"] > 0 for line in lines)
    assert model.resets == 2  # The last terms are still to be read.
    (events,) = run.tensorboard.iterdir()
    tags = {
        (event.step, value.tag)
        for event in tf.compat.v1.train.summary_iterator(str(events))
        for value in event.summary.value
    }
    assert tags == {(step, tag) for step in (2, 4, 5) for tag in ("loss", "steps_per_second")}


def test_a_log_goes_on_below_the_lines_of_before(tmp_path):
    run = RunFolder(tmp_path)
    run.log.write_text('{"step": 2}\n')
    drive(callbacks.Log(run, 2, 4), [3, 4], start=2)
    assert [json.loads(line)["step"] for line in run.log.read_text().splitlines()] == [2, 4]


def test_samples_show_the_averaged_generator(tmp_path):
    run, seen = RunFolder(tmp_path), []

    def preview(generator):
        seen.append(generator)
        return np.full((2, 3, 3), 9, np.uint8)

    writer = tf.summary.create_file_writer(str(run.tensorboard))
    drive(callbacks.Samples(run, preview, 2, 3, writer), [1, 2, 3])
    assert seen == ["averaged"] * 2
    assert [path.name for path in sorted(run.samples.iterdir())] == [
        "step_000002.png",
        "step_000003.png",
    ]
    assert np.all(np.asarray(Image.open(run.samples / "step_000002.png")) == 9)


def test_symptoms_of_the_averaged_generator_are_told_with_their_step(tmp_path, caplog):
    seen, found = [], iter([[], ["no depth: too fast", "no motion: too slow"], ["no depth"]])

    def look(generator):
        seen.append(generator)
        return next(found)

    with caplog.at_level("WARNING"):
        drive(callbacks.Symptoms(look, 2, 5), range(1, 6))
    assert seen == ["averaged"] * 3  # After steps 2, 4 and 5.
    assert [record.getMessage() for record in caplog.records] == [
        "step 4: no depth: too fast",
        "step 4: no motion: too slow",
        "step 5: no depth",
    ]
    assert {record.levelname for record in caplog.records} == {"WARNING"}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_term_that_is_no_number_stops_the_run(tmp_path, value):
    callback = callbacks.StopWhenNotFinite(RunFolder(tmp_path))
    with pytest.raises(UserError) as error:
        drive(callback, [6], logs={"good": 1.0, "bad": value, "worse": value})
    message = str(error.value)
    assert message.startswith("not a finite number at step 6: bad, worse; ")
    assert "last good checkpoint: none" in message
    assert "train.clip_norm=1" in message and "\n" not in message


def test_checkpoints_are_numbered_by_step_and_written_at_the_end(tmp_path):
    seen = []
    manager = types.SimpleNamespace(save=lambda checkpoint_number: seen.append(checkpoint_number))
    callback = callbacks.Checkpoints(manager, lambda: seen.append("generator"), 4, 100)
    drive(callback, range(1, 7))
    assert seen == ["generator", 4]
    callback.on_train_end()  # Stopped at step 6.
    callback.on_train_end()
    assert seen == ["generator", 4, "generator", 6]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_asks_to_stop_once_and_the_old_handlers_come_back(number):
    hits = []
    before = signal.signal(number, lambda *_: hits.append("old"))
    try:
        old = signal.getsignal(number)
        callback, model = callbacks.StopOnSignal(), Model()
        callback.set_model(model)
        with callback:
            callback.on_train_batch_end(0)
            assert not model.stop_training and callback.received is None
            os.kill(os.getpid(), number)
            callback.on_train_batch_end(1)
            assert model.stop_training and callback.received == number and hits == []
            os.kill(os.getpid(), number)
            assert hits == ["old"]  # A second one does what it always did.
        assert signal.getsignal(number) is old
    finally:
        signal.signal(number, before)
