"""What boards make of the way: matched completeness, looks, updates to forget, coverage, tuning."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from scipy import stats

from fairforget.board.forms.html import render_html
from fairforget.board.forms.json import render_json
from fairforget.board.forms.markdown import render_markdown
from fairforget.board.page.curves import survivals, ways
from fairforget.board.sheets.order import all_sheets
from fairforget.board.table import build

GOAL = 0.8
BUDGET = {"kind": "updates", "amount": 200, "stop": None, "completeness": GOAL, "every": 10}
# Method -> for each draw: the update and the utility at which the goal is reached, or the highest completeness.
ARRIVALS = {
    "npo": [(22.5, 0.70), (35.0, 0.74), (40.0, 0.66), (28.0, 0.72)],
    "grad-diff": [(60.0, 0.90), 0.71, (81.0, 0.86), (75.0, 0.88)],
    "idk": [0.4, 0.45, 0.5, 0.42],
}


def sheet(board, name):
    return next(s for s in all_sheets(board.tables[0]) if s.name == name)


def cells(found, label):
    """The texts of a line, by the head of their column."""
    line = next(line for line in found.lines if line.cells[found.header].text == label)
    return {head.label: cell.whole for head, cell in zip(found.heads, line.cells, strict=True)}


def row(board, label):
    return next(r for r in board.tables[0].rows if r.label == label)


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


def looks(completeness, utility, every=10):
    """A trajectory; the columns are off the averages by +0.02, 0 and −0.02, as those of the factory."""
    return [
        {
            "update": i * every,
            "forward_equivalents": i * every * 24,
            "seconds": 0.1 * i,
            "scores": {"forget_rouge_l": c + 0.02, "forget_unlearning_accuracy": c - 0.02, "retain_accuracy": u},
        }
        for i, (c, u) in enumerate(zip(completeness, utility, strict=True))
    ]


@pytest.fixture(scope="module")
def looked_at(factory):
    paths = {
        "npo": [([0.0, 0.4, 0.8], [0.9, 0.8, 0.7]), ([0.1, 0.6], [1.0, 0.9]), ([0.2, 0.2, 0.5], [0.8, 0.7, 0.9])],
        "grad-diff": [([0.0, 0.2, 0.3], [0.9, 0.9, 0.9])] * 3,
    }
    return build(
        factory.read(
            [
                factory.make_record(factory.make_cell(method, index=i), trajectory=looks(*path))
                for method, drawn in paths.items()
                for i, path in enumerate(drawn)
            ]
        )
    )


def test_the_way_is_the_mean_over_forget_sets_and_an_ended_run_keeps_what_it_had(looked_at):
    found = row(looked_at, "npo").way
    assert [look.update for look in found] == [0, 10, 20]
    assert [look.completeness.mean for look in found] == pytest.approx([0.1, 0.4, (0.8 + 0.6 + 0.5) / 3])
    assert [look.utility.mean for look in found] == pytest.approx([0.9, 0.8, (0.7 + 0.9 + 0.9) / 3])
    assert [look.completeness.n for look in found] == [3, 3, 3]
    assert [look.forward_equivalents for look in found] == pytest.approx([0, 240, (480 + 240 + 480) / 3])
    half = stats.t.ppf(0.975, 2) * np.std([0.8, 0.6, 0.5], ddof=1) / 3**0.5
    assert found[2].completeness.half_width == pytest.approx(half)


def test_the_way_of_a_run_that_failed_ends_where_it_broke(factory):
    records = [
        factory.make_record(factory.make_cell(index=i), trajectory=looks([0.0, 0.5, 0.9], [0.9, 0.8, 0.7]))
        for i in range(3)
    ]
    records[1] |= {"status": "failed", "scores": {}, "trajectory": looks([0.0, 0.8], [0.9, 0.1])}
    found = row(build(factory.read(records)), "npo").way
    assert [look.completeness.n for look in found] == [3, 3, 2]
    assert found[1].completeness.mean == pytest.approx((0.5 + 0.8 + 0.5) / 3)
    assert found[2].completeness.mean == pytest.approx(0.9)


def test_the_page_says_which_columns_the_way_is_of(looked_at):
    found = sheet(looked_at, "way")
    assert [head.label for head in found.heads] == ["method", "average of", "target", "10 updates", "20 updates"]
    assert (
        "not those of the ranking, but of what was looked at: completeness of forget_rouge_l and forget_unl"
        in found.about
    )
    assert [line.cells[1].text for line in found.lines] == ["completeness", "utility"] * 2


def test_columns_outside_the_averages_stand_in_where_no_other_was_looked_at(factory):
    records = []
    for i in range(3):
        points = looks([0.0, 0.5], [0.9, 0.8])
        for point in points:
            point["scores"] = {
                "forget_probability": 0.1 * point["update"],
                "retain_accuracy": 0.9,
                "forget_perplexity": 7,
            }
        record = factory.make_record(factory.make_cell(index=i), trajectory=points)
        record["scores"]["forget_probability"] = factory.make_score(0.9, "completeness", average=False)
        records.append(record)
    board = build(factory.read(records))
    assert board.tables[0].on_the_way == ("forget_probability", "retain_accuracy")
    assert [look.completeness.mean for look in row(board, "npo").way] == [0.0, 1.0]
    assert "completeness of forget_probability and utility of retain_accuracy" in sheet(board, "way").about


def test_what_is_known_of_the_retain_set_stands_in_for_utility(factory):
    """Of retain_probability and holdout_perplexity only the former measures what a column of completeness does."""
    records = []
    for i in range(3):
        points = looks([0.0, 0.5], [0.9, 0.8])
        for point, kept in zip(points, (0.95, 0.7), strict=True):
            point["scores"] = {"forget_probability": 0.4, "retain_probability": kept, "holdout_perplexity": 7}
        record = factory.make_record(factory.make_cell(index=i), trajectory=points)
        loose = {"better": None, "average": False, "metric": "fairforget/probability"}
        record["scores"] |= {
            "forget_probability": factory.make_score(0.9, "completeness", **(loose | {"better": "higher"})),
            "retain_probability": factory.make_score(0.7, "diagnostic", **loose),
            "holdout_perplexity": factory.make_score(7.0, "diagnostic", **(loose | {"metric": "p", "on": "holdout"})),
        }
        records.append(record)
    board = build(factory.read(records))
    assert [look.utility.mean for look in row(board, "npo").way] == pytest.approx([0.95, 0.7])
    assert "completeness of forget_probability and utility of retain_probability." in sheet(board, "way").about


def coordinates(path):
    return np.array([[float(n) for n in pair.split()] for pair in re.split(r"[ML]", path)[1:]])


def test_the_drawing_has_the_numbers_of_the_table(looked_at):
    panels = ways(looked_at.tables[0])
    assert [panel.title for panel in panels] == [r.label for r in looked_at.tables[0].rows]
    panel = next(p for p in panels if p.title == "npo")
    (name, path), (other, _) = panel.lines
    assert (name, other) == ("completeness", "utility")
    found = coordinates(path)
    values = panel.y.low + (found[:, 1] - panel.y.start) / (panel.y.end - panel.y.start) * (panel.y.high - panel.y.low)
    assert values == pytest.approx([0.1, 0.4, 1.9 / 3], abs=1e-4)
    assert found[:, 0] == pytest.approx([34, (34 + 348) / 2, 348])
    assert render_html(looked_at).count('class="completeness"') == 2


PACES = {"npo": [[5, 10, 10, None], [5, 5, 20, None], [10, None, None, None]], "idk": [[None] * 4] * 3}


@pytest.fixture(scope="module")
def forgotten(factory):
    def told(updates):
        return {"updates": {f"s{i}": u for i, u in enumerate(updates)}, "cap": 30, "every": 5, "level": {}}

    return build(
        factory.read(
            [
                factory.make_record(
                    factory.make_cell(method, stratum=stratum, index=i),
                    forgetting=told([u and u * factor for u in drawn]),
                )
                for method, paces in PACES.items()
                for stratum, factor in (("random", 1), ("easy", 0.5))
                for i, drawn in enumerate(paces)
            ]
        )
    )


def test_updates_to_forget_are_censored_and_not_averaged(forgotten):
    """Twelve samples: three after 5, three after 10, one after 20, five not by 30."""
    found = row(forgotten, "npo").forgetting
    assert (found[""].samples, found[""].forgotten, found[""].cap) == (12, 7, 30)
    assert found[""].curve == ((5, pytest.approx(9 / 12)), (10, pytest.approx(6 / 12)), (20, pytest.approx(5 / 12)))
    asked = found[""].quantiles
    assert (asked.quarter, asked.median, asked.three_quarters) == (5, 10, None)
    assert found["easy"].quantiles.median == 5
    line = cells(sheet(forgotten, "forgetting"), "npo")
    assert (line["forgotten"], line["three quarters after"]) == ("58 %", "> 30")
    assert line["half after, random (n = 3)"].startswith("10")
    assert cells(sheet(forgotten, "forgetting"), "idk")["half after, random (n = 3)"] == "> 30"


def test_the_curve_is_drawn_in_steps_up_to_the_last_look(forgotten):
    panels = {panel.title: panel for panel in survivals(forgotten.tables[0])}
    found = coordinates(panels["npo"].lines[0][1])
    x, y = panels["npo"].x, panels["npo"].y
    corners = [(0, 1), (5, 1), (5, 9 / 12), (10, 9 / 12), (10, 0.5), (20, 0.5), (20, 5 / 12), (30, 5 / 12)]
    assert found == pytest.approx(np.array([(x(at), y(share)) for at, share in corners]), abs=0.01)
    assert coordinates(panels["idk"].lines[0][1]) == pytest.approx(np.array([(x(0), y(1)), (x(30), y(1))]), abs=0.01)


def test_a_curriculum_says_how_it_spread_the_updates(factory):
    uniform = [{"epoch": e, "effective_sample_size": 4.0, "samples": 4, "distinct": 4, "seen": 4} for e in range(2)]
    weighted = [
        {"epoch": 0, "effective_sample_size": 3.0, "scored": True, "undefined": 1, "samples": 4, "seen": 2},
        {"epoch": 1, "effective_sample_size": 2.0, "scored": True, "undefined": 0, "samples": 4, "seen": 3},
    ]
    records = []
    for i in range(3):
        for curriculum, log, visits in (("uniform", uniform, [2, 2, 2, 2]), ("mrd-weighted", weighted, [5, 0, 2, 1])):
            record = factory.make_record(factory.make_cell(index=i, curriculum=curriculum))
            record["ledger"] |= {"curriculum": log, "visits": {f"s{n}": v for n, v in enumerate(visits)}}
            records.append(record)
    board = build(factory.read(records))
    found = row(board, "npo + mrd-weighted").coverage
    assert (found.samples, found.effective, found.seen, found.fewest, found.most) == (4, 2.5, 3, 0, 5)
    assert (found.scorings, found.undefined) == (2, 0.5)
    line = cells(sheet(board, "coverage"), "npo + mrd-weighted")
    assert (line["effective sample size"], line["visits"]) == ("2.5 of 4", "0–5")
    alike = build(factory.read([r for r in records if r["cell"]["curriculum"]["label"] == "uniform"]))
    assert "coverage" not in {s.name for s in all_sheets(alike.tables[0])}


def test_the_worst_quarter_is_of_the_samples_that_are_least_forgotten(factory):
    """Five samples: a quarter is two. The third column is no mean of its items, as an AUC is not."""
    first, second = [1.0, 0.2, 0.4, 0.9, 0.0], [0.8, 0.0, 1.0, 0.7, 0.5]
    records = []
    for i in range(3):
        record = factory.make_record(factory.make_cell(index=i))
        for name, values in (("forget_rouge_l", first), ("forget_unlearning_accuracy", second)):
            record["scores"][name]["value"] = sum(values) / 5
            record["items"][name] = {f"s{n}": v - 0.01 * i for n, v in enumerate(values)}
            record["scores"][name]["value"] -= 0.01 * i
        record["items"]["forget_mia"] = {f"s{n}": 0.0 for n in range(5)}
        records.append(record)
    found = row(build(factory.read(records)), "npo").worst_quarter
    # Means by sample: 0.9, 0.1, 0.7, 0.8, 0.25.
    assert (found.mean, found.n) == (pytest.approx((0.1 + 0.25) / 2 - 0.01), 3)
    for record in records:
        record["items"] = {}
    assert row(build(factory.read(records)), "npo").worst_quarter is None


def tuned_records(factory, method, trials, key="k"):
    made = []
    for i in range(3):
        cell = factory.make_cell(method, index=i, method__options={"beta": 0.3})
        cell["method"]["tuned"] = True
        tuning = {"trials": trials, "forward_equivalents": 9000, "chosen": {"beta": 0.3, "lr": 2e-4}, "key": key}
        tuning |= {"default": {"options": {}, "value": 0.61}, "value": 0.7}
        made.append(factory.make_record(cell, tuning=tuning))
    return made


def test_tuned_rows_have_a_table_of_their_own(factory):
    """Also where the search chose what the study gives: the same options, but searched for."""
    plain = [factory.make_record(factory.make_cell(m, index=i)) for m in ("npo", "idk", "simnpo") for i in range(3)]
    same = [factory.make_record(factory.make_cell("npo", index=i, method__options={"beta": 0.3})) for i in range(3)]
    tuned = tuned_records(factory, "npo", 8) + tuned_records(factory, "idk", 8, "other")
    harder = tuned_records(factory, "dpo", 16)
    reference = [
        factory.make_record(factory.make_cell("untouched", index=i, curriculum=None, reference="untouched"))
        for i in range(3)
    ]
    board = build(factory.read([*plain, *same, *tuned, *harder, *reference]))
    assert [{r.label.split(" ")[0] for r in table.rows} for table in board.tables] == [
        {"npo", "idk", "simnpo", "untouched"},
        {"npo", "idk", "untouched"},
        {"dpo", "untouched"},
    ]
    assert [table.trials for table in board.tables] == [None, 8, 16]
    assert [table.apart for table in board.tables] == [(), ("tuning",), ("tuning",)]
    assert "settings searched by 8 trials" in render_markdown(board)


def test_what_tuning_spent_is_shown_once_a_row(factory):
    board = build(factory.read(tuned_records(factory, "npo", 8) + tuned_records(factory, "idk", 8, "other")))
    found = row(board, "npo").tuned
    assert (found.trials, found.forward_equivalents, found.chosen) == (8, 9000, {"beta": 0.3, "lr": 2e-4})
    assert cells(sheet(board, "cost"), "npo")["tuning, once"] == "9,000"
    line = cells(sheet(board, "tuning"), "npo")
    assert (line["chosen"], line["as given"], line["best"]) == ("beta=0.3, lr=0.0002", "0.610", "0.700")


def test_the_cost_tells_references_and_looks_apart(factory):
    record = factory.make_record(factory.make_cell())
    record["ledger"] |= {
        "forward_equivalents": 400,
        "reference": {"forward_sequences": 40},
        "stopping": {"forward_sequences": 70},
    }
    board = build(factory.read([record]))
    cost = row(board, "npo").cost
    assert (cost.forward_equivalents, cost.reference_share, cost.looks) == (400, 0.1, 70)
    line = cells(sheet(board, "cost"), "npo")
    assert (line["for reference"], line["looks"], "tuning, once" in line) == ("10 %", "70", False)


def test_what_is_looked_at_on_the_way_parts_no_table(factory):
    records = [
        factory.make_record(factory.make_cell(method, index=i, **change))
        for method, change in (("npo", {}), ("idk", {"evaluation__trajectory": {"every": 5}}))
        for i in range(3)
    ]
    assert len(build(factory.read(records)).tables) == 1


JUNK = [
    None,
    3,
    "x",
    [],
    {},
    [1, None, {"update": "x"}],
    {"updates": 4, "cap": 2},
    {"updates": {"s": "x"}, "cap": 1e400},
]


@pytest.mark.parametrize("junk", JUNK)
def test_what_is_not_as_expected_counts_as_not_there(factory, junk):
    parts = dict.fromkeys(("trajectory", "matched", "forgetting", "tuning"), junk)
    records = []
    for i in range(3):
        cell = factory.make_cell(index=i, budget=BUDGET)
        cell["method"]["tuned"] = True
        record = factory.make_record(cell, **parts)
        record["ledger"] |= {"curriculum": junk, "visits": junk}
        records.append(record)
    board = build(factory.read(records))
    assert row(board, "npo").unranked == "3 cells never reached completeness 0.8"
    assert json.loads(render_json(board))["cells"] == 3
    assert render_html(board)
    assert render_markdown(board)


def test_what_a_search_chose_cannot_break_the_page(factory):
    records = tuned_records(factory, "npo", 8)
    for record in records:
        record["tuning"]["chosen"] = {"<script>alert(1)</script>": "a|b"}
    board = build(factory.read(records))
    assert "<script>alert" not in render_html(board)
    assert "a\\|b" in render_markdown(board)
