"""Paired differences by hand: what is paired, what counts alike and what is left out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats


def test_a_paired_difference_by_hand(planted, told):
    rng = np.random.default_rng(5)
    y = rng.normal(size=(2, 8, 3)) + rng.normal(size=(1, 8, 1))
    found = told(
        "paired-difference", planted.Study([("npo", "u"), ("grad-diff", "u")], 8, 3).told(y), **planted.BY_METHOD
    )
    test = stats.ttest_rel(*y.mean(axis=2)).confidence_interval()
    assert (found.low, found.high, found.n) == (pytest.approx(test.low), pytest.approx(test.high), 8)
    assert found.problem is None
    assert found.figure["sets"][0] == ["random 0", pytest.approx(y[0, 0].mean() - y[1, 0].mean())]


def test_every_method_is_compared_with_itself(planted, told):
    y = np.random.default_rng(6).normal(size=(5, 8, 2))
    rows = [("a", "weighted"), ("a", "uniform"), ("b", "weighted"), ("b", "uniform"), ("c", "uniform")]
    sides = {"first": {"curriculum": "weighted"}, "second": {"curriculum": "uniform"}}
    found = told("paired-difference", planted.Study(rows, 8, 2).told(y), **sides)
    gained = y.mean(axis=2)[[0, 2]] - y.mean(axis=2)[[1, 3]]
    test = stats.ttest_1samp(gained.mean(axis=0), 0).confidence_interval()
    assert (found.low, found.high) == (pytest.approx(test.low), pytest.approx(test.high))
    assert dict(found.figure["pairs"]) == pytest.approx({"a": gained[0].mean(), "b": gained[1].mean()})
    assert found.problem == "on one side only, and not compared: c"
    alone = told("paired-difference", planted.Study(rows, 8, 2).told(y), **sides, only={"method": ["a"]})
    assert alone.value == pytest.approx(gained[0].mean())


def test_strata_and_parts_are_paired_by_index(planted, told):
    y = np.random.default_rng(7).normal(size=(1, 16, 2))
    strata = planted.Study([("npo", "u")], 8, 2, strata=("easy", "hard")).told(y)
    apart = y[0, :8].mean(axis=1) - y[0, 8:].mean(axis=1)
    found = told("paired-difference", strata, first={"stratum": "easy"}, second={"stratum": "hard"})
    assert found.value == pytest.approx(apart.mean())
    assert [value for _, value in found.figure["sets"]] == pytest.approx(apart)
    one, other = (
        [planted.record(completeness=float(v), index=i) for i, v in enumerate(row)] for row in y[0, :, 0].reshape(2, 8)
    )
    parts = planted.evidence(small=one, large=other)
    found = told("paired-difference", parts, first={"part": "small"}, second={"part": "large"})
    assert found.value == pytest.approx((y[0, :8, 0] - y[0, 8:, 0]).mean())


def test_strata_count_alike(planted, told):
    y = np.zeros((2, 9, 1))
    y[0, :3] = [[1.0], [1.1], [0.9]]
    records = [
        planted.record(m, stratum="easy" if i < 3 else "hard", index=i, completeness=float(y[row, i, 0]))
        for row, m in enumerate(("npo", "grad-diff"))
        for i in range(9)
    ]
    assert told("paired-difference", planted.evidence(records), **planted.BY_METHOD).value == pytest.approx(0.5)


def test_sets_that_share_samples_widen_the_interval(planted, told):
    def study(forget):
        rng = np.random.default_rng(8)
        return planted.evidence(
            planted.record(m, index=i, completeness=float(rng.normal()), forget=forget(i))
            for m in ("npo", "grad-diff")
            for i in range(8)
        )

    apart = told("paired-difference", study(lambda i: [f"{i}a", f"{i}b"]), **planted.BY_METHOD)
    shared = told("paired-difference", study(lambda i: ["all", f"{i}"]), **planted.BY_METHOD)
    assert (shared.high - shared.value) / (apart.high - apart.value) == pytest.approx(math.sqrt(1 + 8 * 0.5 / 0.5))
    assert not told("paired-difference", study(lambda i: ["all"]), **planted.BY_METHOD).known


def test_what_is_missing_is_counted_and_too_much_is_no_effect(planted, told):
    def study(broken):
        return planted.evidence(
            planted.record(m, index=i, completeness=0.1 * i, status="failed" if m == "npo" and i < broken else "ok")
            for m in ("npo", "grad-diff")
            for i in range(20)
        )

    one = told("paired-difference", study(2), **planted.BY_METHOD)
    assert (one.n, one.problem) == (18, "2 of 20 forget sets left out: 2 cells failed")
    many = told("paired-difference", study(3), **planted.BY_METHOD)
    assert not many.known
    assert "3 of 20" in many.problem
    lost = planted.evidence(study(0).only.records[1:])
    assert "1 cell not there" in told("paired-difference", lost, **planted.BY_METHOD).problem
    twice = planted.evidence((*study(0).only.records, study(0).only.records[0]))
    assert "1 cell there twice" in told("paired-difference", twice, **planted.BY_METHOD).problem


def test_reference_rows_only_where_they_are_named(planted, told):
    records = [
        planted.record(m, index=i, completeness=i / 10 + (m == "npo"), reference=None if m == "npo" else "oracle")
        for m in ("npo", "retrain")
        for i in range(5)
    ]
    records += [planted.record(index=i, seed=1, completeness=1.5 + i / 10) for i in range(5)]
    assert told("variance-share", planted.evidence(records)).figure["rows"][0][0] == "npo + uniform"
    only = {"first": {"method": "npo"}, "second": {"method": "retrain"}, "only": {"method": ["npo", "retrain"]}}
    found = told("paired-difference", planted.evidence(records[:10]), **only)
    assert found.value == pytest.approx(1.0)
