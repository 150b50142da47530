"""Between a faithful generator and a biased one."""

from __future__ import annotations

import keras


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
