from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats

from fairforget.stats.tobit import tobit


def world(rng, n=60, slope=-1.0, noise=0.7, draw=None):
    x = rng.normal(size=n)
    e = noise * (rng.normal(size=n) if draw is None else draw(n))
    return np.column_stack([np.ones(n), x]), 1 + slope * x + e


def cut(y, low, high):
    return np.clip(y, low, high), np.where(y > high, 1, np.where(y < low, -1, 0))


@pytest.mark.parametrize("seed", range(4))
def test_it_is_the_maximum_of_the_likelihood(seed):
    rng = np.random.default_rng(seed)
    x, y = world(rng)
    y, censored = cut(y, -1.0, 1.5)
    weights = rng.integers(0, 3, size=(1, 60)).astype(float)

    def deviance(place):
        at, sigma = x @ place[:2], np.exp(place[2])
        seen = stats.norm.logpdf(y, at, sigma)
        ends = stats.norm.logcdf(np.where(censored == 1, at - y, y - at) / sigma)
        return -(weights[0] * np.where(censored == 0, seen, ends)).sum()

    best = optimize.minimize(deviance, [0, 0, 0], method="BFGS", options={"gtol": 1e-8}).x
    coefficients, sigma = tobit(y, x, censored, weights)
    assert coefficients[0] == pytest.approx(best[:2], abs=1e-5)
    assert sigma[0] == pytest.approx(np.exp(best[2]), abs=1e-5)


def test_without_censoring_it_is_least_squares():
    rng = np.random.default_rng(9)
    x, y = world(rng)
    counts = rng.integers(0, 3, size=(1, 60))
    there = np.repeat(np.arange(60), counts[0])
    found, sigma = tobit(y, x, np.zeros(60, dtype=int), counts.astype(float))
    expected = np.linalg.lstsq(x[there], y[there], rcond=None)[0]
    assert found[0] == pytest.approx(expected, abs=1e-10)
    assert sigma[0] == pytest.approx((y[there] - x[there] @ expected).std(), abs=1e-10)


# 2,000 samples of slope −1: the standard error of the slope is about .02. Student's t with 5 degrees of freedom has
# heavier tails than the likelihood believes.
@pytest.mark.parametrize("draw", [None, lambda n: np.random.default_rng(3).standard_t(5, n)])
def test_it_is_not_biased_by_the_budget_where_leaving_out_and_taking_the_budget_are(draw):
    x, y = world(np.random.default_rng(8), 2000, draw=draw)
    at, censored = cut(y, -np.inf, 1.3)
    assert 0.3 < (censored == 1).mean() < 0.5
    ones = np.ones((1, 2000))
    slope = tobit(at, x, censored, ones)[0][0, 1]
    assert slope == pytest.approx(-1, abs=0.08)
    seen = censored == 0
    left_out = tobit(y[seen], x[seen], censored[seen], ones[:, seen])[0][0, 1]
    as_if = tobit(at, x, np.zeros(2000, dtype=int), ones)[0][0, 1]
    assert left_out > -0.8
    assert as_if > -0.8


def test_what_was_seen_has_to_tell_a_line():
    x, y = world(np.random.default_rng(1), 12)
    weights = np.ones((3, 12))
    weights[1] = 0
    weights[1, 4] = 7  # one place
    weights[2] = 0
    found, sigma = tobit(y, x, np.zeros(12, dtype=int), weights)
    assert not np.isnan(found[0]).any()
    assert np.isnan(found[1:]).all()
    assert np.isnan(sigma[1:]).all()
    assert np.isnan(tobit(y, x, np.ones(12, dtype=int), weights)[0]).all()
