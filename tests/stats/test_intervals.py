from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.stats.intervals import draw_means, paired_difference, t_interval

numbers = st.floats(-1e3, 1e3)


@settings(derandomize=True, deadline=None)
@given(st.lists(numbers, min_size=3, max_size=40), st.sampled_from([0.8, 0.95, 0.99]))
def test_the_interval_is_scipys(values, level):
    found = t_interval(np.array(values), level)
    if np.std(values) < 1e-9:  # scipy says nan
        low = high = np.mean(values)
    else:
        low, high = scipy.stats.t.interval(level, len(values) - 1, np.mean(values), scipy.stats.sem(values))
    assert found.n == len(values)
    assert found.mean == pytest.approx(np.mean(values), abs=1e-9)
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-6, abs=1e-6)
    assert found.half_width == pytest.approx((high - low) / 2, abs=1e-6)


@pytest.mark.parametrize("values", [[0.5], [0.5, 0.7], [0.5, np.nan, 0.7]])
def test_fewer_than_three_draws_have_a_mean_and_no_interval(values):
    found = t_interval(np.array(values))
    assert found.mean == pytest.approx(np.nanmean(values))
    assert found.low is found.high is found.half_width is None
    assert found.n == np.isfinite(values).sum()


def test_nothing_is_estimated_from_nothing():
    assert t_interval(np.array([])) is None
    assert t_interval(np.array([np.nan])) is None


def test_a_draw_with_a_missing_seed_is_missing():
    assert draw_means(np.array([[1.0, 3.0], [1.0, np.nan]])) == pytest.approx([2.0, np.nan], nan_ok=True)


def test_a_pair_is_compared_on_the_draws_both_have():
    first, second = np.array([0.5, 0.7, np.nan, 0.9, 0.8]), np.array([0.4, 0.65, 0.5, 0.7, np.nan])
    found = paired_difference(first, second)
    test = scipy.stats.ttest_rel([0.5, 0.7, 0.9], [0.4, 0.65, 0.7]).confidence_interval(0.95)
    assert (found.n, found.mean) == (3, pytest.approx(0.35 / 3))
    assert (found.low, found.high) == pytest.approx((test.low, test.high))
