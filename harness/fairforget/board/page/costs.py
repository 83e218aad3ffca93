"""What a score costs: forward-equivalents of one run against the score."""

from __future__ import annotations

import math

from fairforget.board import words
from fairforget.board.page.axes import Scale, across, close_range, ends, upward
from fairforget.board.page.labels import NO_ROOM, place_labels
from fairforget.board.page.scene import WIDTH, Dot, Drawing, Group, Line, Panel, Shape, Text
from fairforget.board.sheets.sheet import Cell, Head, Sheet, figure
from fairforget.board.sheets.sheet import Line as Printed
from fairforget.board.text import count, plural, shown
from fairforget.board.text import figure as written
from fairforget.board.values import Row, Table
from fairforget.board.way import Cost
from fairforget.stats.intervals import Estimate

MOST = 40


def costs_drawing(table: Table) -> Drawing | None:
    """Return the figure; None where fewer than two competing rows have a score and a price."""
    rows = _rows(table)
    if len(rows) < 2:
        return None
    drawn = rows[:MOST]
    spent = [cost.forward_equivalents for _, _, cost in drawn]
    log = min(spent) > 0 and max(spent) > 8 * min(spent)
    x = Scale(*(close_range([math.log10(v) for v in spent]) if log else (0.0, 1.08 * max(spent))), 42.0, WIDTH - 12)
    edges = [v for _, e, _ in drawn for v in (e.mean, e.low, e.high) if v is not None]
    y = Scale(*close_range(edges), 250.0, 10.0)
    name = words.score_name(table)
    shapes: list[Shape | Group] = [
        *(_decades(x, y) if log else across(x, y.end, y.start)),
        Text(x.end, y.start + 28, f"forward-equivalents{', logarithmic' if log else ''} →", "axis", "end"),
        *upward(y, x.start, x.end, name),
    ]
    spots = [(x(math.log10(v) if log else v), y(e.mean)) for v, (_, e, _) in zip(spent, drawn, strict=True)]
    labels = place_labels([shown(row.label, 28) for row, _, _ in drawn], spots, (x.start, x.end, y.end, y.start))
    for (row, e, cost), (px, py), label in zip(drawn, spots, labels, strict=True):
        bar = ends(y, e)
        told = f"{shown(row.label)}: {written(e, e.n)}, n = {e.n}, for {count(cost.forward_equivalents)}"
        parts: list[Shape] = [Line(px, bar[0], px, bar[1], "interval")] if bar else []
        if label and label.leader:
            parts.append(Line(px, py, *label.leader, "leader"))
        parts.append(Dot(px, py, 4, "mean"))
        if label:
            parts.append(Text(label.x, label.y, label.text, "name", label.anchor))
        shapes.append(Group(tuple(parts), "mark", f"{told} forward-equivalents", shown(row.label)))
    about = (
        "Left is cheaper, up is better. A forward-equivalent is one sequence through the model; a backward pass counts "
        "as two, and difficulty scores and reference passes are counted in. Bars are 95 % intervals of the score."
    )
    hidden = len(rows) - len(drawn)
    caps = [
        *([f"{plural(hidden, 'row')} of lower score not drawn; the table has all."] if hidden else []),
        *([NO_ROOM] if None in labels else []),
    ]
    panel = Panel(
        f"{name.capitalize()} against what one run costs; the numbers are in the table.", 284.0, tuple(shapes)
    )
    return Drawing("costs", f"{name.capitalize()} and what it costs", about, (panel,), _numbers(table), " ".join(caps))


def _decades(x: Scale, y: Scale) -> list[Shape]:
    """Return the grid of a logarithmic axis: 1, 2 and 5 times every power of ten, or some powers where it is long."""
    shapes: list[Shape] = []
    span = x.high - x.low
    for power in range(math.floor(x.low), math.ceil(x.high) + 1, max(1, math.ceil(span / 7))):
        for factor in (1, 2, 5) if span < 3 else (1,):
            at = power + math.log10(factor)
            if x.low <= at <= x.high:
                shapes += [
                    Line(x(at), y.end, x(at), y.start, "grid"),
                    Text(x(at), y.start + 13, count(factor * 10.0**power), "tick", "middle"),
                ]
    return shapes


def _rows(table: Table) -> list[tuple[Row, Estimate, Cost]]:
    return [
        (row, row.headline.score, row.cost)
        for row in table.competing
        # A ledger may claim anything; what no machine could spend has no place on the axis, nor has what none measured.
        if row.headline.score is not None
        and row.cost is not None
        and not row.cost.declared
        and 1e-6 < row.cost.forward_equivalents < 1e18
    ]


def _numbers(table: Table) -> Sheet:
    usual = sum(stratum.draws for stratum in table.strata if stratum.weight > 0)
    heads = (
        Head("method", numeric=False),
        Head(f"{words.score_name(table)}, {words.headline_name(table)}"),
        Head("forward-equivalents", "Median over cells."),
        Head("cells"),
    )
    lines = [
        Printed(
            (
                Cell(shown(row.label)),
                figure(score, usual),
                Cell(count(cost.forward_equivalents), cost.forward_equivalents),
                Cell(count(cost.cells), float(cost.cells)),
            )
        )
        for row, score, cost in _rows(table)
    ]
    return Sheet("costs-numbers", "Score and cost", "", heads, tuple(lines))
