"""What is told from the way of a run: areas, decay and forgetting at equal utility."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from fairforget.claims.statistics.ways import NARROWEST, Looks, Way, area_difference, decay, forgetting_at


def way(updates, forgetting, utility):
    return Way(*(np.array(part, dtype=float) for part in (updates, forgetting, utility)))


def looked(planted, completeness, utility, **columns):
    points = [
        {
            "update": 5 * i,
            "scores": {planted.COMPLETENESS: c, planted.UTILITY: u, **{n: v[i] for n, v in columns.items()}},
        }
        for i, (c, u) in enumerate(zip(completeness, utility, strict=True))
    ]
    return {"completeness": completeness[-1], "utility": utility[-1], "trajectory": points}


def test_an_area_beside_a_fine_sum():
    """Forgetting falls back once on the way: utility is where a degree is first reached."""
    one = way([0, 1, 2, 3, 4], [0.1, 0.5, 0.4, 0.8, 0.9], [1.0, 0.9, 0.85, 0.7, 0.2])
    other = way([0, 2, 4], [0.2, 0.6, 0.75], [1.0, 0.6, 0.3])

    def first(found, degree):
        after = int(np.argmax(found.forgetting >= degree))
        (c0, c1), (u0, u1) = (part[after - 1 : after + 1] for part in (found.forgetting, found.utility))
        return u0 + (degree - c0) / (c1 - c0) * (u1 - u0)

    grid = 0.2 + (np.arange(20_000) + 0.5) / 20_000 * 0.55
    fine = np.mean([first(one, c) - first(other, c) for c in grid])
    assert area_difference(one, other) == pytest.approx(fine, abs=1e-4)
    assert area_difference(other, one) == pytest.approx(-area_difference(one, other))
    assert math.isnan(area_difference(one, way([0, 1], [0.88, 0.99], [1, 0])))
    assert area_difference(one, way([0, 1], [0.84, 0.99], [1, 0])) > -1  # a range of more than NARROWEST
    assert NARROWEST == 0.05


def test_decay_is_a_least_squares_slope():
    found = way([0, 1, 2, 5, 9], [0, 0, 0, 0, 0], [1.0, 0.8, 0.9, 0.4, 0.0])
    assert decay(found, 5) == pytest.approx(np.polyfit([0, 1, 2, 5], [1.0, 0.8, 0.9, 0.4], 1)[0])
    assert math.isnan(decay(found, 0))


def test_ways_of_records(planted, told):
    rng = np.random.default_rng(14)
    ways = {
        s: [([0.1, 0.4, 0.7, 0.9], [1.0, *(1 - np.sort(rng.uniform(0, d, 3))).tolist()]) for _ in range(6)]
        for s, d in (("in-distribution", 0.9), ("out-of-distribution", 0.3))
    }
    records = [
        planted.record(stratum=s, index=i, **looked(planted, *found))
        for s, of in ways.items()
        for i, found in enumerate(of)
    ]
    sides = {"first": {"stratum": "in-distribution"}, "second": {"stratum": "out-of-distribution"}}
    slower = told("decay", planted.evidence(records), **sides)
    slopes = [[np.polyfit([0, 5, 10, 15], u, 1)[0] for _, u in of] for of in ways.values()]
    assert slower.value == pytest.approx(np.mean(np.subtract(*slopes)))
    assert slower.high < 0
    area = told("trade-off-area", planted.evidence(records), **sides)
    areas = [[np.trapezoid(u, c) / 0.8 for c, u in of] for of in ways.values()]
    assert area.value == pytest.approx(np.mean(np.subtract(*areas)))
    named = told("decay", planted.evidence(records), **sides, of=planted.UTILITY)
    assert named.value == pytest.approx(slower.value)
    bare = planted.evidence([planted.record(stratum=s, index=i) for s in ways for i in range(6)])
    assert "cells without a value" in told("trade-off-area", bare, **sides).problem


def test_forgetting_at_equal_utility(planted, told):
    """Utility falls evenly by 0.2 a look, and by 0.1; forgetting rises by 0.2 a look in both."""
    rng = np.random.default_rng(17)
    risen, shift = 0.2 * np.arange(5), rng.normal(0, 0.01, (2, 6))
    records = [
        planted.record(
            stratum=s, index=i, **looked(planted, (risen + shift[row, i]).tolist(), (1 - fall * np.arange(5)).tolist())
        )
        for row, (s, fall) in enumerate((("high", 0.2), ("low", 0.1)))
        for i in range(6)
    ]
    sides = {"first": {"stratum": "high"}, "second": {"stratum": "low"}}
    found = told("at-equal-utility", planted.evidence(records), **sides, lost=0.35)
    # 0.35 are lost after 1.75 looks, and after 3.5.
    test = stats.ttest_1samp(0.2 * 1.75 - 0.2 * 3.5 + shift[0] - shift[1], 0).confidence_interval()
    assert (found.low, found.high) == (pytest.approx(test.low), pytest.approx(test.high))
    each = 0.2 * 1.75 - 0.2 * 3.5 + shift[0] - shift[1]
    control = told("at-equal-utility", planted.evidence(records), **sides, lost=0.35, shuffled=True)
    assert np.abs([v for _, v in control.figure["sets"]]) == pytest.approx(np.abs(each))
    assert control.low < 0 < control.high
    never = told("at-equal-utility", planted.evidence(records), **sides, lost=0.5)
    assert "6 of 6 pairs of forget sets left out: 6 cells without a value" in never.problem
    assert {found.unit, never.unit} == {"pairs of forget sets"}
    assert math.isnan(forgetting_at(way([0, 1], [0, 1], [0.5, 0.4]), 0.6))


def test_looks_of_a_hostile_trajectory(planted):
    for trajectory in (None, {}, [None], [{"update": "x"}], [{"update": 1, "scores": []}], [{"update": 1e400}]):
        one = planted.record(trajectory=trajectory)
        assert Looks("a", "b", {}).way(one) is None
