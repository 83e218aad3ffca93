from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from fairforget.stats.normalised import normalised_mean
from fairforget.stats.overlap import inflation
from fairforget.stats.strata import standardised_mean


def drawn(rng, n, start=0.1, value=0.7, aim=0.9, noise=0.03):
    """What a forget set does to all three, and what it does to each."""
    shared = rng.normal(0, noise, n)
    return [mean + shared + rng.normal(0, noise, n) for mean in (value, start, aim)]


def fieller(x, u, o):
    """The interval of Fieller (1954): all ratios that a t-test of x − u − R (o − u) does not reject."""
    gain, gap = x - u, o - u
    n = len(gain)
    t = stats.t.ppf(0.975, n - 1)
    cov = np.cov(gain, gap) / n
    a = gap.mean() ** 2 - t**2 * cov[1, 1]
    b = -2 * (gain.mean() * gap.mean() - t**2 * cov[0, 1])
    c = gain.mean() ** 2 - t**2 * cov[0, 0]
    return sorted(np.roots([a, b, c]).real)


def test_ends_that_are_known_only_move_and_stretch():
    values = np.array([0.5, 0.6, 0.7, 0.65])
    start, aim = np.full(4, 0.1), np.full(4, 0.9)
    found = normalised_mean([values], [start], [aim], [1.0])
    plain = standardised_mean([(values - 0.1) / 0.8], [1.0])
    assert (found.mean, found.low, found.high, found.n) == pytest.approx((plain.mean, plain.low, plain.high, 4))


def test_the_ends_themselves_are_0_and_1_without_doubt():
    _, start, aim = drawn(np.random.default_rng(1), 5)
    for values, mean in ((start, 0), (aim, 1)):
        found = normalised_mean([values], [start], [aim], [1.0])
        assert (found.mean, found.low, found.high) == pytest.approx((mean, mean, mean), abs=1e-12)


@pytest.mark.parametrize("n", [5, 10, 30])
def test_the_interval_is_nearly_fiellers_where_the_gap_is_known(n):
    x, u, o = drawn(np.random.default_rng(n), n)
    found = normalised_mean([x], [u], [o], [1.0])
    low, high = fieller(x, u, o)
    assert found.mean == pytest.approx((x.mean() - u.mean()) / (o.mean() - u.mean()))
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.05 * (high - low))


@pytest.mark.parametrize("draws", [3, 5, 10, 20])
def test_the_interval_covers(draws):
    rng = np.random.default_rng(draws)
    covered = 0
    for _ in range(2000):
        x, u, o = drawn(rng, draws, noise=0.01)
        found = normalised_mean([x], [u], [o], [1.0])
        covered += found.low <= 0.75 <= found.high
    assert 0.93 <= covered / 2000 <= 0.97


def test_ends_taken_as_fixed_would_make_the_interval_too_narrow():
    """The noise of a row alone, where the rows share nothing: what is left out is that of both reference rows."""
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(2000):
        x, u, o = (rng.normal(mean, sd, 10) for mean, sd in ((0.7, 0.03), (0.1, 0.03), (0.9, 0.08)))
        found = standardised_mean([(x - u.mean()) / (o.mean() - u.mean())], [1.0])
        covered += found.low <= 0.75 <= found.high
    assert covered / 2000 < 0.9


def test_strata_are_weighed_and_overlap_widens():
    rng = np.random.default_rng(2)
    strata = [drawn(rng, 6), drawn(rng, 4, value=0.5)]
    weights, overlap = [0.75, 0.25], [0.0, 0.2]
    mine, start, aim = ([one[i] for one in strata] for i in range(3))
    found = normalised_mean(mine, start, aim, weights, overlap=overlap)
    gain = sum(w * (x - u).mean() for w, (x, u, _) in zip(weights, strata, strict=True))
    gap = sum(w * (o - u).mean() for w, (_, u, o) in zip(weights, strata, strict=True))
    parts = []
    for w, rho, (x, u, o) in zip(weights, overlap, strata, strict=True):
        cov = np.cov(np.stack([x - u, o - u])) / len(x)
        slope = np.array([1 / gap, -gain / gap**2])  # of the ratio by the gain and by the gap
        parts.append((w**2 * slope @ cov @ slope * inflation(len(x), rho), len(x) - 1))
    variance = sum(part for part, _ in parts)
    df = variance**2 / sum(part**2 / free for part, free in parts)
    half = stats.t.ppf(0.975, df) * variance**0.5
    assert (found.mean, found.low, found.high) == pytest.approx((gain / gap, gain / gap - half, gain / gap + half))


def test_nothing_is_divided_by_a_gap_that_is_not_known():
    rng = np.random.default_rng(3)
    x, u, o = drawn(rng, 6, start=0.1, aim=0.12)
    assert normalised_mean([x], [u], [o], [1.0]) is None
    assert normalised_mean([x], [u], [u], [1.0]) is None
    assert normalised_mean([x[:2]], [u[:2]], [o[:2]], [1.0]) is None
