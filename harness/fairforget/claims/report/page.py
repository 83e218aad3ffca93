"""What the report consists of, before it is a page or Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fairforget.board.page.scene import Drawing
from fairforget.board.sheets.sheet import Sheet
from fairforget.board.text import listed, plural, shown
from fairforget.claims.report import words
from fairforget.claims.report.figures import figures
from fairforget.claims.report.forest import forest, forests
from fairforget.claims.report.numbers import numbers
from fairforget.claims.report.sheets import controls, summary, targets
from fairforget.claims.report.tested import tested
from fairforget.claims.report.told import Told
from fairforget.claims.values import Verdict

if TYPE_CHECKING:
    from fairforget.registry import Registry

Facts = tuple[tuple[str, str], ...]
"""Terms with their texts."""


@dataclass(frozen=True, slots=True)
class Section:
    """What is said of one claim."""

    name: str
    anchor: str
    title: str
    verdict: Verdict
    means: str
    """Of the verdict, in plain words for someone who unlearns; empty where the claim is not installed."""
    statement: str
    tested: Facts
    """What was tested, on what, and where the effect should lie."""
    found: Facts
    """How sure that is, and what would change it."""
    notes: tuple[str, ...]
    forest: Drawing
    targets: Sheet
    controls: Sheet | None
    figures: tuple[Drawing, ...]
    printed: tuple[Sheet, ...]
    """Numbers of the paper with ours beside them."""
    numbers: tuple[Sheet, ...]
    """Those of the figures."""
    command: str


@dataclass(frozen=True, slots=True)
class Report:
    """What came of claims."""

    standing: str
    """How many there are of each verdict."""
    summary: Sheet
    forests: Drawing
    sections: tuple[Section, ...]


def report(claims: Sequence[Told], registry: Registry, printed: Mapping[str, Sequence[Sheet]] | None = None) -> Report:
    """Return the report of claims.

    Args:
        claims: with their files.
        registry: where studies that claims name are looked up.
        printed: by canonical name of a claim, the numbers of its paper with ours, as
            `fairforget.claims.report.beside.beside` makes them.
    """
    sections = tuple(_section(told, registry, (printed or {}).get(told.outcome.claim, ())) for told in claims)
    return Report(_standing(claims), summary(claims), forests(claims), sections)


def _section(told: Told, registry: Registry, printed: Sequence[Sheet]) -> Section:
    whole, file = told.outcome, None if told.read is None else told.read.file
    verdict = whole.judged.verdict
    notes = [*([told.changed] if told.changed else []), *whole.notes]
    return Section(
        name=told.name,
        anchor=told.anchor,
        title=told.title,
        verdict=verdict,
        means="" if file is None else shown(getattr(file.means, verdict), 2_000),
        statement="" if file is None else shown(file.statement, 2_000),
        tested=_tested(told, registry),
        found=_found(told),
        notes=tuple(shown(note, 600) for note in notes),
        forest=forest(told),
        targets=targets(told),
        controls=controls(told),
        figures=figures(told),
        printed=tuple(printed),
        numbers=numbers(told),
        command=words.command(told),
    )


def _tested(told: Told, registry: Registry) -> Facts:
    if told.read is None:
        names = listed([shown(one.target) for one in told.outcome.targets])
        lack = f"What it says is not known here, and its outcome stands alone: {shown(told.lack, 300)}"
        return (("Claim file", lack), ("Tested on", names or "nothing"))
    file = told.read.file
    return (
        ("Claimed in", f"{shown(file.source.paper, 200)}, {shown(file.source.where, 200)}"),
        *tested(told.read, registry),
        (
            "Expected",
            f"The effect is {words.expected(file.expect)}. Why there: {shown(file.expect.because, 500)}",
        ),
    )


def _found(told: Told) -> Facts:
    change = [] if told.read is None else [("What would change it", shown(told.read.file.would_change, 2_000))]
    return (("How sure we are", words.certainty(told)), *change, ("Cost", words.cost(told.outcome.cost)))


def _standing(claims: Sequence[Told]) -> str:
    counts = Counter(told.outcome.judged.verdict for told in claims)
    each = [f"{counts[verdict]} {verdict}" for verdict in words.SIGNS if counts[verdict]]
    return f"{plural(len(claims), 'claim')}: {listed(each)}" if each else "No claim was judged yet"
