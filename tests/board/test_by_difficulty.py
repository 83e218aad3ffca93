"""Rows against the difficulty of forget sets, from records to sheets."""

from __future__ import annotations

import copy
import functools
import json

import numpy as np
import pytest
import statsmodels.api as sm

from fairforget.board.sheets.difficulty import lines, turns
from fairforget.board.table import build
from fairforget.study.cell import cell_key

BINS = {"easy": 0.9, "medium": 0.5, "hard": 0.1}
SLOPES = {"npo": (0.6, 0.3), "idk": (0.8, -0.2), "grad-diff": (0.3, 0.0)}


def planted(factory, *, higher_is="easier", noise=0.01, draws=5, seeds=2, strata=("random", *BINS), slopes=None):
    """Return records whose score is a line in the difficulty of the draw; higher is easier, so a slope is a fall."""
    rng = np.random.default_rng(3)
    records = []
    for stratum in strata:
        for index in range(draws):
            difficulty = BINS.get(stratum, 0.5) + rng.normal(0, 0.03)
            for method, (level, slope) in (slopes or SLOPES).items():
                for seed in range(seeds):
                    score = level + slope * (difficulty - 0.5) + rng.normal(0, noise)
                    cell = factory.make_cell(method, stratum=stratum, index=index, seed=seed)
                    record = factory.make_record(cell, score, score)
                    if stratum != "random":
                        record["draw_info"]["covariates"]["mrd"] = difficulty
                        record["draw_info"]["scores"][0]["higher_is"] = higher_is
                    records.append(record)
    return records


@pytest.fixture
def study(factory):
    return functools.partial(planted, factory)


@pytest.fixture
def only(factory):
    def table(records):
        (found,) = build(factory.read(records)).tables
        return found

    return table


def test_the_lines_are_those_of_least_squares_over_the_binned_draws(study, only):
    table = only(study())
    (found,) = table.compared.by_difficulty
    assert (found.score, found.strata, found.draws, found.pairs) == ("mrd", ("easy", "medium", "hard"), 15, 3)
    assert found.easiest > found.mean > found.hardest
    for row in table.competing:
        points, x = [], []
        for record in study():
            if record["cell"]["method"]["label"] == row.label and "mrd" in record["draw_info"]["covariates"]:
                points.append(np.mean([s["value"] for s in record["scores"].values() if s["role"] == "utility"]))
                x.append(record["draw_info"]["covariates"]["mrd"])
        y, x = (np.array(v).reshape(15, 2).mean(axis=1) for v in (points, x))
        theirs = sm.OLS(y, sm.add_constant(x - x.mean())).fit()
        line = found.rows[row.id]
        ends = theirs.conf_int() * (found.hardest - found.easiest)
        assert line.score.mean == pytest.approx(theirs.params[0])
        assert (line.score.low, line.score.high) == pytest.approx(tuple(theirs.conf_int()[0]))
        assert line.change.mean == pytest.approx(theirs.params[1] * (found.hardest - found.easiest))
        assert (line.change.low, line.change.high) == pytest.approx((ends[1].min(), ends[1].max()))


def test_rows_that_change_places_are_named_with_where(study, only):
    table = only(study(slopes={"npo": (0.6, 0.3), "idk": (0.62, -0.2), "grad-diff": (0.3, 0.0)}))
    labels = {row.id: row.label for row in table.rows}
    (found,) = table.compared.by_difficulty
    (turn,) = found.turns
    assert (labels[turn.easy], labels[turn.hard], turn.resolved) == ("npo", "idk", True)
    assert turn.at == pytest.approx(0.54, abs=0.02)
    assert turn.place == pytest.approx((0.54 - found.easiest) / (found.hardest - found.easiest), abs=0.03)
    assert turn.at_easiest.low > 0 > turn.at_hardest.high
    sheet = turns(table)
    assert [cell.text for cell in sheet.lines[0].cells[:3]] == ["npo", "idk", "mrd"]
    assert "the lines of 1 of 3 pairs of rows cross; 1 of these crossings is resolved" in lines(table).about
    assert [line.cells[0].text for line in lines(table).lines] == [row.label for row in table.competing]


def test_the_direction_of_the_score_decides_what_is_hard(study, only):
    slopes = {"npo": (0.6, 0.3), "idk": (0.62, -0.2)}
    easier, harder = (only(study(higher_is=way, slopes=slopes)) for way in ("easier", "harder"))
    one, other = (table.compared.by_difficulty[0] for table in (easier, harder))
    assert (one.easiest, one.hardest) == (other.hardest, other.easiest)
    assert (one.turns[0].easy, one.turns[0].hard) == (other.turns[0].hard, other.turns[0].easy)
    assert one.turns[0].place == pytest.approx(1 - other.turns[0].place)


def test_a_crossing_that_may_be_chance_is_no_turn(study, only):
    slopes = {"npo": (0.6, 0.01), "idk": (0.6, -0.01)}
    table = only(study(noise=0.1, slopes=slopes))
    assert not any(turn.resolved for turn in table.compared.by_difficulty[0].turns)
    assert turns(table).lines == ()


def test_forget_sets_that_share_samples_leave_the_lines_less_sure(study, only):
    apart, shared = study(), study()
    for record in shared:  # every two draws of a bin have three of their four samples in common
        draw = record["cell"]["draw"]
        draw["forget"] = [f"p{draw['stratum']}-{i}" for i in range(3)] + [f"p{draw['stratum']}-{draw['index']}"]
    one, other = (only(records).compared.by_difficulty[0] for records in (apart, rekeyed(shared)))
    for line, wider in zip(one.rows.values(), other.rows.values(), strict=True):
        assert wider.change.half_width > 1.5 * line.change.half_width
        assert wider.change.mean == pytest.approx(line.change.mean)


def rekeyed(records):
    for record in records:
        record["key"] = cell_key(record["cell"])
    return records


def test_a_row_with_gaps_in_a_bin_has_no_line(study, only):
    records = [
        record
        for record in study()
        if not (record["cell"]["method"]["label"] == "idk" and record["cell"]["draw"]["stratum"] == "hard")
    ]
    table = only(records)
    assert {row.label for row in table.competing if row.id in table.compared.by_difficulty[0].rows} == {
        "npo",
        "grad-diff",
    }


@pytest.mark.parametrize(
    "spoil",
    [
        lambda info: info.update(scores=[{"name": ["mrd"], "higher_is": "easier"}]),
        lambda info: info.update(scores=[{"name": "mrd", "higher_is": "<b>"}]),
        lambda info: info.update(scores=[{"name": "mrd", "higher_is": ["easier"]}]),
        lambda info: info.update(scores="mrd"),
        lambda info: info["covariates"].update(mrd="0.5"),
        lambda info: info["covariates"].update(mrd=0.5),
        lambda info: info["covariates"].update(mrd=1e300),
        lambda info: info.update(covariates=None),
    ],
)
def test_without_known_difficulty_there_are_no_lines(spoil, study, only):
    records = copy.deepcopy(study(draws=3))
    for record in records:
        spoil(record["draw_info"])
    table = only(records)
    assert table.compared.by_difficulty == ()
    assert lines(table).lines == turns(table).lines == ()


def test_one_bin_alone_has_no_lines(study, only):
    assert only(study(strata=("random", "easy"))).compared.by_difficulty == ()


def test_the_same_cells_in_another_order_say_the_same(study, factory):
    records = study()
    again = copy.deepcopy(records)
    np.random.default_rng(0).shuffle(again)
    one, other = (json.dumps(build(factory.read(r)).to_json()) for r in (records, again))
    assert one == other
    assert '"by_difficulty"' in one
