from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from fairforget.stats.random_intercept import random_intercept


def world(seed, between):
    rng = np.random.default_rng(seed)
    clusters = np.unique(rng.integers(0, 25, 120), return_inverse=True)[1]
    x = np.column_stack([np.ones(120), rng.normal(size=(120, 2))])
    return x @ [1, 0.5, -0.2] + between * rng.normal(size=25)[clusters] + rng.normal(size=120), x, clusters


@pytest.mark.parametrize("seed", range(4))
def test_it_is_statsmodels_mixed_model(seed):
    y, x, clusters = world(seed, 0.9)
    found = random_intercept(y, x, clusters)
    theirs = sm.MixedLM(y, x, clusters).fit(reml=True)
    assert found.coefficients == pytest.approx(theirs.fe_params, abs=1e-5)
    assert found.residual == pytest.approx(theirs.scale, rel=1e-4)
    assert found.ratio * found.residual == pytest.approx(theirs.cov_re[0, 0], rel=1e-3)
    # Theirs are from the whole information matrix, ours at λ as it is: they differ by what λ is not known.
    assert found.errors == pytest.approx(theirs.bse_fe, rel=0.03)


def test_without_variance_between_clusters_it_is_least_squares():
    y, x, clusters = world(11, 0.0)
    found = random_intercept(y, x, clusters)
    assert found.ratio == 0
    assert found.coefficients == pytest.approx(np.linalg.lstsq(x, y, rcond=None)[0])


def test_a_resample_of_clusters_is_the_model_of_it_at_that_ratio():
    y, x, clusters = world(2, 0.9)
    found = random_intercept(y, x, clusters)
    counts = np.random.default_rng(0).integers(0, 3, size=clusters.max() + 1)
    gram = moment = 0
    for cluster, count in enumerate(counts):
        own = clusters == cluster
        inverse = np.linalg.inv(np.eye(own.sum()) + found.ratio)
        gram = gram + count * x[own].T @ inverse @ x[own]
        moment = moment + count * x[own].T @ inverse @ y[own]
    assert found.weighted(counts[None].astype(float))[0] == pytest.approx(np.linalg.solve(gram, moment))
    assert np.isnan(found.weighted(np.zeros((1, len(counts))))).all()


def test_there_is_no_model_where_nothing_is_left_to_fit():
    y, x, clusters = world(3, 0.5)
    assert random_intercept(y, np.column_stack([x, x[:, 1]]), clusters) is None
    assert random_intercept(x @ [1.0, 2.0, 3.0], x, clusters) is None
    assert random_intercept(y[:3], x[:3], np.arange(3)) is None
