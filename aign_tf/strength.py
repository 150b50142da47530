"""Between a faithful generator and a biased one."""

from __future__ import annotations

from collections.abc import Mapping

import keras
import tensorflow as tf

from aign_tf.errors import UserError
from aign_tf.layers import Float32Layer

STRENGTHS = (0.25, 0.5, 0.75)
"""Those that evaluations show."""

MEANINGS = {
    f"strength_{strength}": f"pictures {strength} of the way from `reconstruction` to ours"
    for strength in STRENGTHS
}


class Between(Float32Layer):
    """`[picture, other]` -> the picture that is `strength` of the way to the other."""

    def __init__(self, strength: float, **kwargs):
        super().__init__(**kwargs)
        self.strength = strength

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        picture, other = inputs
        return (1.0 - self.strength) * picture + self.strength * other


def interpolated(faithful: keras.Model, biased: keras.Model, strength: float) -> keras.Model:
    """The generator whose pictures lie between those of two.

    Where the renderer is linear, as masks and down-sampling are, what it makes of them lies between
    what it makes of both, so that every strength is as faithful as its ends. The weights between
    two generators (Wang et al. 2019) make worse pictures than either, unless one was trained from
    the other.

    Args:
      faithful, biased: generators with the same inputs and outputs.
      strength: 0 is all `faithful`, 1 all `biased`.

    Raises:
      UserError: they make other things than pictures.
    """
    if any(len(factor.shape) != 4 for factor in biased.output.values()):
        raise UserError(f"strength {strength:g}: only pictures have strengths between 0 and 1")
    inputs = {name: keras.Input(seen.shape[1:], name=name) for name, seen in biased.input.items()}
    # Under names of their own, as both may be called alike.
    models = {"faithful": faithful, "biased": biased}
    ends = [keras.Model(m.input, m.output, name=name)(inputs) for name, m in models.items()]
    pictures = {name: Between(strength)([end[name] for end in ends]) for name in biased.output}
    return keras.Model(inputs, pictures)


def with_strengths(generators: Mapping[str, keras.Model], faithful: str) -> dict[str, keras.Model]:
    """The generators and, called `strength_0.5` etc., those between the first and the faithful one.

    Args:
      generators: name -> generator, the biased one first.
      faithful: name of the faithful one; where it is missing there is nothing between.
    """
    if faithful not in generators:
        return dict(generators)
    biased = next(iter(generators.values()))
    between = {
        f"strength_{strength}": interpolated(generators[faithful], biased, strength)
        for strength in STRENGTHS
    }
    return {**generators, **between}
