"""Rows whose models were made elsewhere: beside the others, and never in a ranking that they have not run in."""

from __future__ import annotations

import json

import pytest

from fairforget.board.forms.json import render_json
from fairforget.board.forms.markdown import render_markdown
from fairforget.board.identity import made_elsewhere, row_id
from fairforget.board.kept.packing import Unpacker, pack
from fairforget.board.page.costs import costs_drawing
from fairforget.board.table import build
from fairforget.compare.folders import compare_folders
from fairforget.compare.identity import identity
from fairforget.compare.terminal import render_terminal
from fairforget.store.parts import Parts
from fairforget.store.reading import record_from_json
from fairforget.study.cell import cell_key

SPENT = {"updates": 7, "forward_sequences": 20, "backward_sequences": 10, "seconds": 3.0}


def brought(factory, index=0, seed=0, *, maker="mine", path="models/{digest}", spent=None, better=0.97):
    """Return the JSON of a record that is better than every method."""
    method = {
        "name": "fairforget/checkpoint",
        "dist_version": "0.1.0",
        "options": {"path": path},
        "label": "elsewhere",
        "reference": None,
        "brought": {"made_by": maker, "content": {"model.safetensors": factory.digest(index, seed)}},
        "paths": ["path"],
    }
    cell = {**factory.make_cell(index=index, seed=seed, curriculum=None), "method": method}
    declared = SPENT if spent is None else spent
    ledger = {"basis": "declared, not measured", "updates": declared.get("updates"), "declared": declared}
    elsewhere = {"made_by": maker, "declared": declared}
    return factory.make_record(cell, better, better, ledger=ledger, elsewhere=elsewhere)


@pytest.fixture
def study(factory):
    records = [r for r in factory.make_study(draws=4, seeds=2) if r["cell"]["draw"]["stratum"] == "random"]
    return [*records, *(brought(factory, i, s) for i in range(4) for s in range(2))]


def read(records):
    return [record_from_json(json.loads(json.dumps(record))) for record in records]


def row_of(board, label="elsewhere"):
    (row,) = [row for table in board.tables for row in table.rows if row.label == label]
    return row


def test_the_best_score_has_no_rank_where_the_ledger_is_declared(study):
    board = build(read(study))
    row = row_of(board)
    assert row.unranked == "its ledger is declared, not measured"
    assert row.rank is None
    assert row.headline.score.mean > max(r.headline.score.mean for r in board.tables[0].competing if r.rank)
    assert row.ok == 8
    assert row.missing == 0


def test_the_others_stand_as_they_would_without_it(study):
    def standing(records):
        (table,) = build(read(records)).tables
        found = {r.label: (r.rank, r.headline, r.cost) for r in table.rows if r.label != "elsewhere"}
        return found, table.compared

    assert standing(study) == standing([r for r in study if "elsewhere" not in r])


def test_its_cost_is_called_declared_and_drawn_nowhere(study):
    board = build(read(study))
    cost = row_of(board).cost
    assert (cost.declared, cost.updates, cost.forward_equivalents, cost.seconds) == (True, 7, 40, 3)
    text = render_markdown(board)
    assert "7 (declared)" in text
    assert "40 (declared)" in text
    assert "What is called declared was made elsewhere" in text
    assert "Made elsewhere, with a ledger that is declared and not measured, so without a rank: mine." in text
    figure = costs_drawing(board.tables[0])
    assert figure is not None
    assert "elsewhere" not in repr(figure)


@pytest.mark.parametrize(
    ("spent", "shown"),
    [({}, None), ({"seconds": 3.0}, None), ({"updates": 7}, ("7 (declared)", "–"))],
    ids=["nothing", "no updates", "updates alone"],
)
def test_what_is_not_declared_is_not_taken_for_nothing(factory, study, spent, shown):
    records = [r for r in study if "elsewhere" not in r]
    records += [brought(factory, i, s, spent=spent) for i in range(4) for s in range(2)]
    board = build(read(records))
    cost = row_of(board).cost
    if shown is None:
        assert cost is None
        return
    lines = [
        line for line in render_markdown(board).splitlines() if line.startswith("| elsewhere") and shown[0] in line
    ]
    (line,) = lines
    assert line.split("|")[3].strip() == shown[1]


def test_an_index_keeps_what_is_declared(study):
    parts, unpacker = Parts(), Unpacker()
    kept = [unpacker.record(pack(record_from_json(json.loads(json.dumps(r)), parts), parts)) for r in study]
    assert render_json(build(kept)) == render_json(build(read(study)))


def test_a_row_is_what_made_it_and_not_where_it_lay(factory):
    here, there = (brought(factory, path=path) for path in ("models/{digest}", "/other/{digest}"))
    other = brought(factory, maker="yours")
    one, same, different = read([here, there, other])
    assert made_elsewhere(one) == "mine"
    assert one.key == same.key != different.key
    assert row_id(one) == row_id(same) != row_id(different)
    assert identity(one) == identity(same) != identity(different)


@pytest.mark.parametrize("status", ["ok", "failed"])
def test_of_models_that_came_back_twice_those_of_the_plan_count(factory, study, status, tmp_path):
    """Whatever their keys are: a board and a comparison must not take some of the old models and some of the new."""
    old = [brought(factory, i, s, better=0.9) for i in range(4) for s in range(2)]
    for record in old:
        record["cell"]["method"]["brought"]["content"] = {"model.safetensors": "0" * 64}
        record["key"] = cell_key(record["cell"])
    new = [{**record, "status": status} if "elsewhere" in record else record for record in study]
    planned = [record["key"] for record in new]
    board = build(read([*new, *old]), planned=planned)
    assert row_of(board) == row_of(build(read(new)))
    assert {key for left in board.left_out for key in left.keys} == {record["key"] for record in old}
    before = [record for record in new if "elsewhere" not in record]
    assert row_of(build(read([*before, *old]), planned=planned)) == row_of(build(read([*before, *old])))


def test_a_comparison_takes_those_of_the_plan(factory, study, tmp_path):
    old = brought(factory, better=0.1)
    old["cell"]["method"]["brought"]["content"] = {"model.safetensors": "0" * 64}
    old["key"] = cell_key(old["cell"])
    for name, records in (("base", study), ("head", [*study, old])):
        (tmp_path / name / "cells").mkdir(parents=True)
        for record in records:
            (tmp_path / name / "cells" / f"{record['key']}.json").write_text(json.dumps(record))
        (tmp_path / name / "plan.json").write_text(json.dumps({"cells": [record["key"] for record in study]}))
    same = render_terminal(compare_folders(tmp_path / "base", tmp_path / "head"))
    assert "several times" not in same
    (tmp_path / "head" / "plan.json").unlink()
    assert "several times" in render_terminal(compare_folders(tmp_path / "base", tmp_path / "head"))


def test_the_key_follows_the_weights(factory):
    cell = brought(factory)["cell"]
    changed = json.loads(json.dumps(cell))
    changed["method"]["brought"]["content"]["model.safetensors"] = "0" * 64
    assert cell_key(cell) != cell_key(changed)
    changed["method"]["brought"] = cell["method"]["brought"]
    changed["method"]["label"] = "called otherwise"
    assert cell_key(cell) == cell_key(changed)


def test_what_came_back_empty_is_declared_all_the_same(factory):
    record = brought(factory)
    record["cell"]["method"]["brought"] = {}
    record["key"] = cell_key(record["cell"])
    assert made_elsewhere(read([record])[0]) is not None
