from __future__ import annotations

import pytest

from fairforget.board.table import build
from fairforget.store.parts import Parts
from fairforget.submit.moves import moves
from fairforget.submit.published import slim

GAPS = {"low": (0.5, 0.5), "mid": (0.7, 0.7), "high": (0.9, 0.9)}


@pytest.fixture
def board(factory):
    def make(methods, *, keep=lambda r: True, **options):
        records = factory.make_study(**{"draws": 4, "seeds": 1, "methods": methods, **options})
        mine = [r for r in records if (r["cell"]["curriculum"] or {}).get("label") != "mrd-weighted" and keep(r)]
        return build([slim(record, Parts()) for record in factory.read(mine)])

    return make


def test_nothing_moves_where_nothing_changed(board):
    assert moves(board(GAPS), board(GAPS)) == ()


def test_a_slim_record_has_the_ranks_of_the_whole_one(board, factory):
    whole = build(factory.read(factory.make_study(draws=4, seeds=2)))
    slimmed = build([slim(r, Parts()) for r in factory.read(factory.make_study(draws=4, seeds=2))])
    assert moves(whole, slimmed) == ()


def test_each_kind_of_move(board):
    two = {name: GAPS[name] for name in ("low", "high")}
    assert [(m.kind, m.row) for m in moves(board(two), board(GAPS)) if m.kind == "new"] == [("new", "mid")]
    assert [(m.kind, m.row) for m in moves(board(GAPS), board(two)) if m.kind == "gone"] == [("gone", "mid")]
    swapped = {"low": (0.9, 0.9), "mid": (0.7, 0.7), "high": (0.5, 0.5)}
    found = {m.row: m for m in moves(board(GAPS), board(swapped))}
    assert (found["low"].kind, found["low"].before.rank, found["low"].after.rank) == ("rank", 3, 1)
    assert set(found) == {"low", "high"}
    nudged = {m.row: m for m in moves(board(GAPS), board({**GAPS, "mid": (0.701, 0.7)}))}
    assert [(m.row, m.kind) for m in nudged.values()] == [("mid", "score")]
    assert nudged["mid"].after.score > nudged["mid"].before.score

    def gap(record):
        return record["cell"]["method"]["label"] != "mid" or record["cell"]["draw"]["index"] != 0

    lost = {m.row: m for m in moves(board(GAPS), board(GAPS, keep=gap))}
    assert set(lost) == {"mid", "low"}
    assert (lost["low"].kind, lost["low"].before.rank, lost["low"].after.rank) == ("rank", 3, 2)
    assert lost["mid"].kind == "lost its rank"
    assert lost["mid"].after.unranked == "4 cells missing"
    assert {m.row: m.kind for m in moves(board(GAPS, keep=gap), board(GAPS))} == {"mid": "got a rank", "low": "rank"}


def test_a_move_is_a_line_with_rank_interval_score_and_n(board):
    (line,) = [m.text() for m in moves(board({"low": GAPS["low"]}), board(GAPS)) if m.row == "high"]
    assert line.startswith("biographies v1, at most 5 epochs: high: new: rank 1 (1–1), score 0.8")
    assert line.endswith("n = 4")


def test_tables_are_told_apart_by_budget_and_tuning(board, factory):
    def at(amount):
        budget = {"kind": "epochs", "amount": amount, "stop": None}
        cells = [factory.make_cell("npo", index=i, budget=budget) for i in range(3)]
        return [slim(r, Parts()) for r in factory.read([factory.make_record(cell, 0.5, 0.5) for cell in cells])]

    found = moves(build(at(5)), build([*at(5), *at(7)]))
    assert [(m.kind, m.table) for m in found] == [("new", "biographies v1, at most 7 epochs")]
