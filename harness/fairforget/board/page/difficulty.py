"""Difficulty against outcome, sample by sample: a panel a row."""

from __future__ import annotations

from fairforget.board.by_sample import BySample, SampleRow
from fairforget.board.page.axes import Scale, across, ends, heading, unit_range, upward
from fairforget.board.page.scene import WIDTH, Dot, Drawing, Group, Line, Panel, Path, Shape, dotted, joined
from fairforget.board.sheets.sheet import Cell, Head, Sheet, figure
from fairforget.board.sheets.sheet import Line as Printed
from fairforget.board.text import plural, shown
from fairforget.board.values import Row, Table

MOST = 12
_HEIGHT = 190.0


def difficulty_drawing(table: Table) -> Drawing | None:
    """Return the figure, by the first difficulty score of which every sample's value is known; None without one."""
    found = next(iter(table.by_sample), None)
    if found is None:
        return None
    rows = [(row, found.rows[row.id]) for row in table.rows if row.id in found.rows]
    drawn = [*[one for one in rows if one[0].reference is None][:MOST], *[one for one in rows if one[0].reference]]
    score = shown(found.score, 40)
    about = (
        f"Every dot is a sample on one forget set, from the easiest to the hardest by {score}; the line joins the "
        "means of fifths of the samples, with 95 % intervals over forget sets. ρ is Spearman's correlation: below 0 "
        "the hard samples are what a method leaves behind."
    )
    of_all = max(one.samples for _, one in drawn) > max(len(one.points) for _, one in drawn)
    hidden = len(rows) - len(drawn)
    caps = [
        *([f"{plural(hidden, 'row')} of lower score not drawn; the table has all."] if hidden else []),
        *(["Not every dot is drawn; they are taken evenly from the easiest to the hardest."] if of_all else []),
        *([f"{plural(found.left_out, 'forget set')} more not looked at."] if found.left_out else []),
    ]
    panels = tuple(_panel(row, one, score) for row, one in drawn)
    return Drawing("difficulty", "Difficulty and outcome", about, panels, _numbers(table), " ".join(caps))


def _panel(row: Row, found: SampleRow, score: str) -> Panel:
    values = [value for _, value in found.points]
    x, y = Scale(0.0, 1.0, 34.0, WIDTH - 12), Scale(*unit_range(values), _HEIGHT - 34, 26.0)
    title = f"{shown(row.label, 24)}: {_rho(found)}, n = {found.draws}"
    shapes: list[Shape | Group] = [
        heading(title),
        *across(x, y.end, y.start, f"share of samples that are easier by {score}"),
        *upward(y, x.start, x.end, most=4),
    ]
    dots = Path(dotted((x(at), y.held(value)) for at, value in found.points), "dots")
    line = [(x(fifth.difficulty), y.held(fifth.completeness.mean)) for fifth in found.fifths]
    bars = [
        Line(place[0], bar[0], place[0], bar[1], "interval")
        for place, fifth in zip(line, found.fifths, strict=True)
        if (bar := ends(y, fifth.completeness)) is not None
    ]
    means: list[Shape] = [Dot(*place, 3.5, "mean") for place in line]
    if len(line) > 1:
        means.insert(0, Path(joined(line), "trend"))
    told = f"{shown(row.label)}: {_rho(found)}, {found.samples:,} samples of n = {plural(found.draws, 'forget set')}"
    kind = "cloud reference" if row.reference else "cloud"
    shapes.append(Group((dots, *bars, *means), kind, told, shown(row.label)))
    return Panel(f"{told}; completeness against difficulty.", _HEIGHT, tuple(shapes), title=title)


def _rho(found: SampleRow) -> str:
    if found.rho is None:
        return "no ρ, all alike"
    if found.low is None or found.high is None:
        return f"ρ = {found.rho:.2f} (no interval)"
    return f"ρ = {found.rho:.2f} ({found.low:.2f} to {found.high:.2f})"


def _numbers(table: Table) -> Sheet:
    names = ("easiest", "second", "third", "fourth", "hardest")
    several = len(table.by_sample) > 1
    heads = (
        Head("method", numeric=False),
        *([Head("difficulty", "The score that says what is hard.", numeric=False)] if several else []),
        Head(
            "ρ", "Spearman's, of difficulty and completeness, with its 95 % interval from a jackknife over forget sets."
        ),
        *(Head(f"{name} fifth", "Mean completeness of these samples.") for name in names),
        Head("samples", "Each counts in every forget set it is in."),
        Head("n", "Forget sets."),
    )
    lines = [
        Printed(
            (
                Cell(shown(row.label)),
                *([Cell(shown(one.score))] if several else []),
                _cell(one.rows[row.id]),
                *_fifths(one.rows[row.id]),
                Cell(f"{one.rows[row.id].samples:,}", float(one.rows[row.id].samples)),
                Cell(f"{one.rows[row.id].draws:,}", float(one.rows[row.id].draws)),
            ),
            row.reference is not None,
        )
        for one in table.by_sample
        for row in table.rows
        if row.id in one.rows
    ]
    return Sheet("difficulty-numbers", "Difficulty and outcome", _about(table.by_sample), heads, tuple(lines))


def _about(found: tuple[BySample, ...]) -> str:
    strata = dict.fromkeys(label for one in found for label in one.strata)
    return f"Forget sets whose sampler chose by difficulty: {', '.join(shown(label, 40) for label in strata)}."


def _cell(found: SampleRow) -> Cell:
    if found.rho is None:
        return Cell("–")
    between = "" if found.low is None or found.high is None else f"({found.low:.2f} to {found.high:.2f})"
    return Cell(f"{found.rho:.2f}", found.rho, between or "(no interval)")


def _fifths(found: SampleRow) -> list[Cell]:
    by_place = {min(4, int(fifth.difficulty * 5)): fifth for fifth in found.fifths}
    return [figure(by_place[i].completeness, found.draws) if i in by_place else Cell("–") for i in range(5)]
