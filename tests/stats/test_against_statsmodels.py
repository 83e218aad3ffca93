"""Holm and Kaplan–Meier, beside another implementation of both."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from statsmodels.duration.survfunc import SurvfuncRight
from statsmodels.stats.multitest import multipletests

from fairforget.stats.ranks import holm
from fairforget.stats.survival import kaplan_meier


@settings(derandomize=True, deadline=None)
@given(arrays(float, st.integers(1, 40), elements=st.floats(0, 1)))
def test_holm(p):
    with mock.patch("gc.collect"):  # theirs begins with that at each call, which takes a quarter of a second
        theirs = multipletests(p, method="holm")[1]
    assert holm(p) == pytest.approx(theirs, abs=1e-12)


times = st.lists(st.tuples(st.integers(1, 12), st.booleans()), min_size=2, max_size=40).filter(
    lambda d: sum(seen for _, seen in d) >= 2
)


@settings(derandomize=True, deadline=None)
@given(times)
def test_kaplan_meier_with_greenwoods_error(drawn):
    t, seen = np.array([float(t) for t, _ in drawn]), np.array([seen for _, seen in drawn])
    curve, theirs = kaplan_meier(t, seen), SurvfuncRight(t, seen.astype(int))
    share = theirs.surv_prob[np.searchsorted(theirs.surv_times, curve.times)]
    error = theirs.surv_prob_se[np.searchsorted(theirs.surv_times, curve.times)]
    assert curve.share == pytest.approx(share)
    inside = (share > 1e-9) & (share < 1)
    spread = 1.959963984540054 * error[inside] / (share[inside] * np.abs(np.log(share[inside])))
    assert curve.low[inside] == pytest.approx(share[inside] ** np.exp(spread))
    assert curve.high[inside] == pytest.approx(share[inside] ** np.exp(-spread))
    for p in (0.25, 0.5, 0.75):
        theirs_p = theirs.quantile(p)
        # Where the curve is at 1 − p up to rounding, either answer is right.
        if np.abs(share - (1 - p)).min() > 1e-9:
            assert curve.quantile(p) == (None if np.isnan(theirs_p) else theirs_p)
