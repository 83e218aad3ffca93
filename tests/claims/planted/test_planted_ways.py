"""Planted ways: decay, C17, areas, C16, and forgetting at equal utility, C19."""

from __future__ import annotations

import numpy as np
import pytest

from .set_worlds import LEAST, MOST, RIGHT, SETS, STUDIES, Ways, judged

STRATA = {"first": {"stratum": "in"}, "second": {"stratum": "out"}}
BUCKETS = {"first": {"stratum": "high"}, "second": {"stratum": "low"}, "lost": 0.5}


def decaying(planted, slope, seed):
    """Yield studies whose first stratum loses `slope` more utility an update; completeness rises alike in both."""
    rng, study = np.random.default_rng(seed), Ways(planted, ("in", "out"))
    time = 4 * np.arange(5)
    risen = np.broadcast_to(0.1 + 0.05 * time, (2, SETS, 5))
    for _ in range(STUDIES):
        slopes = np.array([[slope], [0.0]]) - 0.02 + rng.normal(0, 0.003, (2, SETS))
        utility = 1 + slopes[..., None] * time + rng.normal(0, 0.01, (2, SETS, 5))
        yield study.told({planted.COMPLETENESS: risen, planted.UTILITY: utility})


@pytest.mark.slow
def test_c17_decay(planted):
    assert judged(planted, "decay", STRATA, decaying(planted, -0.005, 21), below=0.0)["supported"] >= RIGHT
    assert judged(planted, "decay", STRATA, decaying(planted, 0.005, 22), below=0.0)["contradicted"] >= RIGHT


@pytest.mark.slow
def test_c17_at_the_border(planted):
    found = judged(planted, "decay", STRATA, decaying(planted, 0.0, 23), below=0.0)
    assert LEAST <= 1 - found["undecided"] <= MOST


@pytest.mark.slow
def test_c16_trade_off_area(planted):
    """Utility that falls by b an update loses 8 b on the mean of 16 updates in which completeness rises evenly."""
    for slope, verdict in ((0.005, "supported"), (-0.005, "contradicted")):
        assert judged(planted, "trade-off-area", STRATA, decaying(planted, slope, 24), above=0.0)[verdict] >= RIGHT
    found = judged(planted, "trade-off-area", STRATA, decaying(planted, 0.0, 25), above=0.0)
    assert LEAST <= 1 - found["undecided"] <= MOST


def buckets(planted, gap, seed):
    """Yield studies whose frequent sets have forgotten `gap` more than their partners at equal utility."""
    rng, study = np.random.default_rng(seed), Ways(planted, ("high", "low"))
    utility = np.broadcast_to(np.linspace(1, 0, 5), (2, SETS, 5))
    for _ in range(STUDIES):
        level = 0.5 + rng.normal(0, 0.05, (2, SETS, 1))
        level[0] += gap
        yield study.told({planted.COMPLETENESS: level * np.linspace(0, 2, 5), planted.UTILITY: utility})


@pytest.mark.slow
def test_c19_at_equal_utility(planted):
    """The standard error is 0.0158: 0.05 · √2 / √20, less than a third of the effect."""
    assert judged(planted, "at-equal-utility", BUCKETS, buckets(planted, -0.07, 36), below=0.0)["supported"] >= RIGHT
    assert judged(planted, "at-equal-utility", BUCKETS, buckets(planted, 0.07, 37), below=0.0)["contradicted"] >= RIGHT


@pytest.mark.slow
def test_c19_at_the_border(planted):
    found = judged(planted, "at-equal-utility", BUCKETS, buckets(planted, 0.0, 38), below=0.0)
    assert LEAST <= 1 - found["undecided"] <= MOST


@pytest.mark.slow
def test_c19_shuffled(planted):
    found = judged(planted, "at-equal-utility", {**BUCKETS, "shuffled": True}, buckets(planted, -0.07, 39), below=0.0)
    assert found["supported"] <= MOST
