from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fairforget.stats.left_out_ranks import fisher_z, mean_between, partial, rank_correlations


def plain(columns):
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.corrcoef(stats.rankdata(columns, axis=1))


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(4, 25), st.integers(2, 4), st.booleans())
def test_every_correlation_is_scipys_on_what_is_left(seed, n, p, ties):
    rng = np.random.default_rng(seed)
    columns = rng.integers(0, 4, (p, n)).astype(float) if ties else rng.normal(size=(p, n))
    groups = np.unique(rng.integers(0, 5, n), return_inverse=True)[1]
    found = rank_correlations(columns, groups)
    np.testing.assert_allclose(found[0], plain(columns), atol=1e-12)
    for group in range(groups.max() + 1):
        left = columns[:, groups != group]
        if left.shape[1] > 1:
            np.testing.assert_allclose(found[1 + group], plain(left), atol=1e-12)


def test_the_mean_between_columns_and_without_each():
    matrix = plain(np.random.default_rng(0).normal(size=(5, 30)))
    mean, without = mean_between(matrix)
    assert mean == pytest.approx(matrix[np.triu_indices(5, 1)].mean())
    left = np.delete(np.delete(matrix, 2, 0), 2, 1)
    assert without[2] == pytest.approx(left[np.triu_indices(4, 1)].mean())


def test_partial_correlation_is_that_of_the_residuals_of_ranks():
    rng = np.random.default_rng(1)
    columns = rng.normal(size=(4, 50)) + rng.normal(size=50)
    ranks = stats.rankdata(columns, axis=1)
    others = sm.add_constant(ranks[2:].T)
    residuals = [sm.OLS(ranks[i], others).fit().resid for i in (0, 1)]
    expected = stats.pearsonr(*residuals).statistic
    assert float(partial(plain(columns))) == pytest.approx(expected)
    assert float(partial(plain(columns[:2]))) == pytest.approx(plain(columns)[0, 1])


def test_a_score_that_the_others_tell_has_no_partial_correlation():
    columns = np.random.default_rng(2).normal(size=(3, 20))
    columns[2] = columns[0]
    assert np.isnan(partial(plain(columns)))
    columns[2] = 1.0
    assert np.isnan(partial(rank_correlations(columns, np.arange(20)))).all()


def test_fishers_z_of_one_is_finite():
    assert np.isfinite(fisher_z(np.array([1.0, -1.0, 0.3]))).all()
    assert fisher_z(np.array([0.3]))[0] == pytest.approx(np.arctanh(0.3))
