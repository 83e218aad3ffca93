"""Forget set after forget set: bars of what came of each, or all of a row's values on one line."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fairforget.board.loose import items, number
from fairforget.board.page.axes import Scale, close_range, heading, upward
from fairforget.board.page.scene import WIDTH, Box, Group, Line, Panel, Shape, Text
from fairforget.board.text import shown
from fairforget.claims.report import words
from fairforget.claims.report.marks import Mark, marks_panel
from fairforget.claims.report.ours import mean

MOST_SETS: Final = 60
MOST_ROWS: Final = 4
"""Bars of one forget set."""
_LEFT, _TOP, _BOTTOM = 60.0, 40.0, 178.0


@dataclass(frozen=True, slots=True)
class _Sets:
    rows: tuple[str, ...]
    """What a forget set has a value of; one empty name where it has one, the difference of two rows."""
    names: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    """Of each set, one a row; NaN where it has none."""


def bars(figure: Mapping[str, Any], where: str, asked: Mapping[str, Any]) -> Iterator[Panel | None]:
    """Yield a panel with a bar for every row on every forget set, in the order in which they were drawn."""
    found = _sets(figure)
    if found is None:
        return
    outcome = shown(asked.get("of", "completeness"), 30)
    names, values = found.names[:MOST_SETS], found.values[:MOST_SETS]
    rows = found.rows[:MOST_ROWS]
    heights = [v for one in values for v in one[: len(rows)] if math.isfinite(v)]
    y = Scale(*close_range([*heights, 0.0]), _BOTTOM, _TOP)
    difference = rows == ("",)
    title = where.rstrip(": ")
    name = f"difference in {outcome}" if difference else outcome
    legend = "above 0 the one is ahead, below 0 the other" if difference else "; ".join(_legend(rows))
    step = (WIDTH - 12 - _LEFT) / len(names)
    width = step * 0.8 / len(rows)
    shapes: list[Shape | Group] = [heading(title), *upward(y, _LEFT, WIDTH - 12, shown(name, 40), most=4)]
    shapes.append(Line(_LEFT, y(0.0), WIDTH - 12, y(0.0), "leader"))
    shapes += [Text(_LEFT, _BOTTOM + 16 + 13 * i, line, "tick") for i, line in enumerate(_legend(rows))]
    for i, (one, of) in enumerate(zip(names, values, strict=True)):
        left = _LEFT + step * (i + 0.1)
        drawn = [_bar(left + width * j, width, value, y, j) for j, value in enumerate(of[: len(rows)])]
        told = "; ".join(
            f"{row}: {words.number(v)}" if row else words.number(v) for row, v in zip(rows, of, strict=False)
        )
        shapes.append(Group(tuple(bar for bar in drawn if bar is not None), "", f"{shown(one, 40)}: {told}"))
    told = f"{title}: {name} of {len(names)} forget sets, {legend}; a table below has the numbers"
    yield Panel(told, _BOTTOM + 12 + 13 * len(_legend(rows)), tuple(shapes), title=title)


def spread(figure: Mapping[str, Any], where: str, asked: Mapping[str, Any]) -> Iterator[Panel | None]:
    """Yield a panel with all forget sets of each row on a line, and their mean."""
    found = _sets(figure)
    if found is None:
        return
    marks = []
    for i, row in enumerate(found.rows):
        dots = tuple(one[i] for one in found.values if math.isfinite(one[i]))
        if dots:
            told = f"{row or 'difference'}: {len(dots)} forget sets from {words.number(min(dots))} to "
            marks.append(Mark(row or "difference", mean(dots), dots=dots, told=f"{told}{words.number(max(dots))}"))
    if marks:
        title, name = where.rstrip(": "), shown(asked.get("of", "completeness"), 40)
        told = f"{title}: {name} of forget sets one by one; a table below has the numbers"
        yield marks_panel(title, told, marks, name)


def cap(figures: Sequence[Mapping[str, Any]]) -> str:
    """Return what of bars is not drawn; empty where all are."""
    found = [known for known in map(_sets, figures) if known is not None]
    sets, rows = (max((len(part(one)) for one in found), default=0) for part in (_names_of, _rows_of))
    said = [f"The first {MOST_SETS} of {sets:,} forget sets are drawn." if sets > MOST_SETS else ""]
    said.append(f"The first {MOST_ROWS} of {rows} rows are drawn." if rows > MOST_ROWS else "")
    return " ".join(filter(None, said))


def _names_of(found: _Sets) -> Sequence[str]:
    return found.names


def _rows_of(found: _Sets) -> Sequence[str]:
    return found.rows


def _legend(rows: Sequence[str]) -> list[str]:
    """Return which bar is whose, by place: the colours say it too."""
    if rows == ("",):
        return ["one bar a forget set"]
    if len(rows) == 1:
        return [f"each bar: {shown(rows[0], 50)}"]
    return [f"{_PLACES[i]} bar: {shown(row, 50)}" for i, row in enumerate(rows)]


_PLACES: Final = ("first", "second", "third", "fourth")


def _bar(x: float, width: float, value: float, y: Scale, row: int) -> Shape | None:
    if not math.isfinite(value):
        return None
    top, bottom = sorted((y.held(value), y(0.0)))
    return Box(round(x, 2), top, round(width, 2), round(max(bottom - top, 0.5), 2), f"bar-{row}")


def _sets(figure: Mapping[str, Any]) -> _Sets | None:
    """Return the forget sets of a figure; None where it has none of one form."""
    found = [entry for entry in map(items, items(figure.get("sets"))) if len(entry) > 1]
    if not found or any(len(entry) != len(found[0]) for entry in found):
        return None
    of = [items(row) for row in items(figure.get("rows"))]
    rows = tuple(shown(row[0], 40) for row in of if row)
    width = len(found[0]) - 1
    if len(rows) != width:
        if width > 1:
            return None
        rows = ("",)
    values = tuple(tuple(math.nan if (v := number(one)) is None else v for one in entry[1:]) for entry in found)
    return _Sets(rows, tuple(str(entry[0]) for entry in found), values)
