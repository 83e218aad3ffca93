"""What was searched, and what it and the looks have cost."""

from __future__ import annotations

from fairforget.board.forms.markdown import render_markdown
from fairforget.board.table import build

from .read_off import cells, row, sheet, tuned_records


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
