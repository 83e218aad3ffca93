"""A figure that cannot draw everything says what it leaves out."""

from __future__ import annotations

from fairforget.board.forms.drawing import drawings
from fairforget.board.page.scene import Box, Group
from fairforget.board.table import build

from .shapes import groups


def test_a_figure_that_cannot_draw_everything_says_so(table, monkeypatch):
    room = "fairforget.board.page"
    for name, most in (
        ("ranks.MOST", 3),
        ("plane.MOST", 3),
        ("panels.MOST_ROWS", 3),
        ("panels.MOST_DOTS", 2),
        ("costs.MOST", 3),
        ("beats.MOST", 3),
        ("beats.MOST_LINES", 4),
        ("bump.MOST_ROWS", 3),
        ("bump.MOST_DRAWS", 2),
        ("bump.MOST_LINES", 7),
        ("covariates.MOST", 2),
    ):
        monkeypatch.setattr(f"{room}.{name}", most)
    found = drawings(table)
    assert found["ranks"].cap == "5 rows of lower rank not drawn; the table has all."
    assert found["plane"].cap.startswith("5 rows of lower score not drawn; the table has all.")
    assert found["scores"].cap.startswith("5 rows of lower score not drawn; the table has all.")
    assert "Of 5 dots a row 2 are drawn, evenly from lowest to highest." in found["scores"].cap
    assert found["costs"].cap.startswith("5 rows of lower score not drawn")
    assert "The first 3 of 8 rows" in found["beats"].cap
    assert found["draws"].cap == "The first 3 of 8 rows are drawn. The first 2 of 5 forget sets are drawn."
    assert found["differences"].cap == "1 more property in the table."
    assert set(groups(found["scores"])) == {row.label for row in (*table.competing[:3], *table.references)}
    assert len(groups(found["draws"])) == 3
    assert len(found["ranks"].numbers.lines) == 8
    assert len(found["draws"].numbers.lines) == 7
    assert found["draws"].numbers.about == "The first 7 of 20 forget sets; board.json has all."
    assert len(found["beats"].numbers.lines) == 4
    assert found["beats"].numbers.about == "The first 4 of 28 pairs; board.json has all."


def test_twenty_rows_are_drawn_and_their_squares_hold_their_numbers(factory):
    methods = {f"method-{i:02}": (0.3 + 0.02 * i, 0.9) for i in range(11)}
    found = drawings(build(factory.read(factory.make_study(draws=3, seeds=1, methods=methods))).tables[0])
    assert found["beats"].cap == "The first 20 of 22 rows are drawn; the table has more."
    assert found["draws"].cap == "The first 20 of 22 rows are drawn."
    assert len(groups(found["draws"])) == 20
    (panel,) = found["beats"].panels
    squares = [s for g in panel.value if isinstance(g, Group) for s in g.shapes if isinstance(s, Box)]
    assert min(square.width for square in squares if square.kind != "frame") >= 18
    assert max(square.x + square.width for square in squares) <= panel.width
    names = [s for g in panel.value if isinstance(g, Group) and g.kind == "strip" for s in g.shapes]
    assert len(names) == 20
    # A letter is six units wide at most, in the mean; what lies outside the figure would be cut.
    assert min(name.x - 6 * len(name.text) for name in names) >= 0


def test_a_board_of_very_many_kinds_of_forget_set_draws_the_first(factory):
    kinds = 15
    records = [
        factory.make_record(factory.make_cell(method, stratum=f"kind-{k:02}", index=i), 0.5 + 0.1 * i, u)
        for k in range(kinds)
        for i in range(2)
        for method, u in (("npo", 0.7), ("idk", 0.8))
    ]
    found = drawings(build(factory.read(records)).tables[0])
    for name in ("scores", "draws", "differences"):
        assert "The first 12 of 15 kinds of forget set are drawn." in found[name].cap
    assert len(found["scores"].panels) == len(found["draws"].panels) == 12
    assert len(found["scores"].numbers.heads) == 1 + kinds


def test_without_a_cap_nothing_is_left_out(table):
    for name, found in drawings(table).items():
        assert found.cap == "", name
    assert set(groups(drawings(table)["scores"])) == {row.label for row in table.rows}
