"""Ratios of what runs spend, and the middle of differences of which some are bounds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from fairforget.stats.signed_rank import middle


@pytest.mark.parametrize("n", [6, 9, 20])
def test_the_middle_inverts_wilcoxons_test(n):
    d = np.random.default_rng(n).normal(0.3, 1, n)
    found = middle(d, d)
    averages = [(d[i] + d[j]) / 2 for i in range(n) for j in range(i, n)]
    assert found.value == pytest.approx(np.median(averages))
    for end, inward in ((found.low, 1e-9), (found.high, -1e-9)):
        assert stats.wilcoxon(d - end - inward, method="exact").pvalue > 0.05
        assert stats.wilcoxon(d - end + inward, method="exact").pvalue <= 0.05


@settings(derandomize=True, deadline=None, max_examples=50)
@given(arrays(float, 12, elements=st.floats(-5, 5)), arrays(float, 12, elements=st.floats(0, 3)), st.randoms())
def test_bounds_hold_whatever_lies_between_them(low, width, random):
    high = np.where(np.arange(12) % 3 == 0, low + width, low)
    between = np.array([random.uniform(a, b) for a, b in zip(low, high, strict=True)])
    wide, one = middle(low, high), middle(between, between)
    assert wide.low <= one.low + 1e-12
    assert one.high <= wide.high + 1e-12


def test_the_middle_at_its_edges():
    assert middle(np.zeros(5), np.zeros(5)) is None
    d = np.arange(12.0)
    one_open = middle(d, np.where(d == 11, np.inf, d))
    assert (one_open.low, one_open.open) == (middle(d, d).low, 1)
    assert middle(d, d).high < one_open.high < math.inf
    assert middle(d, np.full(12, np.inf)).high == math.inf
    assert math.isnan(middle(np.full(12, -np.inf), np.full(12, np.inf)).value)
    twice = middle(d, d, inflation=4.0)
    assert twice.high - twice.value == pytest.approx(2 * (middle(d, d).high - twice.value))
    with pytest.raises(ValueError, match="lower bound"):
        middle(np.ones(8), np.zeros(8))


def test_a_ratio_with_runs_that_never_got_there(planted, told):
    def study(never):
        return planted.evidence(
            planted.record(
                "npo",
                curriculum=c,
                index=i,
                budget=planted.STOP,
                ledger=planted.spent(40 if i in never and c == "uniform" else n, not (i in never and c == "uniform")),
                draw_info={"samples": {"mrd": {"a": 1.0, "b": 4.0}}},
            )
            for c, of in (("uniform", range(20, 32)), ("weighted", range(10, 22)))
            for i, n in enumerate(of)
        )

    sides = {"first": {"curriculum": "uniform"}, "second": {"curriculum": "weighted"}}
    d = np.log(np.arange(20, 32)) - np.log(np.arange(10, 22))
    found = told("ratio", study(()), **sides, predicted="mrd")
    assert (found.value, found.low) == (pytest.approx(middle(d, d).value), pytest.approx(middle(d, d).low))
    assert found.figure["ratio"][0] == pytest.approx(math.exp(found.value))
    assert found.figure["predicted"] == [pytest.approx(math.log(2.5 / 1.6)), 12]
    one = told("ratio", study((0,)), **sides)
    assert one.low > 0
    assert one.problem == "on 1 of 12 forget sets a run never reached its goal"
    never = told("ratio", study(range(12)), **sides)
    assert (never.high, never.figure["ratio"][2]) == (math.inf, None)
    turned = told("ratio", study((0,)), first=sides["second"], second=sides["first"])
    assert (turned.value, turned.low, turned.high) == pytest.approx((-one.value, -one.high, -one.low))
