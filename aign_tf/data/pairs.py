"""Training on few pairs."""

from __future__ import annotations

import numpy as np


def keep(known: np.ndarray, share: float, seed: int, alone: bool) -> tuple[np.ndarray, np.ndarray]:
    """Which observations to train on, and which of those keep their truth.

    Args:
      known: bool `[N]`, whose truth is known.
      share: of these that keep their truth, at least one.
      seed: of the choice.
      alone: leaves out the observations whose truth is forgotten. Else those that keep theirs are
        repeated until they make up a quarter, as few pairs would hardly ever be drawn.

    Returns:
      Row numbers `[M]`, and bool `[M]`.
    """
    order = np.random.default_rng(seed).permutation(np.flatnonzero(known))
    paired = np.sort(order[: max(1, round(share * len(order)))])
    if alone:
        return paired, np.ones(len(paired), bool)
    repeats = len(known) // (3 * len(paired))
    rows = np.concatenate([np.arange(len(known)), *[paired] * repeats])
    return rows, np.isin(rows, paired)
