"""Exact limits, beside scipy's, statsmodels' and published ones."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta, binom, binomtest
from statsmodels.stats.proportion import proportion_confint

from fairforget.stats.binomial import clopper_pearson, upper_bound_of_none

cases = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@settings(derandomize=True, deadline=None)
@given(cases, st.sampled_from([0.8, 0.95, 0.99]))
def test_the_limits_are_those_of_scipy_and_statsmodels(case, level):
    count, n = case
    found = clopper_pearson(count, n, level)
    theirs = binomtest(count, n).proportion_ci(level, method="exact")
    assert found == pytest.approx((theirs.low, theirs.high), abs=1e-9)
    assert found == pytest.approx(proportion_confint(count, n, 1 - level, method="beta"), abs=1e-9)


def test_published_limits():
    """81 of 263 is the example of Newcombe (1998, Statistics in Medicine 17), method 5: .2527 to .3676."""
    assert clopper_pearson(81, 263) == pytest.approx((0.2527, 0.3676), abs=5e-5)
    assert clopper_pearson(3, 15) == pytest.approx((0.0433, 0.4809), abs=5e-5)


@pytest.mark.parametrize("n", [3, 5, 10, 20])
@pytest.mark.parametrize("share", [0.02, 0.1, 0.3, 0.5])
def test_the_coverage_is_at_least_what_it_says(n, share):
    """Exactly, by summing over all outcomes."""
    covered = sum(
        binom.pmf(k, n, share) for k in range(n + 1) if clopper_pearson(k, n)[0] <= share <= clopper_pearson(k, n)[1]
    )
    assert covered >= 0.95


def test_half_a_case_lies_between_the_whole_ones():
    low, high = clopper_pearson(2.5, 8)
    assert clopper_pearson(2, 8)[0] < low < clopper_pearson(3, 8)[0]
    assert clopper_pearson(2, 8)[1] < high < clopper_pearson(3, 8)[1]
    assert (low, high) == pytest.approx((beta.ppf(0.025, 2.5, 6.5), beta.ppf(0.975, 3.5, 5.5)))


def test_nothing_seen():
    """The table of the study design: 45 % (5 draws), 26 % (10), 14 % (20), 9.5 % (30)."""
    bounds = [upper_bound_of_none(n) for n in (5, 10, 20, 30)]
    assert bounds == pytest.approx([0.45, 0.26, 0.14, 0.095], abs=0.005)
    assert upper_bound_of_none(0) == 1.0
    assert clopper_pearson(0, 0) == (0.0, 1.0)
    # One-sided at 95 % is the upper end of the two-sided limits at 90 %.
    assert upper_bound_of_none(7) == pytest.approx(clopper_pearson(0, 7, 0.9)[1])


@pytest.mark.parametrize(("count", "n"), [(-1, 3), (4, 3), (1, 0)])
def test_what_is_no_share_is_refused(count, n):
    with pytest.raises(ValueError, match="share"):
        clopper_pearson(count, n)
