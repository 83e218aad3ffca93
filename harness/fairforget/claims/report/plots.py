"""Points against points, curves over a quantity, and matrices, as panels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from fairforget.board.page.axes import Scale, across, heading, upward
from fairforget.board.page.scene import WIDTH, Box, Dot, Group, Line, Panel, Path, Shape, Text, dotted, joined
from fairforget.board.text import shown
from fairforget.claims.report.logarithmic import axis

MOST_POINTS = 600
"""Of a panel."""
MOST_ROWS = 12
"""Of a matrix."""
_HEIGHT = 236.0
_MARGIN = 60.0

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Axes:
    """What the axes of a panel are called, fit to be printed, and which of them are of logarithms."""

    x: str
    y: str
    log_x: bool = False
    log_y: bool = False


@dataclass(frozen=True, slots=True)
class OnCurve:
    """A point of a curve with its interval; NaN where it has none."""

    x: float
    y: float
    low: float = math.nan
    high: float = math.nan


def cloud_panel(
    title: str, told: str, axes: Axes, full: Sequence[Point], hollow: Sequence[Point] = (), line: Sequence[Point] = ()
) -> Panel | None:
    """Return a panel of points, hollow ones among them, with a line through them; None without a point."""
    full, hollow = _thinned(full), _thinned(hollow)
    points = [*full, *hollow]
    if not points:
        return None
    x, y = _scales(axes, points)
    shapes = _frame(title, axes, x, y)
    inside: list[Shape] = [Path(dotted((x.held(a), y.held(b)) for a, b in full), "dots")] if full else []
    inside += [Dot(x.held(a), y.held(b), 2.2, "dot") for a, b in hollow]
    if path := joined((x.held(a), y.held(b)) for a, b in line):
        inside.append(Path(path, "trend"))
    return Panel(told, _HEIGHT, (*shapes, Group(tuple(inside), "cloud", told)), title=title)


def curve_panel(
    title: str,
    told: str,
    axes: Axes,
    points: Sequence[OnCurve],
    law: Sequence[Point] = (),
    printed: float | None = None,
) -> Panel | None:
    """Return a panel of points with their intervals, joined, and a dashed line of what is expected; None without.

    Args:
        title: above the panel.
        told: for those who do not see it.
        axes: their names.
        points: from left to right.
        law: what is expected.
        printed: a number that a paper prints for all of it, a line across; None = none.
    """
    points = points[:MOST_POINTS]
    if not points:
        return None
    ends = [(p.x, end) for p in points for end in (p.low, p.high) if math.isfinite(end)]
    across_at = [(points[0].x, printed)] if printed is not None else []
    x, y = _scales(axes, [*((p.x, p.y) for p in points), *ends, *law, *across_at])
    inside: list[Shape] = []
    if printed is not None:
        inside += [
            Line(x.start, y.held(printed), x.end, y.held(printed), "border"),
            Text(x.end, y.held(printed) - 4, f"printed: {printed:g}", "tick", "end"),
        ]
    if path := joined((x.held(a), y.held(b)) for a, b in law):
        inside.append(Path(path, "front"))
    if path := joined((x.held(p.x), y.held(p.y)) for p in points):
        inside.append(Path(path, "trend"))
    for p in points:
        if not (math.isnan(p.low) or math.isnan(p.high)):
            inside.append(Line(x.held(p.x), y.held(p.low), x.held(p.x), y.held(p.high), "interval"))
        inside.append(Dot(x.held(p.x), y.held(p.y), 3.5, "mean"))
    return Panel(told, _HEIGHT, (*_frame(title, axes, x, y), Group(tuple(inside), "", told)), title=title)


def matrix_panel(title: str, told: str, names: Sequence[str], values: Sequence[Sequence[float]]) -> Panel | None:
    """Return a panel of numbers from −1 to 1, a square each; None without a row."""
    names = names[:MOST_ROWS]
    if not names:
        return None
    left, top = 130.0, 40.0
    size = round(min(34.0, (WIDTH - left - 4) / len(names)), 2)
    shapes: list[Shape | Group] = [heading(title)]
    for i, name in enumerate(names):
        y = top + size * i
        shapes.append(Text(left - 8, y + size / 2 + 3.5, f"{i + 1}  {shown(name, 20)}", "name", "end"))
        shapes.append(Text(left + size * (i + 0.5), top - 6, f"{i + 1}", "tick", "middle"))
        for j, value in enumerate(values[i][: len(names)]):
            if math.isfinite(value):
                shapes.append(_square(name, names[j], value, left + size * j, y, size))
    return Panel(told, top + size * len(names) + 8, tuple(shapes), title=title)


def _square(one: str, other: str, value: float, x: float, y: float, size: float) -> Group:
    shade = round(min(abs(value), 1.0) * 0.55, 3)
    kind = "ahead" if value >= 0 else "behind"
    text = Text(round(x + size / 2, 2), round(y + size / 2 + 3.3, 2), f"{value:.2f}", "value", "middle")
    box = Box(round(x, 2), round(y, 2), size - 1, size - 1, kind, shade)
    return Group((box, text), "", f"{shown(one)} and {shown(other)}: {value:.2f}")


def _scales(axes: Axes, points: Sequence[Point]) -> tuple[Scale, Scale]:
    x = axis([a for a, _ in points], _MARGIN, WIDTH - 12, logarithmic=axes.log_x)
    y = axis([b for _, b in points], _HEIGHT - 38, 26.0, logarithmic=axes.log_y)
    return x, y


def _frame(title: str, axes: Axes, x: Scale, y: Scale) -> list[Shape | Group]:
    return [heading(shown(title, 52)), *across(x, 26, y.start, axes.x), *upward(y, x.start, x.end, axes.y, most=4)]


def _thinned(points: Sequence[Point]) -> list[Point]:
    if len(points) <= MOST_POINTS:
        return list(points)
    ordered = sorted(points)
    return [ordered[round(i * (len(ordered) - 1) / (MOST_POINTS - 1))] for i in range(MOST_POINTS)]
