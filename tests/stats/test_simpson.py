"""Strata that contradict the standardised order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fairforget.stats.ranks import holm
from fairforget.stats.simpson import stratum_reversals
from fairforget.stats.strata import standardised_mean

JITTER = np.array([0.01, -0.01, 0.02, -0.02, 0.0])


def test_a_stratum_that_contradicts_by_sign_and_one_that_contradicts_significantly():
    easy = np.stack([0.9 + JITTER, 0.5 - JITTER, np.full(5, 0.1)])
    clear = np.stack([0.3 - JITTER, 0.5 + JITTER, np.full(5, 0.1)])
    vague = np.stack([0.5 - 20 * JITTER, 0.51 + 20 * JITTER, np.full(5, 0.1)])
    found = stratum_reversals([easy, clear, vague], [0.6, 0.2, 0.2])
    assert [(r.leader, r.other, r.stratum, r.significant) for r in found] == [(0, 1, 1, True), (0, 1, 2, False)]
    assert found[0].difference.mean == pytest.approx(-0.2)
    assert found[0].p < 0.05 < found[1].p
    assert found[0].difference.high < 0


def test_a_stratum_without_weight_may_contradict_too():
    up, down = np.stack([0.5 + JITTER, 0.1 - JITTER]), np.stack([0.1 + JITTER, 0.5 - JITTER])
    assert [(r.leader, r.other, r.stratum) for r in stratum_reversals([up, down], [1, 0])] == [(0, 1, 1)]
    assert [(r.leader, r.other, r.stratum) for r in stratum_reversals([up, down], [0, 1])] == [(1, 0, 0)]


def test_where_nothing_differs_nothing_is_contradicted():
    """Not even by rounding."""
    one, other = np.full((2, 4), 0.3), np.stack([np.full(4, 0.3), np.full(4, 0.1 + 0.2)])
    assert stratum_reversals([one, other], [1, 1]) == []
    assert stratum_reversals([np.full((1, 4), 0.3)], [1]) == []


def test_two_draws_contradict_by_sign_only():
    up, down = np.stack([0.9 + JITTER, 0.1 - JITTER]), np.array([[0.1, 0.1], [0.5, 0.5]])
    (found,) = stratum_reversals([up, down], [1, 1])
    assert (found.p, found.significant, found.difference.low, found.difference.n) == (1.0, False, None, 2)


def test_overlap_takes_significance_away():
    easy, hard = np.stack([0.9 + JITTER, 0.1 - JITTER]), np.stack([0.45 + JITTER, 0.55 - JITTER])
    assert [r.significant for r in stratum_reversals([easy, hard], [1, 1])] == [True]
    assert [r.significant for r in stratum_reversals([easy, hard], [1, 1], overlap=[0.0, 0.9])] == [False]


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.integers(2, 4), st.integers(1, 3), st.integers(0, 10_000))
def test_by_going_through_every_pair_and_stratum(methods, count, seed):
    rng = np.random.default_rng(seed)
    strata = [rng.normal(0, 0.2, (methods, 1)) + rng.normal(0, 0.2, (methods, 4)) for _ in range(count)]
    weights = rng.uniform(0.1, 1, count)
    tests = [(h, j, k) for h in range(count) for j in range(methods) for k in range(methods) if j != k]
    raw = [stats.ttest_rel(strata[h][j], strata[h][k], alternative="greater").pvalue for h, j, k in tests]
    adjusted = dict(zip(tests, holm(np.array(raw)), strict=True))
    expected = {}
    for h, k, j in tests:  # j leads overall, k in the stratum
        overall = [standardised_mean([v[i] for v in strata], weights).mean for i in (j, k)]
        if overall[0] > overall[1] and strata[h][k].mean() > strata[h][j].mean():
            expected[j, k, h] = adjusted[h, k, j]
    found = stratum_reversals(strata, weights)
    assert [(r.leader, r.other, r.stratum) for r in found] == sorted(expected)
    assert {(r.leader, r.other, r.stratum): r.p for r in found} == pytest.approx(expected)


def test_a_false_contradiction_is_rare():
    """Four methods alike in every stratum but for the draws: whatever is called significant is false."""
    rng = np.random.default_rng(2)
    false = 0
    for _ in range(800):
        strata = [rng.normal(0, 1, 5) + rng.normal(0, 1, (4, 5)) for _ in range(3)]
        false += any(r.significant for r in stratum_reversals(strata, [1, 1, 1]))
    assert false / 800 <= 0.06


def test_gaps_are_refused():
    with pytest.raises(ValueError, match="every draw"):
        stratum_reversals([np.array([[0.1, np.nan, 0.2], [0.1, 0.2, 0.3]])], [1])
    with pytest.raises(ValueError, match="every draw"):
        stratum_reversals([np.ones((2, 3)), np.ones((2, 0))], [1, 1])
