from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fairforget.stats.cube import PairedCube
from fairforget.stats.improvement import improvement

NAN = np.nan
few = st.sampled_from([0.0, 0.5, 1.0, NAN])  # ties and gaps are common


def by_hand(values, draws, j, k):
    """Return the mean over common draws and the number of those, with loops."""
    shares = []
    for draw in draws:
        asked = [s for s in range(values.shape[2]) if any(not np.isnan(v) for v in values[:, draw, s])]
        pairs = [(values[j, draw, s], values[k, draw, s]) for s in asked]
        if pairs and not any(np.isnan(a) or np.isnan(b) for a, b in pairs):
            shares.append(np.mean([1.0 if a > b else 0.5 if a == b else 0.0 for a, b in pairs]))
    return (np.mean(shares) if shares else NAN), len(shares)


@settings(derandomize=True, deadline=None)
@given(arrays(float, (3, 6, 2), elements=few))
def test_it_is_what_loops_count(values):
    found = improvement(PairedCube(values, np.array([0, 0, 0, 1, 1, 1])), [3, 1])
    for j in range(3):
        for k in range(3):
            if j == k:
                continue
            (easy, n_easy), (hard, n_hard) = by_hand(values, range(3), j, k), by_hand(values, range(3, 6), j, k)
            assert found.value[j, k] == pytest.approx(0.75 * easy + 0.25 * hard, nan_ok=True)
            assert found.n[j, k] == n_easy + n_hard
            assert np.isnan(found.low[j, k]) == (min(n_easy, n_hard) < 3)


@settings(derandomize=True, deadline=None)
@given(arrays(float, (4, 5, 2), elements=st.floats(-1, 1)))
def test_one_beats_the_other_as_often_as_the_other_is_beaten(values):
    found = improvement(PairedCube(values))
    off = ~np.eye(4, dtype=bool)
    assert np.isnan(found.value[~off]).all()
    assert found.value[off] == pytest.approx(1 - found.value.T[off])
    assert found.low[off] == pytest.approx(1 - found.high.T[off])
    assert (found.low[off] <= found.value[off]).all()
    assert (found.value[off] <= found.high[off]).all()


@pytest.mark.parametrize("draws", [3, 10, 20])
def test_with_one_seed_the_interval_is_the_binomial_one(draws):
    for wins in range(draws + 1):
        values = np.zeros((2, draws, 1))
        values[0, :wins] = 1
        values[1, wins:] = 1
        found = improvement(PairedCube(values))
        theirs = scipy.stats.binomtest(wins, draws).proportion_ci(0.95, "exact")
        assert found.value[0, 1] == pytest.approx(wins / draws)
        assert (found.low[0, 1], found.high[0, 1]) == pytest.approx((theirs.low, theirs.high))


def test_strata_of_one_size_and_weight_are_one_sample():
    values = np.random.default_rng(0).normal(size=(3, 12, 2))
    pooled, apart = improvement(PairedCube(values)), improvement(PairedCube(values, np.arange(12) % 3))
    for name in ("value", "low", "high"):
        assert getattr(apart, name) == pytest.approx(getattr(pooled, name), nan_ok=True)
    uneven = improvement(PairedCube(values, np.arange(12) % 3), [8, 1, 1])
    assert (uneven.high - uneven.low > apart.high - apart.low)[~np.eye(3, dtype=bool)].all()


def test_overlap_takes_draws_away():
    """At ρ = ½, 1 + n ρ / (1 − ρ) = 1 + n: the draws tell as much as less than one of them."""
    values = np.random.default_rng(0).normal(size=(2, 9, 1))
    free, shared = improvement(PairedCube(values)), improvement(PairedCube(values), overlap=[0.5])
    assert shared.value[0, 1] == free.value[0, 1]
    count, n = 0.9 * free.value[0, 1], 0.9
    beta = scipy.stats.beta(count, n - count + 1), scipy.stats.beta(count + 1, n - count)
    assert (shared.low[0, 1], shared.high[0, 1]) == pytest.approx((beta[0].ppf(0.025), beta[1].ppf(0.975)))
    same = improvement(PairedCube(values), overlap=[1.0])
    assert (same.low[0, 1], same.high[0, 1]) == (0, 1)


def test_without_draws_nothing_is_known():
    found = improvement(PairedCube(np.zeros((2, 0, 3))))
    assert np.isnan([found.value, found.low, found.high]).all()
    assert (found.n == 0).all()


def test_rounding_wins_nothing():
    values = np.array([[[0.3]] * 4, [[0.1 + 0.2]] * 4]).reshape(2, 4, 1)
    assert improvement(PairedCube(values)).value[0, 1] == 0.5


@pytest.mark.parametrize("gap", [0.0, 0.1, 0.3])
@pytest.mark.parametrize(
    ("draws", "seeds", "weights"), [(5, 1, [1, 0]), (5, 3, [1, 0]), (10, 3, [1, 1]), (6, 2, [3, 1])]
)
def test_the_interval_covers(gap, draws, seeds, weights):
    rng = np.random.default_rng(1)
    true = scipy.stats.norm.cdf(gap / (2 * 0.1**2 + 2 * 0.1**2) ** 0.5)
    covered, simulations = 0, 500
    for _ in range(simulations):
        values = rng.normal(0, 0.1, (2, 2 * draws, 1)) + rng.normal(0, 0.1, (2, 2 * draws, seeds))
        values[0] += gap
        found = improvement(PairedCube(values, np.arange(2 * draws) % 2), weights)
        covered += found.low[0, 1] <= true <= found.high[0, 1]
    assert covered / simulations >= 0.94
