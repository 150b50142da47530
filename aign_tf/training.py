"""Training from a task to a finished run folder, interrupted as often as need be."""

from __future__ import annotations

import functools
import sys
from typing import NamedTuple

import keras
import tensorflow as tf
from absl import logging

from aign_tf import callbacks, compat
from aign_tf.config import TrainConfig
from aign_tf.errors import UserError
from aign_tf.files import replacing
from aign_tf.model import AIGN
from aign_tf.run_folder import RunFolder
from aign_tf.task import Task

STRATEGIES = {
    "none": tf.distribute.get_strategy,
    "mirrored": tf.distribute.MirroredStrategy,
    "multi_worker": tf.distribute.MultiWorkerMirroredStrategy,
}


class Trained(NamedTuple):
    """How a call of `train` ended."""

    step: int
    finished: bool
    signal: int | None


def train(task: Task, run: RunFolder, distribute: str = "none") -> Trained:
    """Trains until `train.steps`, from the newest checkpoint of the run folder if it has any.

    Args:
      task: what to train; its config has a resolved precision (see `resolved_precision`).
      run: a claimed run folder; receives checkpoints, log, samples and generator.keras.
      distribute: a name of `STRATEGIES`. `train.batch_size` is split among the devices.

    Raises:
      UserError: a term of the loss is not finite, or the config is not usable.
    """
    settings: TrainConfig = task.config.train
    keras.utils.set_random_seed(settings.seed)
    tf.config.experimental.enable_op_determinism()
    # This pass orders sums by the names of operations, which depend on what was built before.
    tf.config.optimizer.set_experimental_options({"arithmetic_optimization": False})
    with strategy(distribute).scope(), compat.precision(settings.precision):
        model = build(task)
    manager = tf.train.CheckpointManager(_state(model), str(run.checkpoints), max_to_keep=2)
    manager.restore_or_initialize()
    first = model.steps_done
    run.truncate_log(first)
    if first:
        logging.info("resuming at step %d of %d", first, settings.steps)
    if first >= settings.steps:
        return Trained(first, True, None)

    last = settings.steps
    log = callbacks.Log(run, settings.log_every, last)
    with callbacks.StopOnSignal() as stop:
        model.fit(
            task.batches(first),
            steps_per_epoch=last - first,
            verbose=int(sys.stdout.isatty()),
            shuffle=False,  # The batches are in order already.
            callbacks=[
                callbacks.StopWhenNotFinite(run),
                log,
                callbacks.Samples(run, task.preview, settings.sample_every, last, log.writer),
                callbacks.Symptoms(task.symptoms, settings.sample_every, last),
                callbacks.Checkpoints(
                    manager,
                    lambda: save_generator(task, model, run),
                    settings.checkpoint_every,
                    last,
                ),
                stop,
            ],
        )
    return Trained(model.steps_done, model.steps_done >= last, stop.received)


def build(task: Task) -> AIGN:
    """The compiled model of a task, with fresh weights."""
    loss, settings = task.config.loss, task.config.train
    # Made even where nothing needs them: all arms begin with the same weights.
    discriminators = task.discriminators()
    if loss.adversarial_weight == 0:
        discriminators = {}
    model = AIGN(
        task.generator(), task.generator(), task.renderer(), discriminators, seed=settings.seed
    )
    model.compile(
        _adam(settings, settings.generator_lr),
        {name: _adam(settings, settings.discriminator_lr) for name in discriminators},
        adversarial=loss.adversarial,
        reprojection=task.reprojection,
        paired=task.paired,
        reprojection_weight=loss.reprojection_weight,
        adversarial_weight=loss.adversarial_weight,
        shares=task.shares(),
        paired_weight=loss.paired_weight,
        recall_weight=loss.recall_weight,
        r1=loss.r1,
        gradient_penalty=loss.gradient_penalty,
        generator_steps=settings.generator_steps,
        discriminator_steps=settings.discriminator_steps,
        label_swap=loss.label_swap,
        skip_winning_below=loss.skip_winning_below,
        ema_decay=settings.ema_decay,
        steps_per_execution=settings.steps_per_execution,
        jit_compile=settings.jit_compile,
    )
    return model


@functools.cache
def strategy(name: str) -> tf.distribute.Strategy:
    """The strategy of that name; one a process, since two would mix up their collectives."""
    if name not in STRATEGIES:
        raise UserError(f"--distribute={name}: use one of {', '.join(STRATEGIES)}")
    return STRATEGIES[name]()


def resolved_precision(name: str) -> str:
    """`name`, where "auto" becomes what this machine is fast at."""
    if name == "auto":
        return compat.fastest_precision()
    return name


def save_generator(task: Task, model: AIGN, run: RunFolder) -> None:
    """Writes the averaged generator, computing in float32, to generator.keras."""
    with compat.precision("float32"):
        generator = task.generator()
    generator.set_weights(model.averaged.get_weights())
    with replacing(run.generator) as temporary:
        generator.save(temporary)


def _adam(settings: TrainConfig, learning_rate: float) -> keras.optimizers.Optimizer:
    optimizer = keras.optimizers.Adam(
        learning_rate,
        beta_1=settings.beta1,
        beta_2=settings.beta2,
        global_clipnorm=settings.clip_norm or None,
    )
    if settings.precision == "float16":
        return compat.with_loss_scaling(optimizer)
    return optimizer


def _state(model: AIGN) -> tf.train.Checkpoint:
    """All that a resumed run needs. The step stands for random state and position in the data."""
    return tf.train.Checkpoint(
        step=model.step,
        generator=model.generator,
        averaged=model.averaged,
        renderer=model.renderer,
        discriminators=dict(model.discriminators),
        previous_loss=dict(model.previous_loss),
        generator_optimizer=model.generator_optimizer,
        discriminator_optimizers=dict(model.discriminator_optimizers),
    )
