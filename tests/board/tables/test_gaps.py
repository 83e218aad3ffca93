"""Cells that are missing, failed, collapsed or there twice, and boards of next to nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fairforget.board.table import build
from fairforget.store.record import Rejected

from .rows import row


def ranked(board):
    return {row.label: (row.rank.rank, row.rank.low, row.rank.high) for row in board.tables[0].competing if row.rank}


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
