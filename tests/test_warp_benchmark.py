"""Rates of the warp, and the bound they are compared with."""

import pytest

from aign_tf import warp_benchmark


def test_rates_and_their_shares_of_the_bound(monkeypatch):
    monkeypatch.setattr(warp_benchmark, "_bytes_per_second", lambda: 44e6)
    rates = warp_benchmark.time_warp(2, 8, 10, repeats=2)
    assert rates["memory_bound_pictures_per_second"] == pytest.approx(1e6 / 80)
    for name in ("warp", "warp_backward"):
        rate = rates.pop(f"{name}_pictures_per_second")
        assert rates.pop(f"{name}_share_of_bound") == pytest.approx(rate * 80 / 1e6) and rate > 0
    assert list(rates) == ["memory_bound_pictures_per_second"]


def test_the_memory_moves_something(monkeypatch):
    monkeypatch.setattr(warp_benchmark, "_LARGE", 1 << 16)
    assert warp_benchmark._bytes_per_second() > 1e6
