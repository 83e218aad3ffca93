"""Overlapping draws: what they share, what that does to intervals, and that a correction restores their level."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.stats.intervals import paired_difference, t_interval
from fairforget.stats.overlap import inflation, overlap_matrix, overlap_share
from fairforget.stats.ranks import one_sided, rank
from fairforget.stats.strata import moments, standardised_mean

draws = st.lists(st.floats(-10, 10), min_size=3, max_size=12).map(np.array)


def test_shares_by_hand():
    assert overlap_share([{"a", "b"}, {"b", "c"}, {"c", "d"}]) == pytest.approx((0.5 + 0 + 0.5) / 3)
    assert overlap_share([{"a"}, {"b"}]) == 0.0
    assert overlap_share([["a", "b"], ["b", "a"], ["a", "b"]]) == 1.0
    assert overlap_share([{"a", "b", "c", "d"}, {"a"}]) == pytest.approx(1 / math.sqrt(4))
    half = [[1, 0.5, 0], [0.5, 1, 0.5], [0, 0.5, 1]]
    assert overlap_matrix([{"a", "b"}, {"b", "c"}, {"c", "d"}]).tolist() == half
    assert overlap_matrix([]).shape == (0, 0)
    assert overlap_share([{"a"}]) == overlap_share([]) == 0.0
    with pytest.raises(ValueError, match="without samples"):
        overlap_share([{"a"}, set()])


@settings(derandomize=True, deadline=None)
@given(st.lists(st.sets(st.sampled_from("abcdefghij"), min_size=1), min_size=1, max_size=9))
def test_shares_are_those_of_every_two_sets(sets):
    shares = [len(a & b) / math.sqrt(len(a) * len(b)) for a, b in combinations(sets, 2)]
    assert overlap_share(sets) == pytest.approx(np.mean(shares) if shares else 0.0, abs=1e-15)
    matrix = overlap_matrix(sets)
    assert matrix[np.triu_indices(len(sets), 1)] == pytest.approx(shares, abs=1e-15)
    assert (matrix == matrix.T).all()
    assert (np.diag(matrix) == 1).all()


@settings(derandomize=True, deadline=None)
@given(st.integers(2, 30), st.floats(0, 0.95))
def test_the_factor_is_the_variance_that_equal_correlation_gives(n, rho):
    """Var of the mean over E[s²] / n, from the covariance matrix itself."""
    covariance = np.full((n, n), rho) + (1 - rho) * np.eye(n)
    of_mean = covariance.sum() / n**2
    centring = np.eye(n) - 1 / n
    expected_s2 = np.trace(centring @ covariance) / (n - 1)
    assert inflation(n, rho) == pytest.approx(of_mean / (expected_s2 / n))
    # In the words of Nadeau and Bengio: 1 / J + n2 / n1 for 1 / J.
    assert inflation(n, rho) / n == pytest.approx(1 / n + rho / (1 - rho))


@pytest.mark.parametrize("overlap", [-0.1, 1.1, math.nan])
def test_what_is_no_share_is_refused(overlap):
    values = np.array([[0.1, 0.2, 0.3], [0.3, 0.2, 0.4]])
    with pytest.raises(ValueError, match="between 0 and 1"):
        inflation(3, overlap)
    with pytest.raises(ValueError, match="between 0 and 1"):
        t_interval(values[0], overlap=overlap)
    with pytest.raises(ValueError, match="between 0 and 1"):
        standardised_mean([values[0]], [1.0], overlap=[overlap])
    with pytest.raises(ValueError, match="between 0 and 1"):
        rank([values], overlap=[overlap])


def test_every_stratum_needs_its_overlap():
    values = np.array([[0.1, 0.2, 0.3], [0.3, 0.2, 0.4]])
    with pytest.raises(ValueError, match="2 strata need"):
        moments([values[0], values[1]], [1, 1], overlap=[0.1])
    with pytest.raises(ValueError, match="2 strata need"):
        rank([values, values], [1, 1], overlap=[0.1, 0.1, 0.1])


@settings(derandomize=True, deadline=None)
@given(draws, draws, st.floats(0.1, 1))
def test_no_overlap_changes_no_bit(first, second, weight):
    assert t_interval(first, overlap=0.0) == t_interval(first)
    strata, weights = [first, second], [weight, 1.0]
    assert moments(strata, weights, overlap=[0.0, 0.0]) == moments(strata, weights)
    assert standardised_mean(strata, weights, overlap=[0.0, 0.0]) == standardised_mean(strata, weights)
    methods = [np.stack([values, values[::-1], values + 0.1]) for values in strata]
    assert (rank(methods, weights, overlap=[0.0, 0.0]).p == rank(methods, weights).p).all()
    n = len(first)
    half = t_interval(first).half_width
    again = t_interval(first, overlap=0.2).half_width
    assert again == pytest.approx(half * math.sqrt(1 + n * 0.25), abs=1e-9)


@settings(derandomize=True, deadline=None, max_examples=50)
@given(draws, draws, st.floats(0, 0.9), st.floats(0, 0.9))
def test_the_tests_of_ranks_have_the_corrected_moments(first, second, one, other):
    """Two methods against zero, in two strata: the p of a t-test with mean, error and degrees from `moments`."""
    from scipy.stats import t

    found = moments([first, second], [0.3, 0.7], overlap=[one, other])
    if found.se < 1e-6:
        return
    strata = [np.stack([values, np.zeros(len(values))]) for values in (first, second)]
    p = one_sided(strata, [0.3, 0.7], overlap=[one, other])
    expected = t.sf(found.mean / found.se, found.df)
    assert (p[0, 1], p[1, 0]) == pytest.approx((expected, 1 - expected))


def test_draws_that_are_all_one_set_have_no_interval_and_no_rank():
    values = np.array([[0.5, 0.6, 0.7], [0.1, 0.2, 0.3]])
    assert t_interval(values[0], overlap=1.0).low is None
    assert paired_difference(values[0], values[1], overlap=1.0).low is None
    assert standardised_mean([values[0], values[1]], [1, 1], overlap=[0.0, 1.0]).low is None
    assert rank([values], overlap=[1.0]) is None
    assert rank([values, values], [1, 0], overlap=[0.0, 1.0]) is not None
    with pytest.raises(ValueError, match="one set"):
        moments([values[0]], [1], overlap=[1.0])


def test_a_regular_difference_counts_less_where_draws_overlap():
    """Without variance the sign-flip test decides, with as many draws as the overlap leaves."""
    values = np.tile([[0.5], [0.25]], 8)
    assert list(rank([values]).rank) == [1, 2]
    assert list(rank([values], overlap=[0.5]).rank) == [1, 1]


def draw_from_pools(rng, simulations, pool, size, draws):
    """Return (simulations, draws) means of sample values, each simulation with its own pool, and the mean overlap."""
    values = rng.normal(0, 1, (simulations, pool))
    means, overlap = np.empty((simulations, draws)), []
    for i in range(simulations):
        chosen = [rng.choice(pool, size, replace=False) for _ in range(draws)]
        means[i] = [values[i, c].mean() for c in chosen]
        overlap.append(overlap_share([{str(x) for x in c} for c in chosen]))
    return means, overlap


@pytest.mark.parametrize(("pool", "size", "draws"), [(40, 10, 5), (40, 20, 10), (60, 40, 4)])
def test_the_correction_restores_the_coverage(pool, size, draws):
    """Forget sets drawn from a finite pool; the truth is the mean of the population that the pool was drawn from."""
    means, overlap = draw_from_pools(np.random.default_rng(11), 2000, pool, size, draws)
    assert np.mean(overlap) == pytest.approx(size / pool, abs=0.01)
    plain = corrected = 0
    for one, rho in zip(means, overlap, strict=True):
        naive, mended = t_interval(one), t_interval(one, overlap=rho)
        plain += naive.low <= 0 <= naive.high
        corrected += mended.low <= 0 <= mended.high
    assert plain / 2000 < 0.85
    assert 0.93 <= corrected / 2000 <= 0.97


def test_the_correction_restores_the_level_of_standardised_means_and_ranks():
    rng = np.random.default_rng(12)
    simulations, pool, size, draws = 1200, 40, 16, 6
    first, rho_1 = draw_from_pools(rng, simulations, pool, size, draws)
    second, rho_2 = draw_from_pools(rng, simulations, pool, size, draws)
    plain = corrected = plain_ranks = ranks = 0
    for i in range(simulations):
        strata, overlap = [first[i], second[i]], [rho_1[i], rho_2[i]]
        naive = standardised_mean(strata, [1, 1])
        mended = standardised_mean(strata, [1, 1], overlap=overlap)
        plain += naive.low <= 0 <= naive.high
        corrected += mended.low <= 0 <= mended.high
        # Two methods that are alike in the population: what they differ by is what these samples happened to be.
        methods = [np.stack([values, np.zeros(draws)]) for values in strata]
        plain_ranks += rank(methods, [1, 1]).rank.max() == 1
        ranks += rank(methods, [1, 1], overlap=overlap).rank.max() == 1
    assert plain / simulations < 0.8
    assert plain_ranks / simulations < 0.8
    assert 0.93 <= corrected / simulations <= 0.975
    assert 0.93 <= ranks / simulations <= 0.975
