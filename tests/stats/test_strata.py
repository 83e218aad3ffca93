from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.stats.intervals import t_interval
from fairforget.stats.strata import moments, spread_between, standardised_mean, standardised_means

draws = st.lists(st.floats(-10, 10), min_size=3, max_size=12).map(np.array)


@settings(derandomize=True, deadline=None)
@given(draws)
def test_one_stratum_is_the_plain_interval(values):
    assert standardised_mean([values, np.array([9.0])], [2.0, 0.0]) == t_interval(values)


@settings(derandomize=True, deadline=None)
@given(draws, st.floats(0.1, 10))
def test_a_stratum_that_counts_next_to_nothing_changes_next_to_nothing(values, weight):
    """The general formula tends to the plain interval."""
    found = standardised_mean([values, values + 1], [weight, weight * 1e-9])
    plain = t_interval(values)
    assert (found.mean, found.low, found.high) == pytest.approx((plain.mean, plain.low, plain.high), rel=1e-5, abs=1e-5)


@settings(derandomize=True, deadline=None)
@given(draws, draws)
def test_the_difference_of_two_strata_is_welchs(first, second):
    """Welch's test is the case with weights 1/2 on the first stratum and on the negative of the second."""
    found = moments([first, -second], [0.5, 0.5])
    if found.se < 1e-9:
        return
    welch = scipy.stats.ttest_ind(first, second, equal_var=False)
    assert found.mean / found.se == pytest.approx(welch.statistic)
    assert found.df == pytest.approx(welch.df)


def test_the_mix_of_draws_cannot_move_the_mean():
    easy, hard = np.array([0.9, 0.8, 1.0]), np.array([0.1, 0.2, 0.3])
    many = np.tile(hard, 5)
    assert standardised_mean([easy, hard], [1, 1]).mean == pytest.approx(0.55)
    assert standardised_mean([easy, many], [1, 1]).mean == pytest.approx(0.55)
    assert np.concatenate([easy, many]).mean() < 0.4


@pytest.mark.parametrize("draws", [0, 1, 2, 3, 9, 200])
@pytest.mark.parametrize("weights", [[1.0], [0.0, 1.0], [0.3, 0.7]])
def test_many_rows_have_the_means_of_each_to_the_last_bit(draws, weights):
    rng = np.random.default_rng(draws)
    strata, overlap = [rng.normal(size=(draws, 5)).T for _ in weights], [0.1 * i for i in range(len(weights))]
    each = [standardised_mean(row, weights, overlap=overlap) for row in zip(*strata, strict=True)]
    assert standardised_means(strata, weights, overlap=overlap) == each


def test_a_stratum_that_counts_and_is_empty_leaves_no_mean():
    assert standardised_mean([np.array([1.0, 2.0, 3.0]), np.array([np.nan])], [1, 1]) is None


def test_a_stratum_with_two_draws_leaves_no_interval():
    found = standardised_mean([np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0])], [1, 1])
    assert (found.mean, found.low, found.n) == (1.75, None, 5)


@pytest.mark.parametrize("weights", [[1], [0, 0], [1, -1], [1, np.nan], [1, np.inf]])
def test_weights_are_weights(weights):
    with pytest.raises(ValueError, match="weights"):
        standardised_mean([np.ones(3), np.ones(3)], weights)


@settings(derandomize=True, deadline=None)
@given(st.lists(draws, min_size=2, max_size=4))
def test_the_analysis_of_variance_is_scipys(groups):
    found = spread_between(groups)
    if sum(group.var() for group in groups) < 1e-9 or np.ptp([group.mean() for group in groups]) < 1e-9:
        return  # scipy says nan for nothing but rounding
    expected = scipy.stats.f_oneway(*groups)
    assert found == (pytest.approx(expected.statistic, abs=1e-9), pytest.approx(expected.pvalue, abs=1e-9))


def test_strata_without_variance():
    assert spread_between([np.full(3, 0.1), np.full(4, 0.1)]) == (0.0, 1.0)
    assert spread_between([np.full(3, 0.1), np.full(4, 0.2)])[1] == 0.0
    assert spread_between([np.full(3, 0.1)]) is None
    assert spread_between([np.full(3, 0.1), np.full(1, 0.2)]) is None


def test_what_differs_between_strata_of_overlapping_draws_is_corrected():
    """With two strata F is t², of a difference whose two variances are those of Nadeau and Bengio."""
    rng = np.random.default_rng(6)
    one, other = rng.normal(0, 1, 5), rng.normal(1, 1, 5)
    pooled = (one.var(ddof=1) + other.var(ddof=1)) / 2
    variance = pooled * ((1 / 5 + 0.5 / 0.5) + (1 / 5 + 0.2 / 0.8))
    t = (one.mean() - other.mean()) / variance**0.5
    f, p = spread_between([one, other], [0.5, 0.2])
    assert f == pytest.approx(t**2)
    assert p == pytest.approx(2 * scipy.stats.t.sf(abs(t), 8))
    assert spread_between([one, other], [0.0, 0.0]) == spread_between([one, other])
    assert spread_between([one, other], [1.0, 0.0]) is None


def test_strata_of_one_mean_and_overlapping_draws_differ_as_often_as_they_may():
    """Draws of a stratum correlate by ρ through what they share; p ≤ 5 % in one of twenty."""
    rng = np.random.default_rng(9)
    rhos, sizes, hits, plain = (0.4, 0.4, 0.4), (6, 6, 6), 0, 0
    for _ in range(2_000):
        drawn = [
            rho**0.5 * rng.normal() + (1 - rho) ** 0.5 * rng.normal(size=n) for rho, n in zip(rhos, sizes, strict=True)
        ]
        hits += spread_between(drawn, rhos)[1] <= 0.05
        plain += spread_between(drawn)[1] <= 0.05
    assert 0.035 < hits / 2_000 < 0.065
    assert plain / 2_000 > 0.3
