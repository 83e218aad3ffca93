"""The null control: two identical methods, and how often they seem to change places."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from fairforget.stats.null_control import null_control, null_reversal_share
from fairforget.stats.ranks import rank
from fairforget.stats.reversal import observed_reversals, paired


@pytest.mark.parametrize("draws", [1, 2, 3, 5, 10, 20])
@pytest.mark.parametrize("noise", ["normal", "small"])
def test_the_false_reversal_rate_of_two_identical_methods_is_the_null(draws, noise):
    """The same method under two seeds, on draws of unlike difficulty: what chance gives, whatever the noise."""
    rng = np.random.default_rng(3)
    simulations, sigma = 6000, {"normal": 0.1, "small": 1e-6}[noise]
    difficulty = rng.normal(0.5, 0.2, (simulations, draws))
    first, second = (difficulty + rng.normal(0, sigma, difficulty.shape) for _ in range(2))
    seen = [observed_reversals([paired(a, b)]) for a, b in zip(first, second, strict=True)]
    assert np.mean([found.share for found in seen]) == pytest.approx(null_reversal_share(draws), abs=0.012)


def test_the_null_share_by_hand():
    assert null_reversal_share(1) == 0.0
    assert null_reversal_share(2) == pytest.approx(1 / 4)
    assert null_reversal_share(4) == pytest.approx(1 / 3)
    assert null_reversal_share(10**9) == pytest.approx(0.5, abs=1e-4)
    with pytest.raises(ValueError, match="at least one"):
        null_reversal_share(0)


@pytest.mark.parametrize("seeds", [2, 3])
def test_the_control_of_many_methods_finds_the_null_and_its_false_alarms(seeds):
    rng = np.random.default_rng(4)
    methods, draws = 2000, 6
    values = rng.normal(0, 1, (methods, 1, 1)) + rng.normal(0, 1, (methods, draws, 1))
    found = null_control(values + rng.normal(0, 0.3, (methods, draws, seeds)))
    assert found.expected == pytest.approx(math.acos(1 / math.sqrt(6)) / math.pi)
    assert found.shares.mean == pytest.approx(found.expected, abs=0.012)
    assert found.shares.low < found.expected < found.shares.high
    assert (found.pairs, found.draws, found.shares.n) == (methods * math.comb(seeds, 2), draws, methods)
    assert found.significant / found.pairs == pytest.approx(0.05, abs=0.015)


def test_a_seed_that_does_differ_shows():
    rng = np.random.default_rng(4)
    values = rng.normal(0, 0.01, (5, 8, 2)) + np.array([0.0, 1.0])
    found = null_control(values)
    assert found.shares.mean == 0.0
    assert found.significant == found.pairs == 5


def test_draws_that_overlap_call_fewer_seeds_different():
    values = np.random.default_rng(4).normal(0, 0.1, (200, 6, 2)) + np.array([0.0, 0.15])
    free, shared = null_control(values), null_control(values, overlap=0.5)
    assert shared.shares == free.shares
    apart = values[:, :, 0] - values[:, :, 1]
    edge = stats.t.ppf(0.975, 5) * apart.std(axis=1, ddof=1) / 6**0.5
    assert free.significant == (np.abs(apart.mean(axis=1)) > edge).sum()
    assert 0 < shared.significant == (np.abs(apart.mean(axis=1)) > 7**0.5 * edge).sum() < free.significant


def test_what_has_no_control():
    rng = np.random.default_rng(4)
    assert null_control(rng.normal(size=(3, 5, 1))) is None
    assert null_control(rng.normal(size=(3, 2, 2))) is None
    assert null_control(np.ones((3, 5, 2))) is None
    gaps = rng.normal(size=(2, 5, 2))
    gaps[0] = np.nan
    found = null_control(gaps)
    assert (found.pairs, found.shares.n, found.shares.low) == (1, 1, None)


def test_two_identical_methods_share_a_rank_as_often_as_promised():
    rng = np.random.default_rng(7)
    simulations, draws = 2000, 5
    alike = 0
    for difficulty in rng.normal(0.5, 0.2, (simulations, draws)):
        scores = difficulty + rng.normal(0, 0.05, (2, 3, draws)).mean(axis=1)
        alike += rank([scores]).rank.max() == 1
    assert alike / simulations == pytest.approx(0.95, abs=0.015)
