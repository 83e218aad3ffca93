from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from fairforget.board.sheets.results import measured
from fairforget.board.table import build
from fairforget.errors import FairforgetError
from fairforget.stats.ranks import rank
from fairforget.store.record import Rejected


def row(table, label):
    return next(row for row in table.rows if row.label == label)


def ranked(board):
    return {row.label: (row.rank.rank, row.rank.low, row.rank.high) for row in board.tables[0].competing if row.rank}


@pytest.fixture(scope="module")
def study(factory):
    return factory.make_study()


@pytest.fixture(scope="module")
def board(factory, study):
    return build(factory.read(study))


@pytest.fixture(scope="module")
def frame(study, factory):
    """The same numbers by pandas, from the raw records."""
    rows = []
    for record in study:
        cell = record["cell"]
        value = {name: score["value"] for name, score in record["scores"].items()}
        completeness = np.mean([value[name] for name in factory.COMPLETENESS])
        utility = np.mean([value[name] for name in factory.UTILITY])
        label = cell["method"]["label"]
        if cell["curriculum"]:
            label += f" + {cell['curriculum']['label']}"
        rows.append(
            {
                "label": label,
                "stratum": cell["draw"]["stratum"],
                "draw": cell["draw"]["index"],
                "completeness": completeness,
                "utility": utility,
                "score": scipy.stats.hmean([completeness, utility]),
                "by_probability": value["forget_mia"],
                "by_generation": value["forget_rouge_l"],
                "forget_perplexity": value["forget_perplexity"],
            }
        )
    return pd.DataFrame(rows)


def test_every_figure_is_the_t_interval_of_draw_means(board, frame):
    table = board.tables[0]
    assert len(table.rows) == 10
    for found in table.rows:
        for stratum in table.strata:
            mine = frame[(frame["label"] == found.label) & (frame["stratum"] == stratum.label)]
            draws = mine.groupby("draw").mean(numeric_only=True)
            for name in ("score", "completeness", "utility", "by_probability", "by_generation"):
                estimate = getattr(found.strata[stratum.label].figures, name)
                low, high = scipy.stats.t.interval(
                    0.95, len(draws) - 1, draws[name].mean(), scipy.stats.sem(draws[name])
                )
                assert (estimate.mean, estimate.low, estimate.high) == pytest.approx((draws[name].mean(), low, high))
                assert estimate.n == len(draws)
            column = found.strata[stratum.label].figures.columns["forget_perplexity"]
            assert column.mean == pytest.approx(draws["forget_perplexity"].mean())
        assert found.headline == found.strata["random"].figures


def test_ranks_are_of_the_headline_scores(board, frame):
    table = board.tables[0]
    labels = [found.label for found in table.competing]
    mine = frame[frame["stratum"] == "random"].groupby(["label", "draw"])["score"].mean().unstack().loc[labels]
    expected = rank([mine.to_numpy()])
    assert [found.rank.rank for found in table.competing] == list(expected.rank)
    assert [found.rank.high for found in table.competing] == list(expected.worst)
    means = [found.headline.score.mean for found in table.competing]
    assert means == sorted(means, reverse=True)


def test_reference_rows_stand_below_without_a_rank(board):
    table = board.tables[0]
    assert [found.label for found in table.references] == ["untouched", "retrain"]
    assert all(found.rank is None and found.unranked is None and found.curriculum is None for found in table.references)
    assert row(table, "retrain").headline.score.n == 3
    assert row(table, "retrain").missing == 0
    assert table.notes == ()


def test_strata_stand_in_the_order_of_difficulty_with_their_weights(board):
    table = board.tables[0]
    assert [(s.label, s.draws, s.weight) for s in table.strata] == [
        ("random", 5, 1.0),
        ("easy", 5, 0.0),
        ("medium", 5, 0.0),
        ("hard", 5, 0.0),
    ]
    assert table.seeds == (0, 1)


def test_the_order_of_records_does_not_matter(factory, study, board):
    shuffled = factory.read(study)
    random.Random(0).shuffle(shuffled)
    assert build(shuffled) == board
    assert build([*shuffled, shuffled[3]]) == board


def test_given_weights_make_the_headline_a_standardised_mean(factory, study, frame):
    found = build(factory.read(study), weights={"easy": 1, "hard": 3}).tables[0]
    assert [s.weight for s in found.strata] == [0.0, 0.25, 0.0, 0.75]
    means = frame[frame["label"] == "npo + uniform"].groupby("stratum")["score"].mean()
    npo = row(found, "npo + uniform")
    assert npo.headline.score.mean == pytest.approx(0.25 * means["easy"] + 0.75 * means["hard"])
    assert npo.headline.score.n == 10
    assert npo.rank is not None


def test_without_a_random_stratum_all_strata_weigh_the_same(factory, study):
    found = build(factory.read([r for r in study if r["cell"]["draw"]["stratum"] != "random"])).tables[0]
    assert [s.weight for s in found.strata] == pytest.approx([1 / 3] * 3)


@pytest.mark.parametrize("weights", [{"esay": 1.0}, {"easy": -1.0}, {"easy": 0.0}, {"easy": float("nan")}, {}])
def test_weights_that_are_none_are_refused(factory, study, weights):
    with pytest.raises(FairforgetError, match="weigh"):
        build(factory.read(study), weights=weights)


def test_a_missing_cell_is_shown_and_takes_the_rank(factory, study):
    gone = [
        r
        for r in study
        if (r["cell"]["method"]["label"], r["cell"]["draw"]["stratum"]) == ("npo", "random")
        and (r["cell"]["draw"]["index"], r["cell"]["seed"], r["cell"]["curriculum"]["label"]) == (2, 1, "uniform")
    ]
    assert len(gone) == 1
    left = [r for r in study if r is not gone[0]]
    found = build(factory.read(left), planned=[r["key"] for r in study])
    npo = row(found.tables[0], "npo + uniform")
    assert (npo.rank, npo.missing, npo.unranked) == (None, 1, "1 cell missing")
    # Its other seed does not stand for the draw.
    assert npo.headline.score.n == 4
    assert npo.strata["random"].points[2].score is None
    assert npo.strata["random"].points[2].seeds == 1
    assert (found.planned, found.missing) == (len(study), 1)
    assert len(ranked(found)) == 7


def test_a_gap_in_a_stratum_that_does_not_count_leaves_the_rank(factory, study):
    def hard_npo(r):
        return r["cell"]["method"]["label"] == "npo" and r["cell"]["draw"]["stratum"] == "hard"

    found = build(factory.read([r for r in study if not (hard_npo(r) and r["cell"]["draw"]["index"] == 0)]))
    npo = row(found.tables[0], "npo + uniform")
    assert npo.rank is not None
    assert npo.missing == 2
    assert npo.strata["hard"].figures.score.n == 4


def test_a_failed_cell_is_shown_and_not_replaced(factory, study, board):
    broken = [dict(r) for r in study]
    which = next(
        r for r in broken if r["cell"]["method"]["label"] == "idk" and r["cell"]["draw"]["stratum"] == "random"
    )
    which.update(status="failed", scores={}, items={}, problems=[{"kind": "nan-loss", "message": "the loss is NaN"}])
    found = build(factory.read(broken))
    idk = next(r for r in found.tables[0].rows if r.failed)
    assert idk.label.startswith("idk")
    assert (idk.failed, idk.unranked, idk.rank) == (1, "1 cell failed", None)
    assert idk.headline.score.n == 4
    assert found.failed == 1
    assert [(p.row, p.failed, p.kind, len(p.cells)) for p in found.tables[0].problems] == [
        (idk.label, True, "nan-loss", 1)
    ]
    others = {r.label: r.headline for r in found.tables[0].rows if r.label != idk.label}
    assert others == {r.label: r.headline for r in board.tables[0].rows if r.label != idk.label}


def test_a_collapsed_cell_counts_and_is_told(factory, study, board):
    marked = [dict(r) for r in study]
    for record in marked:
        if record["cell"]["method"]["label"] == "grad-ascent":
            record["problems"] = [{"kind": "collapsed", "message": "no better than a uniform guess"}]
    found = build(factory.read(marked)).tables[0]
    assert row(found, "grad-ascent + uniform").collapsed == 40
    assert row(found, "grad-ascent + uniform").headline == row(board.tables[0], "grad-ascent + uniform").headline
    assert {(p.row, p.failed, len(p.cells)) for p in found.problems} == {
        ("grad-ascent + uniform", False, 40),
        ("grad-ascent + mrd-weighted", False, 40),
    }


def test_a_few_cells_under_another_name_rename_no_row(factory):
    cells = [factory.make_cell("npo", index=i, seed=s) for i in range(4) for s in range(2)]
    for given in range(len(cells) // 2):
        for cell in cells[: given + 1]:
            cell["method"]["label"] = "the worst of all" if given < 3 else "a fair half"
        (found,) = build(factory.read(factory.make_record(cell) for cell in cells)).tables[0].rows
        assert found.label == ("npo" if given < 3 else "a fair half")


def test_no_rank_and_no_interval_below_three_draws(factory):
    table = build(factory.read(factory.make_study(draws=2, oracle_draws=1))).tables[0]
    for found in table.competing:
        assert found.rank is None
        assert found.unranked == "fewer than 3 forget sets"
        assert found.headline.score.low is None
        assert found.headline.score.n == 2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"task__version": 2}, "task version"),
        ({"task__data": "other"}, "task data"),
        ({"task__options": {"people": 50}}, "task options"),
        ({"target__id": "f" * 24}, "target"),
        ({"budget": {"kind": "updates", "amount": 20, "stop": None}}, "budget"),
        ({"evaluation": {"metrics": [], "max_new_tokens": 64}}, "evaluation"),
        ({"draw__size": 8}, "forget size"),
        ({"draw__unit": "sample"}, "unit of a draw"),
    ],
)
def test_what_may_not_be_compared_has_a_table_of_its_own(factory, change, reason):
    study = [(m, i) for m in ("npo", "idk") for i in range(3)]
    first = [factory.make_record(factory.make_cell(m, index=i)) for m, i in study]
    other = [factory.make_record(factory.make_cell("grad-diff", index=i, **change)) for i in range(3)]
    board = build(factory.read([*other, *first]))
    assert [[r.label for r in table.rows] for table in board.tables] == [["idk", "npo"], ["grad-diff"]]
    assert board.tables[0].apart == ()
    assert reason in board.tables[1].apart


@pytest.mark.parametrize(("texts", "tables"), [("a", 1), ("b", 2)])
def test_data_of_a_metric_or_difficulty_are_known_by_content_and_not_by_place(factory, texts, tables):
    def changes(place, content):
        read = {"options": {"data": place, "k": 1}, "depends_on": {"data": content}, "paths": ["data"]}
        difficulty = {"name": "fairforget/loss", "dist_version": "0.1.0", **read}
        curriculum = {"name": "fairforget/weighted", "options": {}, "label": "weighted", "difficulty": difficulty}
        uses = [{"column": "able", "metric": {"name": "fairforget/zero-shot", **read}}]
        return {"evaluation": {"metrics": uses}}, {**curriculum, "label": f"from {place}"}

    records = []
    for place, content, draws in (("/here", "a", range(2)), ("/there", texts, range(2, 4))):
        more, curriculum = changes(place, content)
        cells = [factory.make_cell("npo", index=i, **more) for i in draws]
        records += [factory.make_record({**cell, "curriculum": curriculum}) for cell in cells]
    board = build(factory.read(records))
    assert [len(table.rows) for table in board.tables] == [1] * tables


def test_other_forget_sets_are_another_table(factory):
    first = [factory.make_record(factory.make_cell(m, index=i)) for m in ("npo", "idk") for i in range(3)]
    other = [
        factory.make_record(factory.make_cell("grad-diff", index=i, draw__digest=factory.digest("other", i)))
        for i in range(3)
    ]
    board = build(factory.read([*first, *other]))
    assert [table.apart for table in board.tables] == [(), ("forget sets",)]


@pytest.mark.parametrize(
    "change",
    [
        {"task__dist_version": "0.2.0"},
        {"task__options": {"people": 100, "data": "/elsewhere"}, "task__paths": ["data"]},
        {"evaluation": {"metrics": [], "max_new_tokens": 32, "batch_tokens": 99}},
        {"draw__sampler__dist_version": "0.2.0"},
    ],
)
def test_what_changes_no_score_keeps_the_table(factory, change):
    cells = [factory.make_cell(index=i) for i in range(3)]
    others = [factory.make_cell("idk", index=i, **change) for i in range(3)]
    board = build(factory.read([factory.make_record(cell) for cell in cells + others]))
    assert len(board.tables) == 1
    assert board.left_out == ()


def test_reference_rows_stand_beside_every_budget_with_its_draws(factory):
    short = {"budget": {"kind": "updates", "amount": 20, "stop": None}}
    records = [factory.make_record(factory.make_cell(m, index=i)) for m in ("npo", "idk") for i in range(3)]
    records += [factory.make_record(factory.make_cell("npo", index=i, **short)) for i in range(2)]
    records += [
        factory.make_record(factory.make_cell("untouched", index=i, curriculum=None, reference="untouched"))
        for i in range(5)
    ]
    board = build(factory.read(records))
    assert [row(table, "untouched").headline.score.n for table in board.tables] == [3, 2]
    assert [(left.reason, len(left.keys)) for left in board.left_out] == [
        ("a reference row's cell on a forget set that no other row has", 2)
    ]


def test_a_board_of_reference_rows_alone(factory):
    cell = factory.make_cell("untouched", curriculum=None, reference="untouched")
    board = build(factory.read([factory.make_record(cell)]))
    assert [r.label for r in board.tables[0].rows] == ["untouched"]
    assert board.tables[0].budget is None


def test_a_board_of_nothing():
    board = build([], rejected=[Rejected(Path("/somewhere/x.json"), "not JSON")], planned=["a"])
    assert (board.tables, board.cells, board.planned, board.missing) == ((), 0, 1, 1)
    assert board.rejected == (("x.json", "not JSON"),)


def test_what_is_not_there_is_told(factory):
    def notes(training):
        cells = [factory.make_cell(index=i, target__training=training) for i in range(3)]
        return " ".join(build(factory.read([factory.make_record(cell) for cell in cells])).tables[0].notes)

    assert "retrain (the target trained without the forget set): not run" in notes({"epochs": 3})
    assert "not available, for the target has no recipe" in notes(None)
    assert "untouched (the target as it is): not run" in notes(None)


def test_two_cells_for_one_place_are_not_averaged(factory):
    cell = factory.make_cell()
    twin = factory.make_cell(evaluation={**cell["evaluation"], "metrics": [{"metric": {"dist_version": "9"}}]})
    other = factory.make_cell(evaluation={**cell["evaluation"], "metrics": [{"metric": {"dist_version": "8"}}]})
    board = build(factory.read([factory.make_record(twin, 0.5), factory.make_record(other, 0.9)]))
    kept = min([factory.make_record(twin, 0.5), factory.make_record(other, 0.9)], key=lambda r: r["key"])
    assert board.tables[0].rows[0].headline.score.n == 1
    assert board.tables[0].rows[0].strata["random"].points[0].completeness == pytest.approx(
        np.mean([kept["scores"][name]["value"] for name in factory.COMPLETENESS])
    )
    assert [left.reason for left in board.left_out] == ["another cell stands for the same row, forget set and seed"]


def test_rows_of_one_name_are_told_apart(factory):
    variants = [
        {"method__options": {"beta": 0.1}},
        {"method__options": {"beta": 0.5}},
        {"method__dist_version": "0.2.0"},
        {"optimizer__lr": 0.01},
        {"method__name": "acme/npo"},
    ]
    cells = [factory.make_cell(index=i, **change) for change in variants for i in range(3)]
    labels = sorted(r.label for r in build(factory.read([factory.make_record(c) for c in cells])).tables[0].rows)
    assert len(set(labels)) == 5
    assert all(label.startswith("npo (") for label in labels)
    assert sum("beta=0.5" in label for label in labels) == 1
    assert sum("optimizer.lr=0.01" in label for label in labels) == 1
    assert sum("dist=acme" in label for label in labels) == 1


def test_the_curriculum_is_named_only_where_there_are_several(factory):
    cells = [factory.make_cell(index=i, curriculum="mrd-weighted") for i in range(3)]
    assert build(factory.read([factory.make_record(c) for c in cells])).tables[0].rows[0].label == "npo"


def test_strata_of_one_name_from_two_samplers_are_told_apart(factory):
    by_length = {"by": "length", "bins": 3, "match": "none"}
    cells = [factory.make_cell(stratum="hard", index=i) for i in range(3)]
    cells += [
        factory.make_cell(
            stratum="hard", index=i, draw__sampler__options=by_length, draw__digest=factory.digest("l", i)
        )
        for i in range(3)
    ]
    table = build(factory.read([factory.make_record(c) for c in cells])).tables[0]
    assert len(table.strata) == 2
    assert {"by=mrd" in s.label for s in table.strata} == {True, False}
    assert all(s.draws == 3 for s in table.strata)


def test_what_differs_between_strata_is_tested(board, study):
    table = board.tables[0]
    found = {covariate.name: covariate for covariate in table.covariates}
    assert set(found) == {"length", "frequency", "initial_probability"}
    draws = {}
    for record in study:
        draw = record["cell"]["draw"]
        draws[draw["stratum"], draw["index"]] = record["draw_info"]["covariates"]["length"]
    groups = [[value for (name, _), value in draws.items() if name == stratum.label] for stratum in table.strata]
    assert found["length"].p == pytest.approx(scipy.stats.f_oneway(*groups).pvalue)
    assert found["length"].strata["hard"].mean == pytest.approx(np.mean(groups[3]))
    assert found["length"].strata["hard"].n == 5


def test_the_score_behind_the_bins_and_the_cost_are_told(board):
    table = board.tables[0]
    (binning,) = table.binnings
    assert (binning.score, binning.reliability, binning.forward_equivalents) == ("mrd", 0.91, 12800)
    assert binning.advice == ("binned by mrd: split-half reliability 0.91",)
    cost = row(table, "npo + mrd-weighted").cost
    assert (cost.updates, cost.forward_equivalents, cost.cells) == (30, 420, 40)
    assert cost.difficulty_share == pytest.approx(60 / 420)
    assert cost.seconds == pytest.approx(1.0)
    assert row(table, "untouched").cost.difficulty_share is None


def test_provenance_lists_every_version(factory):
    records = [factory.make_record(factory.make_cell(index=i)) for i in range(3)]
    records[0]["environment"] = {"python": "3.12.1", "distributions": {"fairforget": {"version": "0.2.0"}}}
    table = build(factory.read(records)).tables[0]
    assert len(table.provenance["distributions"]["fairforget"]) == 2
    assert table.provenance["environment"]["python"] == ["3.11.7", "3.12.1"]
    assert any("2 states of fairforget" in note for note in table.notes)
    assert {(c.name, c.items) for c in table.columns} >= {("retain_accuracy", (4, 4))}


def test_every_measurement_has_the_shorter_side_across(board):
    """Few rows beside each other and a line a column; many rows below each other, with the same numbers."""
    many = replace(board.tables[0], columns=board.tables[0].columns[:3])
    lines = measured(many)
    assert [line.cells[0].text for line in lines.lines] == [row.label for row in many.rows]
    assert [line.reference for line in lines.lines] == [row.reference is not None for row in many.rows]
    columns = measured(replace(many, rows=many.rows[:3]))
    assert [head.label for head in columns.heads[3:]] == [row.label for row in many.rows[:3]]
    for i, column in enumerate(many.columns):
        assert columns.lines[i].cells[0].text == lines.heads[1 + i].label
        assert column.role in lines.heads[1 + i].about.lower()
        assert ("in its average" in lines.heads[1 + i].about) == column.average
        for j in range(3):
            assert columns.lines[i].cells[3 + j] == lines.lines[j].cells[1 + i]
