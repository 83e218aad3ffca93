"""Effects below one another on one axis: a dot with its interval, the values behind it, the borders of a verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from fairforget.board.page.axes import Scale, across, close_range, heading
from fairforget.board.page.scene import WIDTH, Box, Dot, Group, Line, Panel, Path, Shape, Text, dotted
from fairforget.board.text import shown
from fairforget.claims.expectation import Expectation

MOST_DOTS = 60
"""Values of one mark that are drawn."""
MOST_MARKS = 40
_STEP, _LEFT, _TOP = 20.0, 132.0, 36.0


@dataclass(frozen=True, slots=True)
class Mark:
    """One row of a figure."""

    label: str
    value: float
    """NaN where there is none; the row says so."""
    low: float = math.nan
    high: float = math.nan
    """Ends of the interval; NaN where there is none, infinite where it has no end."""
    dots: tuple[float, ...] = ()
    """What the value is the mean of."""
    hollow: bool = False
    """Whether it is drawn as an outline: a control."""
    whole: bool = False
    """Whether it is over all the others."""
    told: str = ""


def marks_panel(title: str, told: str, marks: Sequence[Mark], name: str, expect: Expectation | None = None) -> Panel:
    """Return a panel with a row for each mark; the side of the borders that supports a claim is shaded.

    Args:
        title: above the panel.
        told: for those who do not see it.
        marks: from top to bottom.
        name: of the axis.
        expect: of the claim, where the axis is that of its effect.
    """
    drawn = marks[:MOST_MARKS]
    borders = () if expect is None else expect.borders
    numbers = [v for m in drawn for v in (m.value, m.low, m.high, *m.dots) if math.isfinite(v)]
    x = Scale(*close_range([*numbers, *borders] or [0.0]), _LEFT, WIDTH - 12)
    bottom = _TOP + _STEP * len(drawn) - 6
    shapes: list[Shape | Group] = [heading(title)]
    shapes += [] if expect is None else _side(expect, x, bottom)
    shapes += across(x, 22, bottom, name, most=4)
    shapes += [Line(x(border), 20, x(border), bottom + 3, "border") for border in borders]
    shapes += [_row(mark, x, _TOP + _STEP * i) for i, mark in enumerate(drawn)]
    return Panel(told, bottom + 36, tuple(shapes), title=title)


def thinned(values: Sequence[float], most: int = MOST_DOTS) -> list[float]:
    """Return the values, or as many as are drawn, spread over them evenly."""
    if len(values) <= most:
        return list(values)
    ordered = sorted(values)
    return [ordered[round(i * (len(ordered) - 1) / (most - 1))] for i in range(most)]


def _side(expect: Expectation, x: Scale, bottom: float) -> list[Shape]:
    left = x(expect.above) if expect.above is not None else x.start
    right = x(expect.below) if expect.below is not None else x.end
    if expect.within is not None:
        left, right = x(expect.within[0]), x(expect.within[1])
    return [Box(left, 22, round(right - left, 2), bottom - 22, "expected")]


def _row(mark: Mark, x: Scale, y: float) -> Group:
    shapes: list[Shape] = [Text(_LEFT - 8, y + 3.5, shown(mark.label, 23), "name", "end")]
    if mark.dots:
        shapes.append(Path(dotted((x.held(dot), y + 5.5) for dot in thinned(mark.dots)), "dots"))
    if math.isnan(mark.value):
        shapes.append(Text(x.start + 6, y + 3.5, "no value", "tick"))
    else:
        if not (math.isnan(mark.low) or math.isnan(mark.high)):
            shapes.append(Line(x.held(mark.low), y, x.held(mark.high), y, "thick" if mark.whole else "interval"))
        shapes.append(Dot(x.held(mark.value), y, 5 if mark.whole else 4, "mean"))
    return Group(tuple(shapes), "strip reference" if mark.hollow else "strip", mark.told)
