from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special, stats

from fairforget.stats.stratified_difference import StratifiedDifference, strata_of


def test_in_one_stratum_it_is_hedges_g():
    rng = np.random.default_rng(0)
    values, high = rng.normal(5, 2, size=40), np.arange(40) < 15
    found = StratifiedDifference(values, high, np.zeros(40, dtype=int)).hedges_g(np.ones((1, 40)))[0]
    d = stats.ttest_ind(values[high], values[~high]).statistic * math.sqrt(1 / 15 + 1 / 25)
    exact = math.exp(special.gammaln(19) - special.gammaln(18.5)) / math.sqrt(19)  # Hedges 1981, eq. 6e
    assert found == pytest.approx(d * exact, rel=1e-3)  # its usual approximation is that good


def test_a_resample_is_the_difference_of_the_resample_written_out():
    rng = np.random.default_rng(1)
    values, high, strata = rng.normal(size=50), rng.random(50) < 0.4, rng.integers(0, 4, 50)
    strata[0], high[strata == 3] = 3, True  # a stratum with one of the groups
    counts = rng.integers(0, 3, size=50)
    there = np.repeat(np.arange(50), counts)
    v, h, s = values[there], high[there], strata[there]
    apart = share = within = df = 0.0
    for stratum in range(3):
        one, other = v[(s == stratum) & h], v[(s == stratum) & ~h]
        weight = len(one) * len(other) / (len(one) + len(other))
        apart, share = apart + weight * (one.mean() - other.mean()), share + weight
        within += ((one - one.mean()) ** 2).sum() + ((other - other.mean()) ** 2).sum()
        df += len(one) + len(other) - 2
    expected = apart / share / math.sqrt(within / df) * (1 - 3 / (4 * df - 1))
    made = StratifiedDifference(values, high, strata)
    assert made.hedges_g(counts[None].astype(float))[0] == pytest.approx(expected)
    assert made.counts()[3].tolist() == [0, (strata == 3).sum()]


def test_strata_take_away_what_the_groups_owe_to_the_covariate():
    rng = np.random.default_rng(2)
    length = rng.normal(size=4000)
    high = length + rng.normal(size=4000) > 0
    values = 2 * length + rng.normal(size=4000)  # the groups differ by length alone
    ones = np.ones((1, 4000))
    raw = StratifiedDifference(values, high, np.zeros(4000, dtype=int)).hedges_g(ones)[0]
    matched = StratifiedDifference(values, high, strata_of(length, 5)).hedges_g(ones)[0]
    assert raw > 0.9
    assert abs(matched) < 0.35
    finer = StratifiedDifference(values, high, strata_of(length, 40)).hedges_g(ones)[0]
    assert abs(finer) < 0.1


def test_without_two_groups_or_a_spread_there_is_none():
    values, strata = np.arange(12.0), np.zeros(12, dtype=int)
    ones = np.ones((1, 12))
    assert np.isnan(StratifiedDifference(values, np.ones(12, dtype=bool), strata).hedges_g(ones)[0])
    high = np.arange(12) < 5
    assert np.isnan(StratifiedDifference(np.where(high, 2.0, 1.0), high, strata).hedges_g(ones)[0])


def test_strata_are_quantiles_and_equal_values_share_one():
    assert strata_of(np.arange(10.0), 5).tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert len(set(strata_of(np.array([1.0] * 9 + [2.0]), 5))) <= 2
