"""Figures of rows beside each other: shares of variance, groups of samples, correlations of rows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fairforget.board.loose import items, mapping, number
from fairforget.board.page.scene import Panel
from fairforget.board.text import shown
from fairforget.claims.report import words
from fairforget.claims.report.marks import Mark, marks_panel
from fairforget.claims.report.plots import matrix_panel


def of_shares(figure: Mapping[str, Any], where: str, asked: Mapping[str, Any]) -> Iterator[Panel | None]:
    """Yield the share of every row with its interval."""
    del asked
    marks = []
    for row in map(items, items(figure.get("rows"))):
        if len(row) >= 4:
            value, low, high = map(_nan, row[1:4])
            told = f"{shown(row[0])}: {words.number(value)} ({words.number(low)} to {words.number(high)})"
            marks.append(Mark(shown(row[0]), value, low, high, told=told))
    yield _panel(where, "share", "share of the variance between forget sets", marks)


def of_added(figure: Mapping[str, Any], where: str, asked: Mapping[str, Any]) -> Iterator[Panel | None]:
    """Yield what a score adds to R², a row each."""
    del asked
    marks = [
        Mark(shown(row.get("row")), value, told=f"{shown(row.get('row'))}: {words.number(value)}")
        for row in map(mapping, items(figure.get("rows")))
        if (value := number(row.get("added"))) is not None
    ]
    yield _panel(where, "ΔR²", "R² that the score adds", marks)


def of_groups(figure: Mapping[str, Any], where: str, asked: Mapping[str, Any]) -> Iterator[Panel | None]:
    """Yield the outcomes of samples high and low in an attribute, two rows for each row of the study."""
    del asked
    marks = []
    for row in map(mapping, items(figure.get("rows"))):
        values = [value for value in map(items, items(row.get("values"))) if len(value) > 2]
        for side, high in (("high", True), ("low", False)):
            found = [y for value in values if value[2] is high and (y := number(value[1])) is not None]
            label = f"{side}, {shown(row.get('row', ''), 14)}"
            told = f"{label}: n = {len(found)}"
            if found:
                marks.append(Mark(label, math.fsum(found) / len(found), dots=tuple(found), told=told))
    yield _panel(where, shown(figure.get("outcome", "outcome"), 40), "outcomes of the samples of both groups", marks)


def of_matrix(figure: Mapping[str, Any], where: str, asked: Mapping[str, Any]) -> Iterator[Panel | None]:
    """Yield the correlations of every two rows."""
    del asked
    names = [shown(name) for name in items(figure.get("rows"))]
    values = [[_nan(value) for value in items(row)] for row in items(figure.get("matrix"))]
    if len(names) == len(values) > 0:
        title = where.rstrip(": ")
        yield matrix_panel(title, f"{title}: correlations of every two rows; the table has them", names, values)


def _panel(where: str, name: str, told: str, marks: Sequence[Mark]) -> Panel | None:
    if not marks:
        return None
    title = where.rstrip(": ")
    return marks_panel(title, f"{title}: {told}; the table has the numbers", marks, name)


def _nan(found: Any) -> float:
    value = number(found)
    return math.nan if value is None else value
