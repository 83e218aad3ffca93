"""The answers above the figures, and the chapters below."""

from __future__ import annotations

from fairforget.board.forms.drawing import drawings
from fairforget.board.forms.html import render_html
from fairforget.board.page.answers import answers
from fairforget.board.page.chapters import chapters
from fairforget.board.sheets.order import all_sheets
from fairforget.board.sheets.sheet import Sheet
from fairforget.board.table import build


def test_the_answers_say_who_whether_and_where(table):
    who, whether, where = answers(table)
    best = table.competing[0]
    assert who.answer == best.label
    assert "n = 5" in who.detail
    first = [row for row in table.competing if row.rank.rank == 1]
    assert whether.answer == ("Yes" if len(first) == 1 else "No")
    assert f"of {len(table.compared.order) - 1} neighbouring pairs" in whether.detail
    draws = [(s, i) for s in table.strata for i in range(s.draws)]
    scores = {row.id: {(s.label, i): row.strata[s.label].points[i].score for s, i in draws} for row in table.competing}
    ahead = sum(max(scores, key=lambda row: scores[row][s.label, i]) == best.id for s, i in draws)
    assert f"{best.label} is first on {ahead} of 20 forget sets" in where.detail


def test_a_winner_that_changes_with_the_samples_is_told(factory):
    records = [
        factory.make_record(factory.make_cell(method, stratum=stratum, index=i), c + 0.01 * i, 0.8)
        for i in range(3)
        for stratum, method, c in (
            ("easy", "npo", 0.9),
            ("easy", "idk", 0.6),
            ("hard", "npo", 0.5),
            ("hard", "idk", 0.6),
        )
    ]
    where = answers(build(factory.read(records)).tables[0])[2]
    assert where.answer == "Yes"
    assert "easy: npo; hard: idk" in where.detail
    # Every draw has the same difference, so the tests have no doubt.
    assert "Resolved by the paired tests: on hard idk is ahead of npo." in where.detail
    assert "npo is first on 3 of 6 forget sets" in where.detail


def test_a_change_of_place_that_may_be_chance_is_told_as_such(factory):
    noise = {"npo": (0.0, 0.08, -0.06), "idk": (0.05, -0.07, 0.04)}
    records = [
        factory.make_record(factory.make_cell(method, stratum=stratum, index=i), c + noise[method][i], 0.8)
        for i in range(3)
        for stratum, method, c in (
            ("easy", "npo", 0.7),
            ("easy", "idk", 0.68),
            ("hard", "npo", 0.6),
            ("hard", "idk", 0.62),
        )
    ]
    where = answers(build(factory.read(records)).tables[0])[2]
    assert where.answer == "Seen, not resolved"
    assert "The paired tests resolve no such change." in where.detail


def test_one_row_has_no_answers(factory):
    records = [factory.make_record(factory.make_cell(index=i)) for i in range(3)]
    table = build(factory.read(records)).tables[0]
    assert answers(table) == []
    assert {"ranks", "beats", "draws", "costs"}.isdisjoint(drawings(table))


def test_every_part_is_in_one_chapter(table):
    strange = Sheet("strange", "Strange", "", all_sheets(table)[0].heads, all_sheets(table)[0].lines)
    found = chapters(drawings(table), [*all_sheets(table), strange])
    parts = [part for chapter in found for part in chapter.parts]
    assert len(parts) == len(drawings(table)) + len(all_sheets(table)) + 1
    assert len({id(part) for part in parts}) == len(parts)
    assert strange in found[-1].parts
    assert [chapter.name for chapter in chapters({}, [strange])] == ["behind"]


def test_a_board_whose_rows_have_no_score_is_a_page(factory):
    failed = [factory.make_record(factory.make_cell(index=i), status="failed", scores={}, items={}) for i in range(3)]
    assert "Where the numbers come from" in render_html(build(factory.read(failed)))
