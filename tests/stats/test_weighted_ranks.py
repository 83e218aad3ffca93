from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fairforget.stats.weighted_ranks import Ranked, correlation, rank_covariance, without

COLUMN = st.lists(st.integers(-2, 3), min_size=12, max_size=12)


def rho(columns, weights, kept=2):
    covariance = rank_covariance([Ranked(np.asarray(c, dtype=float)) for c in columns], weights)
    return correlation(without(covariance, kept), covariance)


@settings(derandomize=True, deadline=None)
@given(COLUMN, COLUMN, st.lists(st.integers(0, 3), min_size=12, max_size=12))
def test_a_weighted_correlation_is_that_of_the_resample_written_out(x, y, counts):
    x, y, counts = np.array(x, float), np.array(y, float), np.array(counts)
    there = np.repeat(np.arange(12), counts)
    found = rho([x, y], counts[None].astype(float))[0]
    if len(there) < 2 or len(set(x[there])) == 1 or len(set(y[there])) == 1:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(stats.spearmanr(x[there], y[there]).statistic, abs=1e-9)


@pytest.mark.parametrize("others", [1, 3])
def test_a_partial_correlation_is_that_of_rank_residuals_and_of_the_inverse_correlation_matrix(others):
    rng = np.random.default_rng(others)
    z = rng.normal(size=(others, 30))
    x, y = z.sum(0) + rng.normal(size=30), np.exp(z[0] + rng.normal(size=30))
    counts = rng.integers(0, 3, size=(4, 30)).astype(float)
    found = rho([x, y, *z], counts)
    for row, one in zip(counts, found, strict=True):
        there = np.repeat(np.arange(30), row.astype(int))
        ranks = np.array([stats.rankdata(column[there]) for column in (x, y, *z)])
        design = np.column_stack([np.ones(len(there)), *ranks[2:]])
        left = [r - design @ np.linalg.lstsq(design, r, rcond=None)[0] for r in ranks[:2]]
        assert one == pytest.approx(stats.pearsonr(*left).statistic, abs=1e-9)
        inverse = np.linalg.inv(np.corrcoef(ranks))
        assert one == pytest.approx(-inverse[0, 1] / np.sqrt(inverse[0, 0] * inverse[1, 1]), abs=1e-9)


def test_infinite_values_share_the_top_rank():
    x, y = np.arange(8.0), np.array([1, 3, 2, np.inf, 5, np.inf, 4, np.inf])
    found = rho([x, y], np.ones((1, 8)))[0]
    assert found == pytest.approx(stats.spearmanr(x, np.where(np.isinf(y), 99, y)).statistic)


def test_nothing_is_left_of_a_score_that_follows_from_what_is_held_fixed():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 20))
    assert np.isnan(rho([x, y, np.exp(x)], np.ones((1, 20)))[0])
    # What does not vary is held fixed anyway, and what is there twice counts once.
    plain, others = rho([x, y], np.ones((1, 20))), rho([x, y, np.ones(20)], np.ones((1, 20)))
    assert others == pytest.approx(plain)
    z = x + rng.normal(size=20)
    assert rho([x, y, z, z], np.ones((1, 20))) == pytest.approx(rho([x, y, z], np.ones((1, 20))), abs=1e-9)
