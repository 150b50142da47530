"""Between a faithful generator and a biased one."""

from __future__ import annotations

from collections.abc import Mapping

import keras

STRENGTHS = (0.25, 0.5, 0.75)
"""Those that evaluations show."""

MEANINGS = {
    f"strength_{strength}": f"weights {strength} of the way from `reconstruction` to ours"
    for strength in STRENGTHS
}


def interpolated(faithful: keras.Model, biased: keras.Model, strength: float) -> keras.Model:
    """The generator whose weights lie between those of two that began with the same weights.

    Wang et al., "Deep network interpolation for continuous imagery effect transition", 2019. Both
    ends come back to the bit.

    Args:
      faithful, biased: generators of the same architecture.
      strength: 0 is all `faithful`, 1 all `biased`.
    """
    between = keras.models.clone_model(biased)
    between.set_weights(
        [
            (1.0 - strength) * one + strength * other
            for one, other in zip(faithful.get_weights(), biased.get_weights())
        ]
    )
    return between


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
