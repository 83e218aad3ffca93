"""The forest plot of a claim: its targets, all of them together, its controls, and where a verdict turns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fairforget.board.page.scene import Drawing, Panel
from fairforget.board.sheets.sheet import Cell, Head, Sheet
from fairforget.board.sheets.sheet import Line as Printed
from fairforget.board.text import plural, shown
from fairforget.claims.outcome import Judged
from fairforget.claims.report import words
from fairforget.claims.report.marks import MOST_MARKS, Mark, marks_panel
from fairforget.claims.report.told import Told

ALL = "all targets"
ABOUT = (
    "A dot is the effect on a target, the bar its interval; the thick bar is that of all targets. Shaded is where the "
    "claim expects the effect, and the line is the border: an interval wholly inside supports the claim, one wholly "
    "outside contradicts it. Hollow are the controls, which should not be inside."
)


def forest(told: Told) -> Drawing:
    """Return the forest plot of one claim; its tables have the numbers."""
    about = "Dots with intervals; shaded is where the claim expects the effect, hollow are controls."
    return Drawing("forest", "Effect on every target", about, (panel(told, "effect"),), cap=_cap([told]))


def forests(claims: Sequence[Told]) -> Drawing:
    """Return the forest plots of all claims, each on an axis of its own: their effects have different units."""
    panels = tuple(panel(told, f"{told.name}: {words.verdict(told.outcome.judged.verdict)}") for told in claims)
    about = f"{ABOUT} Every claim has an axis of its own."
    return Drawing("forests", "All effects", about, panels, _numbers(claims), _cap(claims))


def panel(told: Told, title: str) -> Panel:
    """Return one forest plot."""
    marks = [_mark(*row) for row in rows(told)]
    expect = None if told.read is None else told.read.file.expect
    read = "; ".join(mark.told for mark in marks[:3])
    where = "" if expect is None else f"expected {words.expected(expect)}; "
    return marks_panel(
        shown(title, 50), f"{told.name}: {where}{read}; the numbers are in the table.", marks, "", expect
    )


def rows(told: Told) -> Iterator[tuple[str, Judged, bool]]:
    """Yield what is estimated of a claim, with its name and whether it is a control: targets, all of them, controls."""
    whole = told.outcome
    several = len(whole.targets) > 1
    for one in whole.targets:
        yield one.target, one.judged, False
    if several or not whole.targets:
        yield ALL, whole.judged, False
    for name, judged in whole.controls.items():
        yield f"control {name}", judged, True


def _cap(claims: Sequence[Told]) -> str:
    """Return what is not drawn."""
    hidden = sum(max(0, len(list(rows(told))) - MOST_MARKS) for told in claims)
    return f"{plural(hidden, 'row')} not drawn; the table has all." if hidden else ""


def _mark(name: str, judged: Judged, control: bool) -> Mark:
    effect = judged.effect
    told = f"{shown(name)}: {words.effect_text(effect)}, n = {words.units(effect)}"
    return Mark(name, effect.value, effect.low, effect.high, hollow=control, whole=name == ALL, told=told)


def _numbers(claims: Sequence[Told]) -> Sheet:
    heads = (
        Head("claim", numeric=False),
        Head("on", numeric=False),
        Head("effect", "With its 95 % interval."),
        Head("n", "Independent units."),
        Head(
            "by its interval alone",
            "Of a control: whether it meets the expectation, which it should not.",
            numeric=False,
        ),
    )
    lines = [
        Printed(
            (
                Cell(told.name),
                Cell(shown(name)),
                words.effect_cell(judged.effect),
                Cell(words.units(judged.effect), float(judged.effect.n)),
                Cell(words.of_control(judged.verdict) if control else words.verdict(judged.verdict)),
            ),
            control,
        )
        for told in claims
        for name, judged, control in rows(told)
    ]
    about = (
        "Every claim on every target, with its controls where it has some. A target alone is often undecided where "
        "the mean of all is not: its interval is wider. A control should not meet the expectation of its claim."
    )
    return Sheet("forests-numbers", "All effects", about, heads, tuple(lines))
