"""Few pairs, drawn at random and often enough."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aign_tf.data.pairs import keep

COUNTS, SHARES, SEEDS = st.integers(1, 500), st.floats(0, 1), st.integers(0, 99)


@given(COUNTS, SHARES, SEEDS)
def test_pairs_alone_are_a_share_of_all(count, share, seed):
    rows, paired = keep(np.ones(count, bool), share, seed, alone=True)
    assert len(rows) == max(1, round(share * count)) and paired.all()
    assert (np.diff(rows) > 0).all() and rows.min() >= 0 and rows.max() < count


@given(COUNTS, SHARES, SEEDS)
def test_among_others_the_same_pairs_are_a_quarter_at_least(count, share, seed):
    rows, paired = keep(np.ones(count, bool), share, seed, alone=False)
    chosen, _ = keep(np.ones(count, bool), share, seed, alone=True)
    assert set(rows) == set(range(count)) and set(rows[paired]) == set(chosen)
    assert paired.dtype == bool and paired.mean() >= 0.25
    _, times = np.unique(rows[~paired], return_counts=True)
    assert (times == 1).all()
    _, times = np.unique(rows[paired], return_counts=True)
    assert len(set(times)) == 1


@pytest.mark.parametrize(
    ("share", "kept", "copies"),
    [(0, 1, 134), (0.01, 4, 34), (0.1, 40, 4), (0.5, 200, 1), (1, 400, 1)],
)
def test_repeats_by_hand(share, kept, copies):
    rows, paired = keep(np.ones(400, bool), share, 0, alone=False)
    assert paired.sum() == kept * copies and len(rows) == 400 + kept * (copies - 1)


def test_the_seed_chooses():
    def chosen(seed):
        return keep(np.ones(300, bool), 0.1, seed, alone=True)[0].tolist()

    assert chosen(1) == chosen(1) != chosen(2)


def test_any_observation_may_keep_its_truth():
    kept = np.concatenate(
        [keep(np.ones(20, bool), 0.2, seed, alone=True)[0] for seed in range(200)]
    )
    times = np.bincount(kept, minlength=20)
    assert times.min() > 15 and times.max() < 80


def test_what_is_unknown_is_no_pair():
    known = np.arange(100) % 4 == 0
    rows, paired = keep(known, 0.2, 0, alone=False)
    assert known[rows[paired]].all() and len(set(rows[paired])) == 5
    rows, _ = keep(known, 0.2, 0, alone=True)
    assert len(rows) == 5 and known[rows].all()
