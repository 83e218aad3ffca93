from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fairforget.stats.association import jackknifed_spearman, shares_below, spearman

NUMBERS = st.lists(st.integers(-3, 6), min_size=3, max_size=40)


@settings(derandomize=True, deadline=None)
@given(NUMBERS, st.randoms(use_true_random=False))
def test_spearman_is_scipys(values, rng):
    x = np.array(values, dtype=float)
    y = np.array([rng.choice((-1, 0, 1, 2)) for _ in values], dtype=float)
    found = spearman(x, y)
    if len(set(x)) == 1 or len(set(y)) == 1:
        assert found is None
    else:
        assert found == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)


def test_the_share_below_counts_ties_half():
    assert shares_below(np.array([3.0, 1.0, 3.0, 7.0])).tolist() == [0.5, 0.125, 0.5, 0.875]
    assert shares_below(np.arange(10.0)).mean() == 0.5


def test_fewer_than_three_draws_have_no_interval():
    x, y = np.arange(8.0), np.array([0.0, 2, 1, 3, 5, 4, 7, 6])
    found = jackknifed_spearman(x, y, np.repeat([0, 1], 4))
    assert (found.mean, found.low, found.high, found.n) == (spearman(x, y), None, None, 2)
    found = jackknifed_spearman(x, y, np.array([0, 0, 0, 1, 1, 1, 2, 2]))
    assert found.low < found.mean < found.high
    assert found.n == 3
    assert jackknifed_spearman(np.ones(8), y, np.arange(8)) is None


def test_the_jackknife_is_that_of_its_definition():
    rng = np.random.default_rng(3)
    draws = np.repeat(np.arange(6), 5)
    x = rng.normal(size=30)
    y = x + rng.normal(size=30)
    left = np.arctanh([stats.spearmanr(x[draws != i], y[draws != i]).statistic for i in range(6)])
    error = np.sqrt(5 / 6 * ((left - left.mean()) ** 2).sum())
    middle = np.arctanh(stats.spearmanr(x, y).statistic)
    found = jackknifed_spearman(x, y, draws)
    half = stats.t.ppf(0.975, 5) * error
    assert (found.low, found.high) == pytest.approx(tuple(np.tanh([middle - half, middle + half])), abs=1e-12)


@pytest.mark.parametrize(("draws", "shared"), [(6, 0.0), (12, 0.8)])
def test_the_interval_covers_where_samples_of_a_draw_are_alike(draws, shared):
    """The slope differs from draw to draw, so samples of a draw are no independent witnesses."""
    rng = np.random.default_rng(17)
    size, truth = 16, 0.4

    def study(n):
        x = rng.normal(size=(n, size))
        slope = truth + shared * rng.normal(0, 0.5, size=(n, 1))
        return x.ravel(), (slope * x + rng.normal(size=(n, size))).ravel(), np.repeat(np.arange(n), size)

    wanted = spearman(*study(40_000)[:2])
    covered = naive = 0
    runs = 300
    for _ in range(runs):
        x, y, of = study(draws)
        found = jackknifed_spearman(x, y, of)
        covered += found.low <= wanted <= found.high
        half = 1.96 / np.sqrt(draws * size - 3)
        naive += abs(np.arctanh(found.mean) - np.arctanh(wanted)) <= half
    assert covered / runs >= 0.91
    if shared:
        assert naive / runs < 0.85  # counting samples as independent fails
