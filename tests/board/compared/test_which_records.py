"""What is compared where records are shuffled, missing, few, no measurements or very many."""

from __future__ import annotations

import random

import numpy as np
import pytest

from fairforget.board.sheets.order import all_sheets
from fairforget.board.table import build


def test_the_order_of_records_changes_nothing(factory, study, compared):
    shuffled = factory.read(study)
    random.Random(4).shuffle(shuffled)
    assert build(shuffled).tables[0].compared == compared


def test_other_scores_are_resampled_otherwise(factory, study, compared):
    """The generator comes from what is compared, so nobody can look for a lucky one."""
    other = build(factory.read([r for r in study if r["cell"]["draw"]["index"] < 5])).tables[0].compared
    assert [one.first for one in other.rows.values()] != [one.first for one in compared.rows.values()]


def test_a_row_with_gaps_elsewhere_is_left_out_there_alone(factory, study, compared, names):
    label = names[compared.order[0]].partition(" + ")[0]

    def gone(record):
        cell = record["cell"]
        return (cell["method"]["label"], cell["draw"]["stratum"], cell["draw"]["index"]) == (label, "hard", 0)

    found = build(factory.read([r for r in study if not gone(r)])).tables[0].compared
    assert found.order == compared.order
    missing = [row for row in found.order if names[row].startswith(label)]
    assert [("hard" in found.rows[row].strata) for row in found.order] == [row not in missing for row in found.order]
    assert found.strata["hard"].agreement.rows == 6
    assert all(set(draw.ranks).isdisjoint(missing) for draw in found.draws if draw.stratum == "hard")
    assert {(one.first, one.second): one.rows for one in found.between}["random", "hard"] == 6
    pair = found.pairs[0]
    assert [one.stratum for one in pair.strata] == ["random", "easy", "medium"]
    assert pair.difference == compared.pairs[0].difference


@pytest.mark.parametrize("drop", ["rows", "draws", "one row's cell"])
def test_too_little_is_not_compared(factory, drop):
    records = factory.make_study(draws=2 if drop == "draws" else 3, methods={"npo": (0.8, 0.8)})
    if drop != "draws":
        records = [
            r
            for r in records
            if (r["cell"]["curriculum"] or {}).get("label") == "uniform" or (drop != "rows" and r["cell"]["seed"] == 0)
        ]
    assert build(factory.read(records)).tables[0].compared is None


def test_seeds_that_only_some_draws_have(factory, study, compared):
    """Seed 1 on the draws 0, 1 and 2 alone: those three tell the noise of seeds, and all six the rest."""
    ragged = [
        r
        for r in study
        if not (r["cell"]["seed"] == 1 and r["cell"]["draw"]["index"] > 2 and r["cell"]["curriculum"] is not None)
    ]
    found = build(factory.read(ragged)).tables[0].compared
    assert found.agreement.draws == 6
    assert found.strata["random"].components.seeds == 1
    assert found.strata["random"].components.seed is None
    assert found.null.draws == 3
    assert all(one.sd_seeds is not None for one in found.rows.values())
    assert all(pair.reversal_true is None for pair in found.pairs)


def test_a_score_that_is_no_measurement_is_named_and_not_ranked(factory):
    rng = np.random.default_rng(2)
    records = [
        factory.make_record(factory.make_cell(m, index=i), *(([1e99] * 2) if (m, i) == ("dpo", 1) else rng.random(2)))
        for m in ("npo", "idk", "dpo")
        for i in range(4)
    ]
    table = build(factory.read(records)).tables[0]
    row = next(row for row in table.rows if row.label == "dpo")
    assert (row.rank, row.unranked) == (None, "a score that is no measurement")
    assert len(table.compared.order) == 2
    assert row.id not in table.compared.order


def test_of_very_many_rows_those_below_are_held_against_the_best_alone(factory, study, compared, monkeypatch):
    monkeypatch.setattr("fairforget.board.comparing.pairs.MOST_ROWS", 3)
    table = build(factory.read(study)).tables[0]
    found = table.compared
    best, second, third, *below = found.order
    assert [(pair.first, pair.second) for pair in found.pairs] == [
        (best, second),
        (best, third),
        *((best, row) for row in below),
        (second, third),
    ]
    assert [one.to_best for one in found.rows.values()] == [one.to_best for one in compared.rows.values()]
    assert found.separable == compared.separable
    assert {sheet.name for sheet in all_sheets(table)} >= {"standing", "pairs"}
