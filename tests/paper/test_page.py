"""The page about the tables says what the data say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fairforget_tasks.paper.tables import NUMBERS, paper_table

PAGE = (Path(__file__).parents[2] / "docs" / "explanation" / "paper-tables.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("number", NUMBERS)
def test_the_page_lists_every_table(number):
    table = paper_table(number)
    (line,) = re.findall(rf"^\| {number} \| .*$", PAGE, re.MULTILINE)
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[2:4] == [str(len(table.rows)), f"`{table.study}`" if table.study else "–"]


@pytest.mark.parametrize(
    ("number", "row", "column"), [(1, "GradDiff", "UA"), (5, "GradDiff", "perplexity"), (6, "PO", "toxicity_safe")]
)
def test_the_counter_examples_are_printed(number, row, column):
    table = paper_table(number)
    before, after = (table.rows[name][column] for name in (row, f"{row}+"))
    shown = [f"{value:.{table.columns[column].decimals}f}".removeprefix("0") for value in (before, after)]
    assert f"{shown[0]} to {shown[1]}" in " ".join(PAGE.split())
    assert (after > before) == (table.columns[column].better == "lower")


def test_the_code_of_the_page(factory, tmp_path, monkeypatch, capsys):
    (code,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    scores = {"forget_ua": factory.make_score(0.5, "completeness")}
    cell = factory.make_cell(method="grad-diff")
    factory.write([factory.make_record(cell, scores=scores)], tmp_path / "runs" / "paper-tofu")
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) == sum(map(len, paper_table(1).rows.values()))
    assert "GradDiff UA 0.8475 Estimate(mean=0.5, " in printed
