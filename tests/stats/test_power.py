from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.stats.power import as_one_stratum, detectable, draws_to_tell
from fairforget.stats.strata import standardised_mean


@pytest.mark.parametrize(("d", "draws"), [(0.3, 90), (0.5, 34), (0.8, 15), (1.0, 10), (1.5, 6)])
def test_the_table_of_the_definitions(d, draws):
    """Rounded up where the table rounds to the nearest."""
    assert draws <= draws_to_tell(d, 1.0) <= draws + 1
    assert draws_to_tell(-d, 1.0) == draws_to_tell(d, 1.0) == draws_to_tell(7 * d, 7.0)


@pytest.mark.parametrize("d", [0.5, 0.8, 1.0, 1.5])
def test_the_power_is_what_it_says(d):
    """The exact power of a paired t-test, from the non-central t distribution."""
    from scipy import stats

    def power(n: int) -> float:
        edge = stats.t.ppf(0.975, n - 1)
        return float(stats.nct.sf(edge, n - 1, d * math.sqrt(n)) + stats.nct.cdf(-edge, n - 1, d * math.sqrt(n)))

    n = draws_to_tell(d, 1.0)
    assert power(n) >= 0.79
    assert power(n - 2) < 0.8


def test_overlapping_draws_are_simulated():
    """Draws of correlation ρ: as many as it says resolve the difference 80 % of the time."""
    rng = np.random.default_rng(5)
    rho, size = 0.1, 1.2
    n = draws_to_tell(size, math.sqrt(1 - rho), rho)
    shared, own = rng.normal(size=(20_000, 1)), rng.normal(size=(20_000, n))
    values = size + math.sqrt(rho) * shared + math.sqrt(1 - rho) * own
    from scipy import stats

    se = values.std(axis=1, ddof=1) * math.sqrt(1 / n + rho / (1 - rho))
    told = np.abs(values.mean(axis=1) / se) > stats.t.ppf(0.975, n - 1)
    assert 0.76 < told.mean() < 0.86


def test_where_nothing_helps():
    assert draws_to_tell(0.0, 1.0) is None
    assert draws_to_tell(0.0, 0.0) is None
    assert draws_to_tell(0.1, 0.0) == 3
    assert draws_to_tell(1e-9, 1.0) is None
    assert draws_to_tell(0.5, 1.0, overlap=0.5) is None
    assert draws_to_tell(0.5, 1.0, overlap=1.0) is None
    assert detectable(1.0, 2) is None
    assert detectable(1.0, 10, overlap=1.0) is None


@settings(derandomize=True, deadline=None)
@given(st.floats(0.01, 100), st.floats(0.01, 100), st.floats(0, 0.5))
def test_the_two_are_inverse(size, sd, overlap):
    n = draws_to_tell(size, sd, overlap)
    if n is None:
        assert detectable(sd, 1_000_000, overlap) > 0.99 * size
        return
    assert detectable(sd, n, overlap) <= size * (1 + 1e-9)
    if n > 3:
        assert detectable(sd, n - 1, overlap) > size


def test_one_stratum_stands_for_several():
    """Its error at the draws there are is theirs, and so it is at ten times as many of each."""
    rng = np.random.default_rng(6)
    sizes, weights, rhos = (4, 6, 5), np.array([3.0, 1.0, 0.0]), [0.2, 0.0, 1.0]
    strata = [rng.normal(0, sd, n) for sd, n in zip((0.2, 0.1, 9.0), sizes, strict=True)]
    found = as_one_stratum(strata[:2], weights[:2], rhos[:2])
    assert as_one_stratum(strata, weights, [0.2, 0.0, 0.3]) == found
    assert found.n == 10
    shares = weights / weights.sum()
    for times in (1, 10):
        theirs = sum(
            w**2 * draws.var(ddof=1) * (1 / (times * len(draws)) + rho / (1 - rho))
            for w, draws, rho in zip(shares[:2], strata, rhos, strict=False)
        )
        assert found.sd**2 * (1 / (times * 10) + found.overlap / (1 - found.overlap)) == pytest.approx(theirs)
    apart = sum(w**2 * d.var(ddof=1) / (1 - rho) / len(d) for w, d, rho in zip(shares, strata, rhos[:2], strict=False))
    assert found.sd_apart**2 / 10 == pytest.approx(apart)
    alone = as_one_stratum([strata[0]], [1], [0.2])
    assert (alone.sd, alone.overlap) == pytest.approx((strata[0].std(ddof=1), 0.2))
    assert alone.sd_apart == pytest.approx(alone.sd / 0.8**0.5)
    still = as_one_stratum([np.full(4, 0.1)], [1], [0.5])
    assert (still.sd, still.overlap, still.sd_apart) == (0.0, 0.0, 0.0)


def test_the_power_over_strata_of_overlapping_draws_is_simulated():
    """What three strata share among themselves averages out over the strata; a third of it is left."""
    rng = np.random.default_rng(9)
    rho, size, weights = 0.1, 0.75, [1.0, 1.0, 1.0]

    def study(n):
        own, shared = rng.normal(0, (1 - rho) ** 0.5, (3, n)), rng.normal(0, rho**0.5, (3, 1))
        return list(size + own + shared)

    exact = [size + (1 - rho) ** 0.5 * base / base.std(ddof=1) for base in [np.tile([-1.0, 1.0], 4)] * 3]
    spread = as_one_stratum(exact, weights, [rho] * 3)
    assert draws_to_tell(size, spread.sd, rho) is None
    needed = draws_to_tell(size, spread.sd, spread.overlap)
    found = [standardised_mean(study(math.ceil(needed / 3)), weights, overlap=[rho] * 3) for _ in range(1500)]
    assert 0.74 < np.mean([one.low > 0 for one in found]) < 0.88
