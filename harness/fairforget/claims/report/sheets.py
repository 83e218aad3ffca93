"""The tables of the report: all claims, and for each claim its targets and its controls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from fairforget.board.sheets.sheet import Cell, Head, Line, Sheet
from fairforget.board.text import listed, shown
from fairforget.claims.outcome import Judged
from fairforget.claims.report import words
from fairforget.claims.report.forest import ALL
from fairforget.claims.report.told import Told


def summary(claims: Sequence[Told]) -> Sheet:
    """Return one line a claim."""
    heads = (
        Head("claim", numeric=False),
        Head("verdict", "By the whole interval, all targets and the controls.", numeric=False),
        Head("statement", numeric=False),
        Head("source", "Who claims it, and where.", numeric=False),
        Head("expected", "Where the effect lies if the claim is true.", numeric=False),
        Head("effect", "In the unit of the claim's statistic, with its 95 % interval."),
        Head("n", "Independent units behind the effect, of all targets together."),
        Head("targets", "The verdict on each target by itself.", numeric=False),
    )
    about = "Each claim has a section below, by its name."
    return Sheet("claims", "Verdicts", about, heads, tuple(map(_line, claims)))


def targets(told: Told) -> Sheet:
    """Return one line a target, and one for all of them."""
    several = len(told.outcome.targets) > 1
    heads = (Head("target", numeric=False), Head("verdict", numeric=False), Head("effect"), Head("n"))
    lines = [_judged(one.target, one.judged) for one in told.outcome.targets]
    if several or not lines:
        lines.append(_judged(ALL, told.outcome.judged, whole=True))
    about = (
        "By the interval on a target alone, which is undecided where the border lies in it; the verdict of the claim "
        "is about the mean of the targets, which is known more precisely."
        if several
        else "The claim has one target."
    )
    return Sheet("targets", "Effect on every target, in numbers", about, heads, tuple(lines))


def controls(told: Told) -> Sheet | None:
    """Return what was estimated of the controls; None where there are none."""
    whole = told.outcome
    if not whole.controls:
        return None
    why = {} if told.read is None else told.read.file.controls
    heads = (
        Head("control", numeric=False),
        Head("on", numeric=False),
        Head("expectation", numeric=False),
        Head("effect"),
        Head("n"),
        Head("why it should not", numeric=False),
    )
    lines = []
    for name, judged in whole.controls.items():
        because = shown(why[name].because, 400) if name in why else "–"
        several = len(whole.targets) > 1
        lines.append(_control(name, whole.targets[0].target if len(whole.targets) == 1 else ALL, judged, because))
        if several:
            lines += [_control(name, one.target, one.controls[name]) for one in whole.targets if name in one.controls]
    about = (
        "The same question where there is nothing to find, or by which the claim could be fooled. A claim is undecided "
        "where a control meets its expectation."
    )
    return Sheet("fooled", "Controls", about, heads, tuple(lines))


def _line(told: Told) -> Line:
    whole, file = told.outcome, None if told.read is None else told.read.file
    return Line(
        (
            Cell(told.name, link=told.anchor),
            Cell(words.verdict(whole.judged.verdict)),
            Cell(told.title if file is not None else "not installed here"),
            Cell("–" if file is None else f"{shown(file.source.paper, 80)}, {shown(file.source.where, 80)}"),
            Cell("–" if file is None else words.expected(file.expect)),
            words.effect_cell(whole.judged.effect),
            Cell(words.units(whole.judged.effect), float(whole.judged.effect.n)),
            Cell(_each(told)),
        )
    )


def _each(told: Told) -> str:
    """Return ``3 supported, 1 undecided``."""
    counts = Counter(one.judged.verdict for one in told.outcome.targets)
    ordered = [verdict for verdict in words.SIGNS if counts[verdict]]
    return listed([f"{counts[verdict]} {verdict}" for verdict in ordered]) or "none"


def _judged(name: str, judged: Judged, *, whole: bool = False) -> Line:
    effect = judged.effect
    cells = (
        Cell(shown(name)),
        Cell(words.verdict(judged.verdict)),
        words.effect_cell(effect),
        Cell(words.units(effect), float(effect.n)),
    )
    return Line(cells, whole)


def _control(name: str, on: str, judged: Judged, because: str = "") -> Line:
    effect = judged.effect
    return Line(
        (
            Cell(shown(name)),
            Cell(shown(on)),
            Cell(words.of_control(judged.verdict)),
            words.effect_cell(effect),
            Cell(words.units(effect), float(effect.n)),
            Cell(because),
        )
    )
