"""The sheets on how rows compare say what the values say."""

from __future__ import annotations

import dataclasses
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from fairforget.board import words
from fairforget.board.agreed import Chance, Share
from fairforget.board.forms.markdown import render_markdown
from fairforget.board.sheets.order import all_sheets
from fairforget.board.sheets.pairs import chance, contradictions, counted
from fairforget.board.table import build

ROOT = Path(__file__).parents[2]


def sheets_of(table):
    return {sheet.name: sheet for sheet in all_sheets(table)}


def column(sheet, label):
    at = [head.label for head in sheet.heads].index(label)
    return [line.cells[at].whole for line in sheet.lines]


@pytest.fixture(scope="module")
def table(factory):
    return build(factory.read(factory.make_study())).tables[0]


@pytest.fixture(scope="module")
def sheets(table):
    return sheets_of(table)


def test_each_row_stands_with_its_numbers(table, sheets):
    sheet = sheets["standing"]
    assert column(sheet, "method") == [row.label for row in table.competing]
    assert column(sheet, "n") == ["5"] * 8
    standings = list(table.compared.rows.values())
    assert column(sheet, "could rank") == [f"{one.low}–{one.high}" for one in standings]
    assert column(sheet, "rank 1") == [f"{100 * one.first:.0f} %" for one in standings]
    assert column(sheet, "to the best")[0] == "best"
    assert re.fullmatch(r"-0\.\d+ ± 0\.\d+", column(sheet, "to the best")[1])
    assert column(sheet, "beats the next")[-1] == "–"
    hard = [one.strata["hard"] for one in standings]
    assert column(sheet, "rank, hard (n = 5)") == [f"{one.rank} ({one.low}–{one.high})" for one in hard]
    assert [head.stratum for head in sheet.heads if head.stratum] == ["random", "easy", "medium", "hard"]
    assert "10,000 times" in sheet.about


def test_up_to_eight_rows_every_pair_is_printed_and_of_more_the_neighbours(factory, table, sheets):
    assert len(sheets["pairs"].lines) == len(table.compared.pairs) == 28
    assert sheets["pairs"].title == "Who beats whom"
    more = {f"method-{i}": (0.6 + i / 50, 0.8) for i in range(5)}
    many = build(factory.read(factory.make_study(draws=3, methods=more))).tables[0]
    sheet = sheets_of(many)["pairs"]
    assert len(many.compared.pairs) == 45
    labels = [row.label for row in many.competing]
    assert list(zip(column(sheet, "ahead"), column(sheet, "behind"), strict=True)) == list(pairwise(labels))
    assert "board.json" in sheet.about


def test_a_pair_is_never_without_n_and_interval(table, sheets):
    sheet = sheets["pairs"]
    for name in ("beats", "reversed on", "would reverse", "by itself"):
        assert all(re.search(r"\(\d+–\d+ %\)$", text) for text in column(sheet, name))
    assert set(column(sheet, "n")) == {"5"}
    assert all("±" in text for text in column(sheet, "difference"))
    assert column(sheet, "reversed on")[0].startswith(f"{table.compared.pairs[0].reversals.count} of 5 ")


def test_what_contradicts_is_printed_surest_first(factory):
    rng = np.random.default_rng(3)
    records = []
    for stratum, gains in (("random", (0.08, 0.04)), ("easy", (0.0, 0.0005)), ("hard", (-0.05, 0.04))):
        for index in range(5):
            for method, gain in zip(("npo", "idk", "dpo"), (*gains, 0.0), strict=True):
                cell = factory.make_cell(method, stratum=stratum, index=index)
                records.append(factory.make_record(cell, 0.7 + gain + rng.normal(0, 0.004), 0.7))
    table = build(factory.read(records)).tables[0]
    sheet = sheets_of(table)["reversals"]
    assert len(sheet.lines) == len(contradictions(table)) > 1
    told = column(sheet, "told apart")
    assert told == sorted(told, reverse=True)
    assert (told[0], told[-1]) == ("yes", "no")
    first = [line.cells[:3] for line in sheet.lines if line.cells[-1].text == "yes"]
    assert {tuple(cell.text for cell in cells) for cells in first} == {
        ("npo", "idk", "hard (n = 5)"),
        ("npo", "dpo", "hard (n = 5)"),
    }
    p = [line.cells[6].order for line in sheet.lines]
    assert p == sorted(p)
    assert "of 3 pairs, of 2 significantly" in words.stability(table)


def test_agreement_is_told_by_kind_of_forget_set(table, sheets):
    sheet = sheets["agreement"]
    assert column(sheet, "forget sets") == ["random", "easy", "medium", "hard"]
    random = table.compared.strata["random"].agreement
    assert column(sheet, "τ, median")[0] == f"{random.tau_median:.2f}"
    labels = {row.id: row.label for row in table.rows}
    for row, won in random.winners.items():
        assert f"{labels[row]} {won:g}" in column(sheet, "winners")[0]


def test_strata_that_count_together_have_a_line_together(factory):
    found = build(factory.read(factory.make_study()), weights={"easy": 1, "hard": 1}).tables[0]
    assert column(sheets_of(found)["agreement"], "forget sets")[0] == "all that count"
    assert column(sheets_of(found)["agreement"], "n")[0] == "10"


def test_shares_of_variance_are_of_all_of_it(sheets):
    sheet = sheets["components"]
    for line in sheet.lines:
        named = dict(zip([head.label for head in sheet.heads], line.cells, strict=True))
        parts = [named[name].order for name in ("method", "forget set", "method × forget set", "seed")]
        assert sum(parts) == pytest.approx(1)
        assert named["due to selection"].order == pytest.approx(parts[1] + parts[2])
        assert named["rows × n × seeds"].text == "8 × 5 × 2"


def test_one_seed_is_said_to_hide_its_noise(factory):
    study = [r for r in factory.make_study(seeds=1) if r["cell"]["draw"]["stratum"] == "random"]
    sheets = sheets_of(build(factory.read(study)).tables[0])
    assert "one seed" in column(sheets["components"], "remarks")[0]
    assert "seed" not in [head.label for head in sheets["components"].heads]
    assert "null" not in sheets
    assert "reversals" not in sheets
    assert "between" not in sheets
    assert not any(head.stratum for head in sheets["standing"].heads)


def test_the_null_control_stands_beside_what_rows_do(table, sheets):
    (line,) = sheets["null"].lines
    null = table.compared.null
    assert [cell.text for cell in line.cells] == [
        "8",
        "5",
        f"{100 * null.reversals.value:.0f} %",
        "35 %",
        f"{100 * null.median:.0f} %",
        f"{null.significant} of 8",
    ]


def test_nothing_is_printed_where_nothing_compares(factory):
    table = build(factory.read(factory.make_study(draws=2))).tables[0]
    assert table.compared is None
    named = {"standing", "pairs", "reversals", "agreement", "components", "between", "null"}
    assert named.isdisjoint(sheets_of(table))
    assert words.stability(table) == ""


def test_markdown_says_whether_other_forget_sets_would_say_the_same(factory, table):
    board = build(factory.read(factory.make_study()))
    text = render_markdown(board)
    assert "The 5 forget sets name" in text
    for sheet in sheets_of(table).values():
        assert f"### {sheet.title}" in text


def test_hostile_labels_are_cut_and_cleaned(table):
    rows = tuple(dataclasses.replace(row, label="\u202e" + "n" * 10_000) for row in table.rows)
    for sheet in all_sheets(dataclasses.replace(table, rows=rows)):
        for line in sheet.lines:
            assert all(len(cell.whole) < 600 and "\u202e" not in cell.whole for cell in line.cells)


def test_chances_and_counts_as_text():
    assert chance(Chance(0.62, 0.09, 0.97, 6)).whole == "62 % (9–97 %)"
    assert chance(Chance(0.5, None, None, 2)).whole == "50 % (no interval)"
    assert counted(Share(1, 6, 1 / 6, 0.004, 0.64)).whole == "1 of 6 (0–64 %)"


def test_every_table_is_described():
    page = (ROOT / "docs" / "reference" / "board.md").read_text(encoding="utf-8")
    section = re.search(r"^### Tables$(.*?)^### ", page, re.DOTALL | re.MULTILINE)[1]
    titles = []
    for path in sorted((ROOT / "harness" / "fairforget" / "board" / "sheets").glob("*.py")):
        titles += re.findall(r'Sheet\(\s*"\w+",\s*f?"([^"{]+)', path.read_text(encoding="utf-8"))
    assert len(titles) > 20
    assert [title for title in titles if title.strip() not in section] == []
