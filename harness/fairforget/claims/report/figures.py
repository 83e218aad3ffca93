"""The figures of a claim, by the shape of what its statistic hands on; what has no shape that is known has none."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from fairforget.board.loose import items, number
from fairforget.board.page.scene import Drawing, Panel
from fairforget.board.text import shown
from fairforget.claims.beside_file import NamedFigure
from fairforget.claims.outcome import OnTarget
from fairforget.claims.report import bars, curves, groups, points
from fairforget.claims.report.curves import PRINTED
from fairforget.claims.report.marks import MOST_DOTS, Mark, marks_panel
from fairforget.claims.report.plots import MOST_POINTS, MOST_ROWS
from fairforget.claims.report.told import Told

MOST_PANELS: Final = 12
_DOTS: Final = f"At most {MOST_POINTS} dots a panel are drawn, spread evenly."
Panels = Callable[[Mapping[str, Any], str, Mapping[str, Any]], Iterator[Panel | None]]


@dataclass(frozen=True, slots=True)
class Shape:
    """A shape that figures have."""

    name: str
    title: str
    about: str
    panels: Panels
    """From the figure, what its titles begin with, and the statistic's options; yields nothing for other shapes."""


SHAPES: Final[tuple[Shape, ...]] = (
    Shape(
        "points",
        "Score against outcome",
        f"A dot is a run on a sample. Hollow are runs that the budget ended before they reached their goal. {_DOTS}",
        points.of_rows,
    ),
    Shape(
        "scores",
        "One score against the other",
        f"A dot is a sample. Where both should be equal, the line says where they are. {_DOTS}",
        points.of_scores,
    ),
    Shape(
        "residuals",
        "Score against outcome, all else taken out",
        f"A dot is a run on a sample; row and everything that is held fixed are taken out of the outcome. {_DOTS}",
        points.of_residuals,
    ),
    Shape(
        "draws",
        "Error against the number of draws",
        "The dots are measured, with 95 % intervals; the dashed line is the law. Both axes are logarithmic.",
        curves.of_draws,
    ),
    Shape(
        "levels",
        "Score against the size of the perturbation",
        "The medians of all samples; the dashed line has the slope that is derived. Both axes are logarithmic.",
        curves.of_levels,
    ),
    Shape(
        "parts",
        "Value of every part",
        "With 95 % intervals; the dashed line is straight in the logarithm of the fact.",
        curves.of_parts,
    ),
    Shape(
        "matrix",
        "Correlations of every two rows",
        f"The columns have the numbers of the rows, at most {MOST_ROWS}. The stronger the colour, the further from 0.",
        groups.of_matrix,
    ),
    Shape(
        "shares",
        "Share of the variance that lies between forget sets",
        "A row each, with its 95 % interval.",
        groups.of_shares,
    ),
    Shape("added", "What the score adds", "R² of the rank of the outcome, beyond the simpler scores.", groups.of_added),
    Shape(
        "groups",
        "Samples high and low in the attribute",
        "A small dot is a sample, the large one the mean; the effect compares them within strata of what is matched.",
        groups.of_groups,
    ),
)


FORMS: Final[Mapping[str, Shape]] = {
    "bars": Shape(
        "bars",
        "Bars of every forget set",
        "A group of bars is one forget set, in the order in which they were drawn; seeds are averaged.",
        bars.bars,
    ),
    "spread": Shape(
        "spread",
        "How far forget sets lie apart",
        f"A small dot is one forget set, the large one their mean; of more than {MOST_DOTS} as many are drawn, spread "
        "evenly.",
        bars.spread,
    ),
}
"""Forms that a claim may ask for beside what its statistic draws."""
NO_NUMBERS: Final = "The paper prints no numbers of it, and none is read off the picture."


def figures(told: Told) -> tuple[Drawing, ...]:
    """Return the figures of a claim: those of its source re-drawn, its forget sets, and what its statistic draws."""
    options = {} if told.read is None else told.read.file.statistic.options
    named = [] if told.read is None or told.read.file.beside is None else told.read.file.beside.figures
    own = [] if any(figure.drawn == "statistic" for figure in named) else [shaped(told, options)]
    found = [*(_redrawn(told, i, options) for i in range(len(named))), _sets(told), *own]
    return tuple(drawing for drawing in found if drawing is not None)


def _redrawn(told: Told, i: int, options: Mapping[str, Any]) -> Drawing | None:
    """Return a figure of the source from our runs; None where they have nothing to draw."""
    if told.read is None or told.read.file.beside is None:
        return None
    named = told.read.file.beside.figures[i]
    if named.drawn == "statistic":
        found = shaped(told, {**options, PRINTED: named.value})
    else:
        found = _of_sets(told, FORMS[named.drawn], options)
    if found is None:
        return None
    about = f"{there(named)} Here: {found.about}"
    # Two figures of one claim may have one form; their anchors differ.
    return replace(found, name=f"{found.name}-{i}" if i else found.name, title=redrawn(named), about=about)


def redrawn(named: NamedFigure) -> str:
    """Return the title of a figure that our runs re-draw."""
    return f"{shown(named.name, 80)}, from our runs"


def there(named: NamedFigure) -> str:
    """Return what a figure of the source shows, and which numbers are printed of it."""
    numbers = f"Printed of it: {shown(named.told, 500)}" if named.told is not None else NO_NUMBERS
    return f"There: {shown(named.shows, 1_000)} {numbers}"


def _of_sets(told: Told, shape: Shape, options: Mapping[str, Any]) -> Drawing | None:
    panels = list(_panels(shape, told, options))
    if not panels:
        return None
    of = [one.judged.effect.figure for one in told.outcome.targets]
    said = f"{bars.cap(of) if shape.name == 'bars' else ''} {_too_many(len(panels))}".strip()
    return Drawing(shape.name, shape.title, shape.about, tuple(panels[:MOST_PANELS]), None, said)


def _too_many(panels: int) -> str:
    return f"The first {MOST_PANELS} of {panels} panels are drawn." if panels > MOST_PANELS else ""


def shaped(told: Told, options: Mapping[str, Any]) -> Drawing | None:
    """Return what the statistic of a claim draws; None where its figure has no shape that is known.

    Args:
        told: the claim.
        options: of its statistic.
    """
    for shape in SHAPES:
        panels = list(_panels(shape, told, options))
        if panels:
            drawn = tuple(panels[:MOST_PANELS])
            return Drawing(shape.name, shape.title, shape.about, drawn, None, _too_many(len(panels)))
    return None


def _panels(shape: Shape, told: Told, options: Mapping[str, Any]) -> Iterator[Panel]:
    for one in told.outcome.targets:
        where = f"{shown(one.target, 30)}: "
        made = shape.panels(one.judged.effect.figure, where, options)
        yield from (panel for panel in made if panel is not None)


def _sets(told: Told) -> Drawing | None:
    """Return the values of single forget sets, a row a target; None where there are none."""
    marks = [mark for one in told.outcome.targets if (mark := _spread(one)) is not None]
    if not marks:
        return None
    plain = not any(math.isnan(mark.low) for mark in marks)
    expect = told.read.file.expect if told.read is not None and plain else None
    panel = marks_panel("on each target", f"{told.name}: forget set by forget set", marks, "of a forget set", expect)
    about = "A small dot is one forget set, the large one the effect with its interval."
    most = max(len(mark.dots) for mark in marks)
    cap = f"Of {most:,} dots a row {MOST_DOTS} are drawn, evenly from lowest to highest." if most > MOST_DOTS else ""
    if not plain:
        about = (
            "A small dot is the value on one forget set, the large one their mean; the effect is told from how they "
            "spread."
        )
    return Drawing("sets", "Forget set by forget set", about, (panel,), cap=cap)


def _spread(one: OnTarget) -> Mark | None:
    effect = one.judged.effect
    found = [items(entry) for entry in items(effect.figure.get("sets"))]
    if "ratio" in effect.figure:
        # An open end has no place; the other one has.
        dots = [next((v for end in entry[1:] if (v := number(end)) is not None), None) for entry in found]
    elif any(key in effect.figure for key in ("matrix", "components")) or any(len(entry) != 2 for entry in found):
        return None
    else:
        dots = [number(entry[1]) for entry in found]
    known = tuple(dot for dot in dots if dot is not None)
    if not known:
        return None
    name = shown(one.target)
    shares = any(len(items(row)) >= 4 for row in items(effect.figure.get("rows")))
    if shares or "delta" in effect.figure:  # the effect is a share or a probability, which no single set has
        return Mark(name, math.fsum(known) / len(known), dots=known, told=f"{name}: {len(known)} forget sets")
    return Mark(name, effect.value, effect.low, effect.high, known, told=f"{name}: {len(known)} forget sets")
