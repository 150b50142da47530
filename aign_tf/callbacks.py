"""What happens between training steps. Each callback has one duty and looks at `model.step`."""

from __future__ import annotations

import json
import math
import signal
import sys
import time
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from absl import logging

from aign_tf.data.pictures import write_picture
from aign_tf.errors import UserError
from aign_tf.run_folder import RunFolder


class StepCallback(keras.callbacks.Callback):
    """Calls `at(step, logs)` whenever a multiple of `every` steps is reached, and at the end."""

    def __init__(self, every: int, last: int):
        super().__init__()
        self.every, self.last = every, last
        self._done = None

    def set_model(self, model):
        super().set_model(model)
        self._done = model.steps_done

    def on_train_batch_end(self, batch, logs=None):
        step = self.model.steps_done
        if step // self.every > self._done // self.every or step >= self.last:
            self.at(step, logs)
        self._done = step

    def at(self, step: int, logs: dict[str, float]) -> None:
        raise NotImplementedError


class StopWhenNotFinite(keras.callbacks.Callback):
    """Ends the run when a term is not a finite number, before anything can save the damage."""

    def __init__(self, run: RunFolder):
        super().__init__()
        self.run = run

    def on_train_batch_end(self, batch, logs=None):
        broken = [name for name, value in logs.items() if not math.isfinite(value)]
        if broken:
            checkpoint = tf.train.latest_checkpoint(str(self.run.checkpoints))
            raise UserError(
                f"not a finite number at step {self.model.steps_done}: {', '.join(broken)}; "
                f"last good checkpoint: {checkpoint or 'none'}. "
                "A lower learning rate or train.clip_norm=1 may help"
            )


class Log(StepCallback):
    """Means of the terms since the last line, to log.jsonl and TensorBoard."""

    def __init__(self, run: RunFolder, every: int, last: int):
        super().__init__(every, last)
        self.run = run
        self.writer = tf.summary.create_file_writer(str(run.tensorboard))
        self._since, self._from = time.monotonic(), None

    def set_model(self, model):
        super().set_model(model)
        self._from = self._done

    def at(self, step, logs):
        now = time.monotonic()
        terms = {name: float(value) for name, value in logs.items()}
        terms["steps_per_second"] = (step - self._from) / (now - self._since)
        self._since, self._from = now, step
        with self.run.log.open("a", encoding="utf-8") as log:
            log.write(json.dumps({"step": step, **terms}) + "\n")
        with self.writer.as_default(step):
            for name, value in terms.items():
                tf.summary.scalar(name, value)
        self.writer.flush()
        if not sys.stdout.isatty():  # Where no progress bar is drawn.
            rounded = ", ".join(f"{name} {value:.4g}" for name, value in terms.items())
            logging.info("step %d of %d: %s", step, self.last, rounded)
        if step < self.last:
            self.model.reset_metrics()


class Samples(StepCallback):
    """A grid of held-out observations and predictions, to disk and TensorBoard."""

    def __init__(
        self,
        run: RunFolder,
        preview: Callable[[keras.Model], np.ndarray],
        every: int,
        last: int,
        writer: tf.summary.SummaryWriter,
    ):
        super().__init__(every, last)
        self.run, self.preview, self.writer = run, preview, writer

    def at(self, step, logs):
        grid = self.preview(self.model.averaged)
        write_picture(self.run.samples / f"step_{step:06d}.png", grid)
        with self.writer.as_default(step):
            tf.summary.image("samples", grid[None])


class Symptoms(StepCallback):
    """Warns of what seems to go wrong."""

    def __init__(self, look: Callable[[keras.Model], list[str]], every: int, last: int):
        super().__init__(every, last)
        self.look = look

    def at(self, step, logs):
        for symptom in self.look(self.model.averaged):
            logging.warning("step %d: %s", step, symptom)


class Checkpoints(StepCallback):
    """Whole states of the run, also when the training ends early.

    The generator is written first: whichever step the newest checkpoint has, there is a
    generator.keras at least as new.
    """

    def __init__(
        self,
        manager: tf.train.CheckpointManager,
        save_generator: Callable[[], None],
        every: int,
        last: int,
    ):
        super().__init__(every, last)
        self.manager, self.save_generator = manager, save_generator
        self._saved = None

    def at(self, step, logs):
        self.save_generator()
        self.manager.save(checkpoint_number=step)
        self._saved = step

    def on_train_end(self, logs=None):
        if self._saved != self.model.steps_done:
            self.at(self.model.steps_done, logs)


class StopOnSignal(keras.callbacks.Callback):
    """SIGTERM and Ctrl-C end the training after the step that is under way.

    A context manager, so that the signals mean what they did before whichever way training ends.

    Attributes:
      received: the signal, or None.
    """

    def __init__(self):
        super().__init__()
        self.received = None
        self._before = {}

    def __enter__(self) -> StopOnSignal:
        for number in (signal.SIGTERM, signal.SIGINT):
            self._before[number] = signal.signal(number, self._receive)
        return self

    def __exit__(self, *exception) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _receive(self, number, frame):
        self.received = signal.Signals(number)
        logging.info("%s: stopping after this step", self.received.name)
        signal.signal(number, self._before[number])  # A second one does what it always did.

    def on_train_batch_end(self, batch, logs=None):
        if self.received is not None:
            self.model.stop_training = True
