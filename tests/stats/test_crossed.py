from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from fairforget.stats.crossed import LeftOut, crossed_interval, without_groups


def of_means(values):
    """Leave-one-out values of the mean of a table (R, G)."""
    r, g = values.shape
    total, rows, columns = values.sum(), values.sum(1), values.sum(0)
    both = (total - rows[:, None] - columns + values) / ((r - 1) * (g - 1))
    return values.mean(), (total - columns) / (r * (g - 1)), LeftOut((total - rows) / ((r - 1) * g), both)


def test_the_variance_of_a_mean_is_that_of_the_two_way_analysis_of_variance():
    rng = np.random.default_rng(0)
    table = 3 * rng.normal(size=(7, 1)) + 2 * rng.normal(size=(1, 11)) + rng.normal(size=(7, 11))
    value, groups, source = of_means(table)
    found = crossed_interval(value, groups, [source])
    rest = table - table.mean(1, keepdims=True) - table.mean(0) + table.mean()
    rows = 11 * table.mean(1).var(ddof=1)
    columns = 7 * table.mean(0).var(ddof=1)
    residual = (rest**2).sum() / 60
    components = (rows - residual) / 11, (columns - residual) / 7, residual
    expected = components[0] / 7 + components[1] / 11 + components[2] / 77
    assert found.error**2 == pytest.approx(expected)
    half = stats.t.ppf(0.975, found.df) * found.error
    assert (found.low, found.high) == pytest.approx((value - half, value + half))
    assert 6 < found.df < 16


def test_scores_without_draws_have_students_interval_over_samples():
    values = np.random.default_rng(1).normal(size=20)
    groups = np.arange(20)
    found = crossed_interval(values.mean(), without_groups(values, groups), [])
    expected = stats.t.interval(0.95, 19, values.mean(), stats.sem(values))
    assert (found.low, found.high) == pytest.approx(expected)
    assert found.through(math.exp) == pytest.approx(tuple(map(math.exp, (found.value, *expected))))


@pytest.mark.parametrize(("between", "own"), [(1.0, 0.0), (0.0, 1.0), (0.5, 0.5)])
@pytest.mark.parametrize("shape", [(5, 40), (12, 8)])
def test_coverage_whatever_is_random(between, own, shape):
    """2,000 simulations tell a coverage of 95 % to ±1.5 points (three standard errors); more is no fault here, as
    variances are cut off at 0 and degrees of freedom come from the few seeds."""
    rng = np.random.default_rng(2)
    r, g = shape
    covered = 0
    for _ in range(2000):
        table = between * rng.normal(size=(r, 1)) + own * rng.normal(size=(1, g)) + rng.normal(size=shape)
        value, groups, source = of_means(table)
        found = crossed_interval(value, groups, [source])
        covered += found.low <= 0 <= found.high
    assert 0.935 <= covered / 2000 <= 0.985


def test_means_without_groups_by_brute_force():
    rng = np.random.default_rng(3)
    values, groups = rng.normal(size=(3, 12)), np.array([0, 0, 1, 2, 2, 2, 3, 1, 4, 4, 0, 3])
    expected = np.stack([values[:, groups != g].mean(1) for g in range(5)], axis=1)
    np.testing.assert_allclose(without_groups(values, groups), expected)


@pytest.mark.parametrize("broken", ["groups", "seeds", "nan"])
def test_too_little_or_not_finite_has_no_interval(broken):
    table = np.random.default_rng(4).normal(size=(2 if broken == "seeds" else 4, 4 if broken == "groups" else 6))
    value, groups, source = of_means(table)
    if broken == "nan":
        source.both[1, 2] = np.nan
    assert crossed_interval(value, groups, [source]) is None
