"""Adversarial Inverse Graphics Networks as one Keras model.

    min_G max_D   rho(R(G(x)), x)  +  sum_k beta_k [ log D_k(m_k) + log(1 - D_k(z_k)) ],   z = G(x)

Source: Tung, Harley, Seto, Fragkiadaki, "Adversarial Inverse Graphics Networks", ICCV 2017.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

import keras
import tensorflow as tf

from aign_tf import compat, losses
from aign_tf.discriminators import judging

Tensors = dict[str, tf.Tensor]

_Tape = functools.partial(tf.GradientTape, watch_accessed_variables=False)


def _factors(generator: keras.Model, observation: Tensors, training: bool) -> Tensors:
    """G(x), from the entries of the observation that the generator looks at."""
    return generator({name: observation[name] for name in generator.input}, training=training)


class AIGN(keras.Model):
    """A generator, a renderer and any number of discriminators, trained without pairs.

    A batch is a dict of dicts of tensors, batch first: `observation` x, `memory` m (real factors
    that belong to no observation in the batch), and optionally `truth`, the factors that belong to
    the observations, which is read only when `paired_weight` is above zero, and `recall`, what the
    renderer makes of remembered factors, named as in `observation`, beside these factors, which is
    read only when `recall_weight` is.

    Calling the model, and `test_step`, use the generator with averaged weights.

    Args:
      generator: functional model, dict of observations -> dict of factors z.
      averaged: a second model of the same architecture; receives the exponential moving average
        of the generator's weights.
      renderer: layer without weights, `(factors, observation) -> dict` of re-rendered observations.
        One that has weights, for comparison, learns together with the generator.
      discriminators: name -> functional model from a dict of what it sees to logits: factors, and
        parts of the observation, such as which pixels are visible, if the memory has such parts
        too. An input called `chance`, `[B, K]`, receives new numbers in [0, 1) at every step, for a
        random view or augmentation. None at all gives training by reconstruction alone.
      seed: of everything random inside a step. What a step draws depends on this and on the
        number of the step alone, so that a resumed run draws the same.
    """

    def __init__(
        self,
        generator: keras.Model,
        averaged: keras.Model,
        renderer: keras.layers.Layer,
        discriminators: dict[str, keras.Model],
        seed: int = 0,
    ):
        super().__init__(name="aign")
        self.generator = generator
        self.averaged = averaged
        self.averaged.set_weights(generator.get_weights())
        self.renderer = renderer
        self.discriminators = dict(discriminators)
        self.seed = seed
        # Nothing is left to build, and a batch is not what `call` could build it with.
        self.renderer.built = self.built = True
        same = tf.VariableAggregation.ONLY_FIRST_REPLICA
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False, aggregation=same)
        # Before its first step a discriminator counts as losing.
        self.previous_loss = {
            name: tf.Variable(
                float("inf"), trainable=False, aggregation=tf.VariableAggregation.MEAN
            )
            for name in discriminators
        }

    def compile(
        self,
        generator_optimizer: keras.optimizers.Optimizer,
        discriminator_optimizers: dict[str, keras.optimizers.Optimizer],
        adversarial: str = "non_saturating",
        reprojection: Callable[[Tensors, Tensors], tf.Tensor] = losses.mean_squared,
        paired: Callable[[Tensors, Tensors], tf.Tensor] = losses.mean_squared,
        reprojection_weight: float = 1.0,
        adversarial_weight: float = 0.01,
        shares: Mapping[str, float] | None = None,
        paired_weight: float = 0.0,
        recall_weight: float = 0.0,
        r1: float = 0.0,
        gradient_penalty: float = 0.0,
        generator_steps: int = 1,
        discriminator_steps: int = 1,
        label_swap: float = 0.0,
        skip_winning_below: float = 0.0,
        ema_decay: float = 0.999,
        steps_per_execution: int = 1,
        jit_compile: bool = False,
    ):
        """Fixes how the parts learn.

        Args:
          generator_optimizer: gradient clipping is the optimizer's (`global_clipnorm`).
          discriminator_optimizers: name -> optimizer, one for each discriminator.
          adversarial: a family of `losses.FAMILIES`.
          reprojection: rho, `(rendered, observation) -> scalar`.
          paired: `(factors named in truth, truth) -> scalar`, when `paired_weight` > 0, and of
            remembered factors when `recall_weight` > 0.
          reprojection_weight, adversarial_weight, paired_weight: of the terms of the formula.
          shares: discriminator -> beta_k by `adversarial_weight`; 1 where it is not named.
          recall_weight: of the term that asks for remembered factors back from what the renderer
            makes of them, G(R(m)) = m. Such pairs come for free and show no observation.
          r1: weight of the R1 penalty at real factors; 0 leaves it out.
          gradient_penalty: weight of the penalty between real and fake; 0 leaves it out.
          generator_steps, discriminator_steps: updates of either side for each batch; the sides
            move together as long as both have updates left.
          label_swap: probability that real and fake change roles for the discriminators in a step.
          skip_winning_below: a discriminator rests while its previous loss is at most this; with
            0 it never does.
          ema_decay: of the averaged weights, reached gradually; 0 makes them the last weights.
          steps_per_execution, jit_compile: as in `keras.Model.compile`.
        """
        super().compile(steps_per_execution=steps_per_execution, jit_compile=jit_compile)
        self.family = losses.adversarial(adversarial)
        self.generator_optimizer = generator_optimizer
        self.discriminator_optimizers = dict(discriminator_optimizers)
        self.reprojection, self.paired = reprojection, paired
        self.reprojection_weight = reprojection_weight
        shares = {name: 1.0 for name in self.discriminators} | dict(shares or {})
        self.betas = {name: adversarial_weight * share for name, share in shares.items()}
        self.paired_weight, self.recall_weight = paired_weight, recall_weight
        self.r1, self.gradient_penalty = r1, gradient_penalty
        self.generator_steps, self.discriminator_steps = generator_steps, discriminator_steps
        self.label_swap, self.skip_winning_below = label_swap, skip_winning_below
        self.ema_decay = ema_decay
        terms = ["reprojection", "gradient_norm/generator"]
        terms += ["paired"] if paired_weight > 0 else []
        terms += ["recall"] if recall_weight > 0 else []
        for name in self.discriminators:
            terms += [f"adversarial/{name}", f"discriminator/{name}", f"gradient_norm/{name}"]
        self._means = {name: keras.metrics.Mean(name=name, dtype="float32") for name in terms}
        # Slots are made now, since a checkpoint can be restored before the first step.
        generator_optimizer.build(self._taught)
        for name, optimizer in self.discriminator_optimizers.items():
            optimizer.build(self.discriminators[name].trainable_variables)

    @property
    def _taught(self) -> list:
        """What descends the generator's loss."""
        return [*self.generator.trainable_variables, *self.renderer.trainable_variables]

    @property
    def steps_done(self) -> int:
        return int(self.step.numpy())

    def call(self, observation: Tensors, training: bool = False) -> Tensors:
        return _factors(self.averaged, observation, training)

    def train_step(self, batch: dict[str, Tensors]) -> Tensors:
        terms = {}
        for update in range(max(self.generator_steps, self.discriminator_steps)):
            sides = update < self.generator_steps, update < self.discriminator_steps
            terms.update(self._update(batch, tf.stack([self.seed + update, self.step]), *sides))
        self.step.assign_add(1)
        return self._record(terms)

    def test_step(self, batch: dict[str, Tensors]) -> Tensors:
        factors = _factors(self.averaged, batch["observation"], training=False)
        seed = tf.stack([self.seed, self.step])
        fake = self._logits({**batch["observation"], **factors}, seed, training=False)
        recalled = self._recall(self.averaged, batch, training=False)
        _, terms = self._generator_loss(batch, factors, fake, recalled)
        return self._record(terms)

    def _update(self, batch, seed, generator: bool, discriminators: bool) -> Tensors:
        """One simultaneous update of the sides that are named; returns the terms of the losses."""
        memory = batch["memory"]
        # Both sides share the forward pass. Each tape follows the variables of one side alone, so
        # that no gradient is computed which the other side would throw away.
        with _Tape() as generator_tape, _Tape() as discriminator_tape:
            compat.watch(generator_tape, self._taught)
            factors = _factors(self.generator, batch["observation"], training=True)
            for discriminator in self.discriminators.values():
                compat.watch(discriminator_tape, discriminator.trainable_variables)
            shown = {**batch["observation"], **factors}
            fake = self._logits(shown, seed, training=True)
            recalled = self._recall(self.generator, batch, training=True) if generator else {}
            generator_loss, terms = self._generator_loss(batch, factors, fake, recalled)
            generator_loss = self._scaled(self.generator_optimizer, generator_loss)

            real = self._logits(memory, seed, training=True) if discriminators else {}
            swap = tf.random.stateless_uniform([], seed) < self.label_swap
            discriminator_losses = {}
            for name in real:
                loss = self._game(real[name], fake[name], swap)
                terms[f"discriminator/{name}"] = loss
                loss += self._penalty(name, memory, shown, seed)
                discriminator_losses[name] = self._scaled(self.discriminator_optimizers[name], loss)

        if generator:
            variables = self._taught
            gradients = generator_tape.gradient(generator_loss, variables)
            terms["gradient_norm/generator"] = self._descend(
                self.generator_optimizer, gradients, variables
            )
            self._average()
        if discriminators:
            variables = {name: self.discriminators[name].trainable_variables for name in real}
            gradients = discriminator_tape.gradient(discriminator_losses, variables)
            for name in real:
                terms[f"gradient_norm/{name}"] = self._descend_unless_winning(
                    name, gradients[name], variables[name], terms[f"discriminator/{name}"]
                )
        return terms

    def _generator_loss(self, batch, factors, fake, recalled) -> tuple[tf.Tensor, Tensors]:
        """The formula: reprojection + sum of adversarial terms + optional supervised terms."""
        observation = batch["observation"]
        rendered = self.renderer(factors, observation)
        terms = {"reprojection": self.reprojection(rendered, observation)}
        loss = self.reprojection_weight * terms["reprojection"]
        for name, logits in fake.items():
            terms[f"adversarial/{name}"] = self.family.generator(logits)
            loss += self.betas[name] * terms[f"adversarial/{name}"]
        if self.paired_weight > 0:
            truth = batch["truth"]
            predicted = {name: factors[name] for name in truth}
            terms["paired"] = self.paired(predicted, truth)
            loss += self.paired_weight * terms["paired"]
        if recalled:
            remembered = {name: batch["recall"][name] for name in recalled}
            terms["recall"] = self.paired(recalled, remembered)
            loss += self.recall_weight * terms["recall"]
        return loss, terms

    def _recall(self, generator: keras.Model, batch, training: bool) -> Tensors:
        """The remembered factors, as the generator finds them in what the renderer made of them."""
        if self.recall_weight <= 0:
            return {}
        factors = _factors(generator, batch["recall"], training)
        return {name: factors[name] for name in factors if name in batch["recall"]}

    def _logits(self, factors: Tensors, seed, training: bool) -> Tensors:
        return {
            name: judging.judge(discriminator, factors, seed, training)
            for name, discriminator in self.discriminators.items()
        }

    def _penalty(self, name: str, memory: Tensors, shown: Tensors, seed) -> tf.Tensor:
        weights = self.r1, self.gradient_penalty
        return judging.penalty(self.discriminators[name], memory, shown, seed, *weights)

    def _game(self, real: tf.Tensor, fake: tf.Tensor, swap: tf.Tensor) -> tf.Tensor:
        if self.label_swap > 0:
            real, fake = tf.where(swap, fake, real), tf.where(swap, real, fake)
        return self.family.discriminator(real, fake)

    def _scaled(self, optimizer, loss: tf.Tensor) -> tf.Tensor:
        # Optimizers add up the gradients of the replicas, whereas the loss is a mean over them.
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        return compat.scale_loss(optimizer, loss / replicas)

    def _descend(self, optimizer, gradients: list, variables: list) -> tf.Tensor:
        """Takes one step of an optimizer; returns the norm of the gradient before clipping."""
        norm = tf.linalg.global_norm(gradients) / compat.gradient_scale(optimizer)
        compat.apply_gradients(optimizer, gradients, variables)
        if compat.scales_loss(optimizer):
            # Overflow belongs to the search for the loss scale: that step is left out.
            return tf.where(tf.math.is_finite(norm), norm, 0.0)
        return norm

    def _descend_unless_winning(self, name, gradients, variables, loss: tf.Tensor) -> tf.Tensor:
        optimizer = self.discriminator_optimizers[name]
        if self.skip_winning_below <= 0:
            return self._descend(optimizer, gradients, variables)
        norm = tf.cond(
            self.previous_loss[name] > self.skip_winning_below,
            lambda: self._descend(optimizer, gradients, variables),
            lambda: tf.constant(0.0),
        )
        self.previous_loss[name].assign(loss)
        return norm

    def _average(self) -> None:
        """Moves the averaged weights towards the generator's; faster in the first steps."""
        step = tf.cast(self.step, tf.float32)
        decay = tf.minimum(self.ema_decay, (1.0 + step) / (10.0 + step))

        def move(average, weight, decay):
            average.assign(decay * average + (1.0 - decay) * weight)

        def move_all(strategy, averages, weights, decay):
            for average, weight in zip(averages, weights):
                strategy.extended.update(average, move, args=(weight, decay))

        # Merged, since replicas may not assign to a shared variable one by one.
        tf.distribute.get_replica_context().merge_call(
            move_all, args=(self.averaged.weights, self.generator.weights, decay)
        )

    def _record(self, terms: Tensors) -> Tensors:
        for name, value in terms.items():
            self._means[name].update_state(value)
        return {name: self._means[name].result() for name in terms}

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        return list(self._means.values())
