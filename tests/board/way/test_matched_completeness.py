"""Rows that are compared by their utility where completeness is equal."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from fairforget.board.forms.markdown import render_markdown
from fairforget.board.table import build

from .read_off import BUDGET, GOAL, cells, row, sheet

# Method -> for each draw: the update and the utility at which the goal is reached, or the highest completeness.
ARRIVALS = {
    "npo": [(22.5, 0.70), (35.0, 0.74), (40.0, 0.66), (28.0, 0.72)],
    "grad-diff": [(60.0, 0.90), 0.71, (81.0, 0.86), (75.0, 0.88)],
    "idk": [0.4, 0.45, 0.5, 0.42],
}


def matched_record(factory, method, index, arrival):
    cell = factory.make_cell(method, index=index, budget=BUDGET)
    reached = isinstance(arrival, tuple)
    update, utility = arrival if reached else (None, None)
    record = factory.make_record(
        cell,
        0.82 if reached else arrival,
        utility if reached else 0.97,
        matched={
            "completeness": GOAL,
            "reached": reached,
            "update": update,
            "utility": {"retain_accuracy": utility} if reached else None,
            "utility_average": utility,
            "best": 0.83 if reached else arrival,
        },
    )
    record["ledger"]["updates"] = 100 if reached else 200
    return record


@pytest.fixture(scope="module")
def matched(factory):
    records = [
        matched_record(factory, method, index, arrival)
        for method, arrivals in ARRIVALS.items()
        for index, arrival in enumerate(arrivals)
    ]
    for index in range(4):
        cell = factory.make_cell("untouched", index=index, curriculum=None, reference="untouched", budget=BUDGET)
        records.append(factory.make_record(cell, 0.03, 0.97))
    return build(factory.read(records))


def test_rows_are_compared_by_utility_where_completeness_is_equal(matched):
    table = matched.tables[0]
    assert table.goal == GOAL
    utilities = np.array([utility for _, utility in ARRIVALS["npo"]])
    score = row(matched, "npo").headline.score
    assert score.mean == pytest.approx(utilities.mean())
    assert score.half_width == pytest.approx(stats.t.ppf(0.975, 3) * utilities.std(ddof=1) / 2)
    assert sheet(matched, "ranking").heads[2].label == "utility at 0.8, random (n = 4)"
    assert "until completeness 0.8, at most 200 updates" in render_markdown(matched)


def test_a_method_that_never_gets_there_is_a_failure_and_has_no_rank(matched):
    """idk has the highest utility at its end, and would lead if that counted."""
    assert [r.label for r in matched.tables[0].rows] == ["npo", "grad-diff", "idk", "untouched"]
    assert row(matched, "npo").rank is not None
    assert row(matched, "grad-diff").rank is None
    assert row(matched, "grad-diff").unranked == "1 cell never reached completeness 0.8"
    assert row(matched, "idk").unranked == "4 cells never reached completeness 0.8"
    assert row(matched, "idk").headline.score is None
    found = sheet(matched, "matched")
    assert [line.cells[1].whole for line in found.lines] == ["4 of 4", "3 of 4 (1 failed)", "0 of 4 (never)"]
    assert cells(found, "idk")["utility at 0.8"] == "–"
    assert cells(found, "idk")["highest completeness"] == "0.500"
    assert "no rank: 4 cells never reached completeness 0.8" in render_markdown(matched)
    assert row(matched, "untouched").matched is None


def test_the_utility_of_those_that_got_there_says_how_many_they_are(matched):
    found = row(matched, "grad-diff").matched
    assert (found.cells, found.reached, found.best) == (4, 3, 0.71)
    assert (found.utility.mean, found.utility.n) == (pytest.approx(0.88), 3)
    assert found.columns["retain_accuracy"].mean == pytest.approx(0.88)
    assert "(n = 3)" in cells(sheet(matched, "matched"), "grad-diff")["utility at 0.8"]


def test_updates_to_the_goal_are_censored_where_it_is_not_reached(matched):
    found = {r.label: r.matched.updates for r in matched.tables[0].rows if r.matched}
    assert found["npo"].median == 28.0, "the second of four"
    # Of 60, 75, 81 and one that takes more than 200: half are there after 75.
    assert (found["grad-diff"].quarter, found["grad-diff"].median, found["grad-diff"].three_quarters) == (60, 75, 81)
    assert found["idk"].median is None
    assert cells(sheet(matched, "matched"), "idk")["updates"] == "> 200"


def test_a_cell_that_failed_never_reached_the_goal(factory):
    records = [matched_record(factory, "npo", i, arrival) for i, arrival in enumerate(ARRIVALS["npo"])]
    records[2] |= {"status": "failed", "scores": {}, "matched": None}
    found = row(build(factory.read(records)), "npo")
    assert (found.matched.cells, found.matched.reached) == (4, 3)
    assert found.unranked == "1 cell never reached completeness 0.8"
