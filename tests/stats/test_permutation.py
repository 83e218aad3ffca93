from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.stats.permutation import MOST_EXACT, sign_flip
from fairforget.stats.strata import standardised_mean

UNUSED = None
"""The exact test draws nothing."""


@pytest.mark.parametrize("draws", [3, 4, 8, 12])
def test_the_exact_p_is_scipys(draws):
    for seed in range(5):
        values = np.random.default_rng(seed).normal(0.3, 0.5, draws)
        theirs = scipy.stats.permutation_test((values,), np.mean, permutation_type="samples", n_resamples=np.inf)
        found = sign_flip([values], UNUSED)
        assert (found.exact, found.draws) == (True, draws)
        assert found.p == pytest.approx(theirs.pvalue, abs=1e-12)


whole = st.lists(st.integers(-3, 3), min_size=1, max_size=4)


@settings(derandomize=True, deadline=None)
@given(st.lists(whole, min_size=1, max_size=3), st.data())
def test_the_exact_p_counts_every_assignment(strata, data):
    """Whole numbers, so that ties are many; the statistic is the standardised mean."""
    weights = data.draw(st.lists(st.integers(1, 3), min_size=len(strata), max_size=len(strata)))
    if sum(map(len, strata)) < 3:
        return
    arrays = [np.array(values, dtype=float) for values in strata]
    seen = abs(standardised_mean(arrays, weights).mean)
    further = total = 0
    for signs in product([1, -1], repeat=sum(map(len, strata))):
        parts = np.split(np.array(signs), np.cumsum([len(a) for a in arrays])[:-1])
        flipped = standardised_mean([a * s for a, s in zip(arrays, parts, strict=True)], weights).mean
        further += abs(flipped) >= seen - 1e-12
        total += 1
    assert sign_flip(arrays, UNUSED, weights).p == pytest.approx(further / total)


@pytest.mark.parametrize("draws", [3, 5, 10])
def test_p_cannot_be_smaller_than_the_draws_allow(draws):
    assert sign_flip([np.full(draws, 0.1)], UNUSED).p == pytest.approx(2 / 2**draws)
    assert sign_flip([np.zeros(draws)], UNUSED).p == 1


def test_many_draws_are_sampled_and_agree_with_the_exact_test():
    values = np.random.default_rng(3).normal(0.2, 0.4, MOST_EXACT)
    exact = sign_flip([values], UNUSED)
    assert exact.exact
    # Differences of 0 change no sum, so they do not make a test inexact; differences of next to nothing do.
    assert sign_flip([np.append(values, [0.0, 0.0])], UNUSED).p == pytest.approx(exact.p)
    drawn = sign_flip([np.append(values, [1e-9, 1e-9])], np.random.default_rng(0), resamples=40_000)
    assert (drawn.exact, drawn.draws) == (False, MOST_EXACT + 2)
    assert drawn.p == pytest.approx(exact.p, abs=0.008)


def test_a_sampled_p_is_never_zero():
    assert sign_flip([np.full(40, 0.1)], np.random.default_rng(0), resamples=999).p == 1 / 1000


def test_missing_draws_are_left_out():
    values = np.array([0.1, np.nan, 0.2, 0.3, -0.1])
    assert sign_flip([values], UNUSED) == sign_flip([values[~np.isnan(values)]], UNUSED)
    assert sign_flip([values[:3]], UNUSED) is None
    assert sign_flip([values, np.array([np.nan])], UNUSED, [1, 1]) is None
    assert sign_flip([values, np.array([np.nan])], UNUSED, [1, 0]) == sign_flip([values], UNUSED)


@pytest.mark.parametrize("draws", [6, 20])
def test_it_holds_its_level_where_the_distribution_is_far_from_normal(draws):
    rng = np.random.default_rng(0)
    sides = rng.choice([-1.0, 1.0], (600, draws)) * rng.pareto(1.5, (600, draws))
    rejected = np.mean([sign_flip([one], rng, resamples=999).p <= 0.05 for one in sides])
    assert 0.02 <= rejected <= 0.075
