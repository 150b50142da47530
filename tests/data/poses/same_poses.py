"""Finds poses again whichever way they are turned and wherever they stand."""

import numpy as np

_PAIRS = np.triu_indices(17, 1)
_SAME = 1e-4  # metres


def _distances(poses):
    """`[N, 136]` metres between all pairs of joints, sorted by their sum."""
    first, second = (poses[:, joints].astype(np.float64) for joints in _PAIRS)
    distances = np.linalg.norm(first - second, axis=-1)
    return distances[np.argsort(distances.sum(axis=1))]


def count_shared(poses, others):
    """How many of `poses` `[N, 17, 3]` are among `others` `[M, 17, 3]` as well."""
    seen, known = _distances(poses), _distances(others)
    # Only candidates of about the same sum can be the same.
    first, last = (
        np.searchsorted(known.sum(axis=1), seen.sum(axis=1) + margin) for margin in (-_SAME, _SAME)
    )
    return sum(
        np.abs(known[start:stop] - pose).max(axis=1).min(initial=1) < _SAME
        for start, stop, pose in zip(first, last, seen)
    )
