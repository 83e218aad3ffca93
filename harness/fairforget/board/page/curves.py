"""Where the lines of small panels lie: a row on its way, and the share of samples that it has not forgotten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fairforget.board import text
from fairforget.board.page.axes import SMALLEST, Scale, across, bounded, heading, unit_range, upward
from fairforget.board.page.scene import WIDTH, Drawing, Group, Line, Panel, Path, Shape
from fairforget.board.values import Row, Table

_HEIGHT = 170.0
MOST = 24
"""Panels that are drawn."""


@dataclass(frozen=True, slots=True)
class Curves:
    """The panel of one row."""

    row: str
    title: str
    told: str
    x: Scale
    y: Scale
    height: float
    lines: tuple[tuple[str, str], ...]
    """Name of a line, and its path."""
    level: float | None
    """Where a level line lies."""


def ways(table: Table) -> list[Curves]:
    """Return a panel for every row that was looked at on its way; all with the same axes."""
    rows = [row for row in table.rows if len(row.way) > 1]
    last = bounded(max((row.way[-1].update for row in rows), default=0.0))
    if last < SMALLEST:
        return []
    found = []
    for row in rows:
        lines = {
            role: [(look.update, estimate.mean) for look in row.way if (estimate := getattr(look, role)) is not None]
            for role in ("completeness", "utility")
        }
        found.append(_panel(row, last, lines, table.goal))
    return found


def survivals(table: Table) -> list[Curves]:
    """Return a panel for every row whose samples were looked at one by one; all with the same axes."""
    rows = [(row, found) for row in table.rows if (found := row.forgetting.get("")) is not None]
    last = bounded(max((found.cap for _, found in rows), default=0.0))
    if last < SMALLEST:
        return []
    # Nobody is forgotten before the first step, and nothing is known after the last look.
    steps = [(row, [*_stairs([(0.0, 1.0), *found.curve]), (found.cap, _end(found.curve))]) for row, found in rows]
    return [_panel(row, last, {"share": points}, None) for row, points in steps]


def ways_drawing(table: Table) -> Drawing | None:
    """Return the ways as a figure; None where no row was looked at on its way. The sheet before it has the numbers."""
    level = "" if table.goal is None else ", the level line the completeness at which rows are compared"
    about = f"Means over forget sets: the thick line is completeness, the dashed one utility{level}."
    panels = tuple(_drawn(found) for found in ways(table)[:MOST])
    title = "Completeness and utility on the way"
    return Drawing("way", title, about, panels, cap=_cap(ways(table))) if panels else None


def survivals_drawing(table: Table) -> Drawing | None:
    """Return the shares as a figure; None where no sample was looked at."""
    about = "Kaplan–Meier, all forget sets that count together."
    panels = tuple(_drawn(found) for found in survivals(table)[:MOST])
    title = "Share of samples not yet forgotten"
    return Drawing("survival", title, about, panels, cap=_cap(survivals(table))) if panels else None


def _cap(found: Sequence[Curves]) -> str:
    hidden = len(found) - MOST
    return f"{text.plural(hidden, 'row')} of lower score not drawn; the table has all." if hidden > 0 else ""


def _drawn(found: Curves) -> Panel:
    shapes: list[Shape] = [
        heading(found.title),
        *across(found.x, found.y.end, found.y.start, "updates"),
        *upward(found.y, found.x.start, found.x.end, most=4),
    ]
    if found.level is not None:
        shapes.append(Line(found.x.start, found.level, found.x.end, found.level, "level"))
    lines: list[Shape] = [Path(path, name) for name, path in found.lines]
    told = f"After updates, {found.told}."
    return Panel(told, found.height, (*shapes, Group(tuple(lines), "", found.told, found.row)), title=found.title)


def _panel(row: Row, last: float, lines: dict[str, list[tuple[float, float]]], goal: float | None) -> Curves:
    values = [value for points in lines.values() for _, value in points]
    x = Scale(0.0, last, 34.0, WIDTH - 12)
    y = Scale(*unit_range(values), _HEIGHT - 34, 26.0)
    ends = ", ".join(f"{name} {text.number(points[-1][1])} at the end" for name, points in lines.items() if points)
    return Curves(
        row=text.shown(row.label),
        title=text.shown(row.label, 48),
        told=f"{text.shown(row.label)}: {ends}",
        x=x,
        y=y,
        height=_HEIGHT,
        lines=tuple((name, _path(points, x, y)) for name, points in lines.items() if points),
        level=None if goal is None else y(goal),
    )


def _path(points: Sequence[tuple[float, float]], x: Scale, y: Scale) -> str:
    return "M" + " L".join(f"{x(at)} {y(value)}" for at, value in points)


def _stairs(points: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Yield the corners of a curve that stays level between its steps."""
    before: float | None = None
    for at, value in points:
        if before is not None:
            yield at, before
        yield at, value
        before = value


def _end(curve: Sequence[tuple[float, float]]) -> float:
    return curve[-1][1] if curve else 1.0
