"""Agreement of orders, beside scipy and by counting."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from fairforget.stats.agreement import concordance, ranks_in, tau_b, tau_between, top_one

# Few values, so that there are ties.
coarse = arrays(float, st.tuples(st.integers(2, 7), st.integers(2, 6)), elements=st.integers(0, 4).map(float))


@settings(derandomize=True, deadline=None)
@given(coarse)
def test_tau_b_is_scipys(scores):
    found = tau_between(scores)
    expected = [
        stats.kendalltau(scores[:, i], scores[:, j]).statistic for i, j in combinations(range(scores.shape[1]), 2)
    ]
    upper = found.matrix[np.triu_indices(scores.shape[1], 1)]
    assert upper == pytest.approx(expected, nan_ok=True)
    known = [tau for tau in expected if not np.isnan(tau)]
    assert found.pairs == len(known)
    if known:
        assert (found.median, found.low, found.mean) == pytest.approx((np.median(known), min(known), np.mean(known)))
    else:
        assert np.isnan([found.median, found.low, found.mean]).all()
    assert (np.isnan(found.matrix) | (np.abs(found.matrix) <= 1)).all()


def test_tau_b_by_hand():
    """Of six pairs five agree and one does not; with a tie on one side five remain there."""
    assert tau_b(np.array([1, 2, 3, 4]), np.array([1, 3, 2, 4])) == pytest.approx(4 / 6)
    assert tau_b(np.array([1, 2, 3, 3]), np.array([1, 2, 3, 4])) == pytest.approx(5 / np.sqrt(5 * 6))
    assert tau_b(np.array([1, 2, 3]), np.array([30.0, 20.0, 10.0])) == -1.0
    assert np.isnan(tau_b(np.array([1.0, 1.0]), np.array([1.0, 2.0])))


@settings(derandomize=True, deadline=None)
@given(coarse.filter(lambda a: a.shape[0] >= 3))
def test_w_is_friedmans(scores):
    """Friedman's chi² is m (n − 1) W, ties and all."""
    found = concordance(scores)
    n, m = scores.shape
    if all(len(set(column)) == 1 for column in scores.T):
        assert np.isnan([found.w, found.rho, found.p]).all()
        return
    friedman = stats.friedmanchisquare(*scores)
    assert m * (n - 1) * found.w == pytest.approx(friedman.statistic)
    assert found.p == pytest.approx(friedman.pvalue)
    assert (found.orders, found.methods) == (m, n)


@settings(derandomize=True, deadline=None)
@given(st.integers(2, 8), st.integers(2, 6), st.integers(0, 10_000))
def test_rho_is_the_mean_spearman_correlation_and_w_the_formula_without_ties(n, m, seed):
    scores = np.random.default_rng(seed).normal(size=(n, m))
    found = concordance(scores)
    pairs = [stats.spearmanr(scores[:, i], scores[:, j]).statistic for i, j in combinations(range(m), 2)]
    assert found.rho == pytest.approx(np.mean(pairs), abs=1e-9)
    sums = stats.rankdata(scores, axis=0).sum(axis=1)
    assert found.w == pytest.approx(12 * ((sums - sums.mean()) ** 2).sum() / (m**2 * (n**3 - n)))


def test_all_alike_and_none_alike():
    assert concordance(np.tile([[1.0], [2.0], [3.0]], 5)).w == pytest.approx(1)
    opposite = np.array([[1.0, 2.0], [2.0, 1.0]])
    assert (concordance(opposite).w, concordance(opposite).rho) == pytest.approx((0, -1))
    assert concordance(np.ones((1, 3))) is None
    assert concordance(np.ones((3, 1))) is None


@settings(derandomize=True, deadline=None)
@given(coarse)
def test_the_winner_changes_as_often_as_over_all_pairs_of_draws(scores):
    found = top_one(scores)
    winners = [np.flatnonzero(column == column.max()) for column in scores.T]
    changes = [np.mean([a != b for a in one for b in other]) for one, other in combinations(winners, 2)]
    assert found.changes == pytest.approx(np.mean(changes))
    assert found.wins.sum() == pytest.approx(scores.shape[1])


def test_winners_by_hand():
    found = top_one(np.array([[0.9, 0.9, 0.1, 0.5], [0.1, 0.2, 0.8, 0.5]]))
    assert found.wins == pytest.approx([2.5, 1.5])
    # Pairs of draws: same; other, tie: half (twice); other; tie: half.
    assert found.changes == pytest.approx((0 + 1 + 0.5 + 1 + 0.5 + 0.5) / 6)
    assert np.isnan(top_one(np.array([[0.1], [0.2]])).changes)


@pytest.mark.parametrize("size", [1.0, 1e-200, 1e200])
def test_what_rounding_parts_is_tied(size):
    """Seeds 0.2 and 0.4 make the same mean as 0.3 twice, but for the last bit."""
    means = np.array([np.mean([0.2, 0.4]), np.mean([0.3, 0.3]), 0.1])
    assert means[0] != means[1]
    scores = size * np.stack([means, means, [0.4, 0.2, 0.1]], axis=1)
    assert ranks_in(scores)[:, 0].tolist() == [1.5, 1.5, 3]
    assert top_one(scores).wins.tolist() == [2, 1, 0]
    expected = stats.kendalltau([3, 3, 1], [3, 2, 1]).statistic
    assert tau_between(scores).matrix[0].tolist() == pytest.approx([1, 1, expected])
    assert concordance(scores).w == pytest.approx(concordance(np.array([[3.0, 3, 3], [3, 3, 2], [1, 1, 1]])).w)


@pytest.mark.parametrize("statistic", [tau_between, concordance, top_one])
def test_gaps_are_refused(statistic):
    with pytest.raises(ValueError, match="every order"):
        statistic(np.array([[0.1, np.nan], [0.2, 0.3]]))


@settings(derandomize=True, deadline=None)
@given(coarse)
def test_ranks_are_scipys(scores):
    assert np.array_equal(ranks_in(scores), stats.rankdata(-scores, axis=0))
