"""Whatever a record says of its way, the board is a board."""

from __future__ import annotations

import json

import pytest

from fairforget.board.forms.html import render_html
from fairforget.board.forms.json import render_json
from fairforget.board.forms.markdown import render_markdown
from fairforget.board.table import build

from .read_off import BUDGET, row, tuned_records

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
