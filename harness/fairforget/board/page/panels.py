"""The score on every kind of forget set: a panel a stratum, a strip a row."""

from __future__ import annotations

from dataclasses import dataclass

from fairforget.board import words
from fairforget.board.page.axes import Scale, across, ends, heading, unit_range
from fairforget.board.page.scene import (
    MOST_STRATA,
    WIDTH,
    Dot,
    Drawing,
    Group,
    Line,
    Panel,
    Path,
    Shape,
    Text,
    dotted,
    left_out_strata,
)
from fairforget.board.sheets import sheet
from fairforget.board.text import figure, plural, shown
from fairforget.board.values import InStratum, Row, Stratum, Table
from fairforget.stats.intervals import Estimate

MOST_ROWS = 30
MOST_DOTS = 60


@dataclass(frozen=True, slots=True)
class Strip:
    """A row in a panel of forget sets."""

    row: str
    label: str
    y: float
    dots: tuple[float, ...]
    mean: float
    interval: tuple[float, float] | None
    reference: bool
    told: str


@dataclass(frozen=True, slots=True)
class Strips:
    """The scores in one stratum, a strip a row."""

    stratum: str
    title: str
    x: Scale
    height: float
    strips: tuple[Strip, ...]


def panels(table: Table) -> list[Strips]:
    """Return one panel a stratum; the rows in the order of the board, the same ones in every panel."""
    drawn = _drawn(table)
    found = [(s, [(row, e) for row in drawn if (e := _score(row, s))]) for s in table.strata[:MOST_STRATA]]
    everything = [e.mean for _, scored in found for _, e in scored]
    if not everything:
        return []
    x = Scale(*unit_range(everything), 152.0, WIDTH - 10)
    return [
        Strips(
            stratum.label,
            f"{shown(stratum.label, 36)}, n = {stratum.draws}",
            x,
            20.0 * len(scored) + 34,
            tuple(_strip(row, row.strata[stratum.label], e, x, 16.0 + 20 * i) for i, (row, e) in enumerate(scored)),
        )
        for stratum, scored in found
        if scored
    ]


def panels_drawing(table: Table) -> Drawing | None:
    """Return the panels as a figure with its numbers; None where no row has a score."""
    found = panels(table)
    if not found:
        return None
    name = words.score_name(table)
    scenes = tuple(_panel(panel, name) for panel in found)
    about = (
        "A small dot is one forget set, the large one their mean, the bar its 95 % interval; a method that is ahead "
        "on easy samples only is not ahead."
    )
    hidden = len(table.rows) - len(_drawn(table))
    most = max((len(s.points) for row in _drawn(table) for s in row.strata.values()), default=0)
    caps = [
        *([f"{plural(hidden, 'row')} of lower score not drawn; the table has all."] if hidden else []),
        *left_out_strata(len(table.strata)),
        *([f"Of {most:,} dots a row {MOST_DOTS} are drawn, evenly from lowest to highest."] * (most > MOST_DOTS)),
    ]
    title = f"{name.capitalize()} by kind of forget set"
    return Drawing("scores", title, about, scenes, _numbers(table), " ".join(caps))


def _panel(panel: Strips, name: str) -> Panel:
    bottom = panel.height + 4
    shapes: list[Shape | Group] = [heading(panel.title), *across(panel.x, 26, bottom, most=4)]
    shapes += [_group(strip, panel.x.start) for strip in panel.strips]
    told = f"{name.capitalize()} on {panel.title}; the numbers are in the table."
    return Panel(told, panel.height + 22, tuple(shapes), title=panel.title, stratum=panel.stratum)


def _group(strip: Strip, left: float) -> Group:
    y = strip.y + 22
    shapes: list[Shape] = [Text(left - 8, y + 3.5, strip.label, "name", "end")]
    if strip.dots:
        shapes.append(Path(dotted((dot, y + 5.5) for dot in strip.dots), "dots"))
    if strip.interval:
        shapes.append(Line(strip.interval[0], y, strip.interval[1], y, "interval"))
    shapes.append(Dot(strip.mean, y, 4, "mean"))
    return Group(tuple(shapes), "strip reference" if strip.reference else "strip", strip.told, strip.row)


def _strip(row: Row, found: InStratum, score: Estimate, x: Scale, y: float) -> Strip:
    return Strip(
        row=shown(row.label),
        label=shown(row.label, 26),
        y=y,
        dots=tuple(x.held(value) for value in _thinned([p.score for p in found.points if p.score is not None])),
        mean=x.held(score.mean),
        interval=ends(x, score),
        reference=row.reference is not None,
        told=f"{shown(row.label)}: {figure(score, score.n)}, n = {score.n}",
    )


def _thinned(values: list[float]) -> list[float]:
    """Return all values, or some that are spread over them evenly."""
    if len(values) <= MOST_DOTS:
        return values
    ordered = sorted(values)
    return [ordered[round(i * (len(ordered) - 1) / (MOST_DOTS - 1))] for i in range(MOST_DOTS)]


def _drawn(table: Table) -> list[Row]:
    return [*table.competing[:MOST_ROWS], *table.references[:MOST_ROWS]]


def _numbers(table: Table) -> sheet.Sheet:
    heads = (
        sheet.Head("method", numeric=False),
        *(sheet.Head(words.draws_label(s), stratum=s.label) for s in table.strata),
    )
    lines = [
        sheet.Line(
            (sheet.Cell(shown(row.label)), *(sheet.figure(_score(row, s), s.draws) for s in table.strata)),
            row.reference is not None,
        )
        for row in table.rows
    ]
    title = f"{words.score_name(table).capitalize()} by kind of forget set"
    return sheet.Sheet("scores-numbers", title, "", heads, tuple(lines))


def _score(row: Row, stratum: Stratum) -> Estimate | None:
    found = row.strata.get(stratum.label)
    return None if found is None else found.figures.score
