"""Training on few pairs."""

from __future__ import annotations

import numpy as np


def keep(count: int, share: float, seed: int, alone: bool) -> tuple[np.ndarray, np.ndarray]:
    """Which of `count` observations to train on, and which of those keep their truth.

    Args:
      share: of the observations that keep their truth, at least one.
      seed: of the choice.
      alone: leaves out the observations whose truth is forgotten. Else those that keep theirs are
        repeated until they make up a quarter, as few pairs would hardly ever be drawn.

    Returns:
      Row numbers `[N]`, and bool `[N]`.
    """
    order = np.random.default_rng(seed).permutation(count)
    paired = np.sort(order[: max(1, round(share * count))])
    if alone:
        return paired, np.ones(len(paired), bool)
    repeats = count // (3 * len(paired))
    rows = np.concatenate([np.arange(count), *[paired] * repeats])
    return rows, np.isin(rows, paired)
