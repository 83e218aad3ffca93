"""What may be compared stands in one table, and what may not in another."""

from __future__ import annotations

import pytest

from fairforget.board.table import build

from .rows import row


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
