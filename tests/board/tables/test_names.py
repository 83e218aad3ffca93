"""What rows and strata are called."""

from __future__ import annotations

from fairforget.board.table import build


def test_a_few_cells_under_another_name_rename_no_row(factory):
    cells = [factory.make_cell("npo", index=i, seed=s) for i in range(4) for s in range(2)]
    for given in range(len(cells) // 2):
        for cell in cells[: given + 1]:
            cell["method"]["label"] = "the worst of all" if given < 3 else "a fair half"
        (found,) = build(factory.read(factory.make_record(cell) for cell in cells)).tables[0].rows
        assert found.label == ("npo" if given < 3 else "a fair half")


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
