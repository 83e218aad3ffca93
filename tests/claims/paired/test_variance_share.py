"""The share of forget sets in the variance of a row, by hand and beside scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from fairforget.stats.one_way import one_way


def test_one_way_is_the_exact_interval_of_an_intraclass_correlation():
    y = np.random.default_rng(1).normal(size=(12, 3)) + np.arange(12)[:, None] / 5
    found = one_way(y)
    assert found.f == pytest.approx(stats.f_oneway(*y).statistic)
    assert found.share == pytest.approx((found.f - 1) / (found.f + 2))  # Shrout and Fleiss (1979), ICC(1) of 3
    for end, p in ((found.low, 0.975), (found.high, 0.025)):
        # Where the share is at an end, what was seen is at a quantile of its distribution.
        assert stats.f(11, 24).cdf(found.f / (1 + 3 * end / (1 - end))) == pytest.approx(p)


def test_one_way_at_its_edges():
    still = np.repeat(np.arange(4.0)[:, None], 3, axis=1)
    assert (one_way(still).low, one_way(still).share) == (1.0, 1.0)
    assert one_way(np.ones((4, 3))) is None
    assert one_way(np.ones((4, 1))) is None
    noise = one_way(np.tile([0.0, 1.0], (6, 1)))
    assert (noise.share, noise.low, noise.truncated) == (0.0, 0.0, True)
    with pytest.raises(ValueError, match="every set needs every seed"):
        one_way(np.array([[1.0, np.nan], [1.0, 2.0]]))


def test_sets_that_share_samples_show_less_than_there_is():
    y = np.random.default_rng(1).normal(size=(12, 3)) + np.arange(12)[:, None] / 5
    alone, shared = one_way(y), one_way(y, 0.5)
    theta = [share / (1 - share) for share in (alone.share, shared.share)]
    assert theta[1] == pytest.approx(2 * theta[0])


def test_a_share_of_the_variance(planted, told):
    rng = np.random.default_rng(9)
    y = rng.normal(size=(2, 10, 3)) + rng.normal(size=(2, 10, 1)) * np.array([2.0, 0.5])[:, None, None]
    found = told("variance-share", planted.Study([("a", "u"), ("b", "u")], 10, 3).told(y))
    rows = [one_way(row) for row in y]
    for name in ("share", "low", "high"):
        value = {"share": found.value, "low": found.low, "high": found.high}[name]
        assert value == pytest.approx(np.mean([getattr(row, name) for row in rows]))
    assert set(found.figure["components"]) == {"method", "draw", "interaction", "residual"}
    assert "one seed" in told("variance-share", planted.Study([("a", "u")], 10, 1).told(y[:1, :, :1])).problem
    assert "several strata" in told("variance-share", planted.Study([("a", "u")], 5, 3, ("x", "y")).told(y[:1])).problem
    assert (
        "nothing varies" in told("variance-share", planted.Study([("a", "u")], 5, 2).told(np.ones((1, 5, 2)))).problem
    )
