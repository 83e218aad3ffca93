"""Completeness against utility, with the reference rows and the Pareto front."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fairforget.board.page.axes import Scale, across, ends, upper_range, upward
from fairforget.board.page.labels import NO_ROOM, Label, place_labels
from fairforget.board.page.scene import WIDTH, Dot, Drawing, Group, Line, Panel, Path, Shape, Text
from fairforget.board.sheets import sheet
from fairforget.board.text import figure, plural, shown
from fairforget.board.values import Row, Table
from fairforget.stats.intervals import Estimate

MOST = 40
"""Rows that are drawn: more of them would cover each other."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A row in the plane."""

    row: str
    label: Label | None
    """None where there was no room for it."""
    x: float
    y: float
    horizontal: tuple[float, float] | None
    """Interval of utility."""
    vertical: tuple[float, float] | None
    """Interval of completeness."""
    reference: bool
    told: str


@dataclass(frozen=True, slots=True)
class Plane:
    """Completeness against utility."""

    x: Scale
    y: Scale
    height: float
    marks: tuple[Mark, ...]
    contours: tuple[tuple[str, str], ...]
    """Path of equal score, and that score."""
    front: str
    """Path along the rows that no other row beats in both means."""


def plane(table: Table) -> Plane | None:
    """Return the completeness–utility plane of a table's headline; None where no row has both."""
    rows = _rows(table)
    drawn = [found for found in rows if found[0].reference is None][:MOST]
    drawn += [found for found in rows if found[0].reference is not None]
    if not drawn:
        return None
    x = Scale(*upper_range([u.mean for _, _, u in drawn]), 42.0, WIDTH - 12)
    y = Scale(*upper_range([c.mean for _, c, _ in drawn]), 300.0, 10.0)
    spots = [(x(u.mean), y(c.mean)) for _, c, u in drawn]
    labels = place_labels([shown(row.label, 28) for row, _, _ in drawn], spots, (x.start, x.end, y.end, y.start))
    marks = [
        Mark(shown(row.label), label, *spot, ends(x, u), ends(y, c), row.reference is not None, _told(row, c, u))
        for (row, c, u), spot, label in zip(drawn, spots, labels, strict=True)
    ]
    # Where rows are ranked by utility alone, curves of equal score would mislead.
    levels = (0.2, 0.4, 0.6, 0.8) if table.goal is None else ()
    contours = [(_contour(score, x, y), f"{score:g}") for score in levels]
    best = front(table)
    means = [(c.mean, u.mean) for row, c, u in rows if row.id in best]
    return Plane(x, y, 336.0, tuple(marks), tuple(c for c in contours if c[0]), _stairs(means, x, y))


def front(table: Table) -> frozenset[str]:
    """Return the identities of the competing rows that no other one beats in both means, or equals and beats in one."""
    found = [(row.id, c.mean, u.mean) for row, c, u in _rows(table) if row.reference is None]
    return frozenset(
        row
        for row, c, u in found
        if not any(c2 >= c and u2 >= u and (c2 > c or u2 > u) for other, c2, u2 in found if other != row)
    )


def plane_drawing(table: Table) -> Drawing | None:
    """Return the plane as a figure with its numbers; None where no row has both."""
    found = plane(table)
    if found is None:
        return None
    shapes: list[Shape | Group] = [
        *across(found.x, found.y.end, found.y.start, "utility"),
        *upward(found.y, found.x.start, found.x.end, "completeness"),
        *(Path(path, "contour") for path, _ in found.contours),
    ]
    if found.front:
        shapes.append(Path(found.front, "front"))
    shapes += [_group(mark) for mark in found.marks]
    told = "Completeness against utility, every row of the ranking; the numbers are in its table."
    about = (
        "Up is more forgotten, right is more kept: the best corner is the upper right. "
        + ("Dotted curves join points of equal score. " if found.contours else "")
        + "Crosses are 95 % intervals over forget sets, hollow marks are reference rows; the dashed line is the front "
        "of the rows that no other row beats in both means." + _begins(found)
    )
    hidden = len(_rows(table)) - len(found.marks)
    caps = [
        *([f"{plural(hidden, 'row')} of lower score not drawn; the table has all."] if hidden else []),
        *([NO_ROOM] if any(mark.label is None for mark in found.marks) else []),
    ]
    panel = Panel(told, found.height, tuple(shapes))
    return Drawing("plane", "Completeness and utility", about, (panel,), _numbers(table), " ".join(caps))


def _begins(found: Plane) -> str:
    """Return the sentence that a figure says whose axes do not begin at 0."""
    axes = (("completeness", found.y), ("utility", found.x))
    cut = [f"{name} begins at {scale.low:g}" for name, scale in axes if scale.low > 0]
    return f" The axis of {' and that of '.join(cut)}." if cut else ""


def _group(mark: Mark) -> Group:
    shapes: list[Shape] = []
    if mark.horizontal:
        shapes.append(Line(mark.horizontal[0], mark.y, mark.horizontal[1], mark.y, "interval"))
    if mark.vertical:
        shapes.append(Line(mark.x, mark.vertical[0], mark.x, mark.vertical[1], "interval"))
    if mark.label and mark.label.leader:
        shapes.append(Line(mark.x, mark.y, *mark.label.leader, "leader"))
    shapes.append(Dot(mark.x, mark.y, 4, "mean"))
    if mark.label:
        shapes.append(Text(mark.label.x, mark.label.y, mark.label.text, "name", mark.label.anchor))
    return Group(tuple(shapes), "mark reference" if mark.reference else "mark", mark.told, mark.row)


def _numbers(table: Table) -> sheet.Sheet:
    heads = (
        sheet.Head("method", numeric=False),
        sheet.Head("completeness"),
        sheet.Head("utility"),
        sheet.Head("n", "Forget sets."),
        sheet.Head("on the front", "No other row is better in both means.", numeric=False),
    )
    best = front(table)
    lines = [
        sheet.Line(
            (
                sheet.Cell(shown(row.label)),
                sheet.figure(c, c.n),
                sheet.figure(u, c.n),
                sheet.Cell(f"{c.n:,}", float(c.n)),
                sheet.Cell("" if row.reference else "yes" if row.id in best else "no"),
            ),
            row.reference is not None,
        )
        for row, c, u in _rows(table)
    ]
    return sheet.Sheet("plane-numbers", "Completeness and utility", "", heads, tuple(lines))


def _rows(table: Table) -> list[tuple[Row, Estimate, Estimate]]:
    return [(row, c, u) for row in table.rows if (c := row.headline.completeness) and (u := row.headline.utility)]


def _told(row: Row, completeness: Estimate, utility: Estimate) -> str:
    parts = f"completeness {figure(completeness, completeness.n)}, utility {figure(utility, utility.n)}"
    return f"{shown(row.label)}: {parts}, n = {completeness.n}"


def _stairs(means: Sequence[tuple[float, float]], x: Scale, y: Scale) -> str:
    """Return the path along a front of (completeness, utility): level and upright, as dominance goes."""
    if not means:
        return ""
    ordered = sorted(means)
    corners = [f"M{x.start:g} {y(ordered[-1][0]):g}"]
    for completeness, utility in reversed(ordered):
        corners.append(f"V{y(completeness):g}H{x(utility):g}")
    return f"{''.join(corners)}V{y.start:g}"


def _contour(score: float, x: Scale, y: Scale) -> str:
    """Return the path of points whose harmonic mean is `score`: c = s u / (2 u − s)."""
    first = max(score / 2 + 1e-3, x.low)
    utilities = [first + i / 60 * (1 - first) for i in range(61)]
    points = [(u, score * u / (2 * u - score)) for u in utilities]
    inside = [f"{x(u)} {y(c)}" for u, c in points if u <= 1 and y.low <= c <= 1]
    return f"M{' L'.join(inside)}" if len(inside) > 1 else ""
