"""What else differs between easy and hard forget sets: a panel a property, a strip a stratum."""

from __future__ import annotations

from fairforget.board.page.axes import Scale, across, close_range, ends, heading
from fairforget.board.page.scene import (
    MOST_STRATA,
    WIDTH,
    Dot,
    Drawing,
    Group,
    Line,
    Panel,
    Shape,
    Text,
    left_out_strata,
)
from fairforget.board.text import figure, probability, shown
from fairforget.board.values import Covariate, Table

MOST = 12
_LEFT = 110.0


def covariates_drawing(table: Table) -> Drawing | None:
    """Return the figure; None with fewer than two strata. The sheet beside it has the numbers."""
    found = [c for c in table.covariates if sum(e is not None for e in c.strata.values()) > 1]
    if not found:
        return None
    about = (
        "Where the bars of a property lie apart, the kinds of forget sets differ in it too, and it may "
        "explain what looks like difficulty. p is that of a one-way analysis of variance."
    )
    hidden = len(found) - MOST
    caps = [
        *left_out_strata(len(table.strata)),
        *([f"{hidden} more {'property' if hidden == 1 else 'properties'} in the table."] if hidden > 0 else []),
    ]
    panels = tuple(_panel(table, covariate) for covariate in found[:MOST])
    return Drawing("differences", "Properties of the forget sets", about, panels, cap=" ".join(caps))


def _panel(table: Table, covariate: Covariate) -> Panel:
    strata = [(s, e) for s in table.strata[:MOST_STRATA] if (e := covariate.strata.get(s.label)) is not None]
    x = Scale(*close_range([v for _, e in strata for v in (e.mean, e.low, e.high) if v is not None]), _LEFT, WIDTH - 14)
    p = "" if covariate.p is None else f", p {'' if covariate.p < 0.001 else '= '}{probability(covariate.p)}"
    title = f"{shown(covariate.name, 40).replace('_', ' ')}{p}"
    bottom = 24 + 18.0 * len(strata)
    shapes: list[Shape | Group] = [heading(title), *across(x, 22, bottom, most=4)]
    for i, (stratum, estimate) in enumerate(strata):
        y, bar = 33 + 18.0 * i, ends(x, estimate)
        shapes.append(
            Group(
                (
                    Text(_LEFT - 8, y + 3.5, f"{shown(stratum.label, 14)}, n = {estimate.n}", "name", "end"),
                    *([Line(bar[0], y, bar[1], y, "interval")] if bar else []),
                    Dot(x(estimate.mean), y, 3.5, "mean"),
                ),
                "strip",
                f"{shown(stratum.label)}: {figure(estimate, estimate.n)}, n = {estimate.n}",
            )
        )
    return Panel(f"{title}, by stratum; the numbers are in the table.", bottom + 20, tuple(shapes), title=title)
