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
from fairforget.claims.report.figures import figures, redrawn, there
from fairforget.claims.report.forest import forest, forests
from fairforget.claims.report.numbers import numbers
from fairforget.claims.report.printed import lacking
from fairforget.claims.report.printed import printed as named
from fairforget.claims.report.quarters import quarters
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
    family: str
    """What it is about; empty where the claim is not installed."""
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
    redrawn: Facts
    """Figures of the source that are re-drawn: what they show there. The page says it under each."""
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

    @property
    def families(self) -> tuple[tuple[str, str], ...]:
        """The families that there are, each with what it is called."""
        there = {section.family for section in self.sections}
        return tuple((family, text) for family, text in words.FAMILIES.items() if family in there)

    @property
    def verdicts(self) -> tuple[tuple[str, str], ...]:
        """The verdicts that there are, each with its sign."""
        there = {section.verdict for section in self.sections}
        return tuple((verdict, words.verdict(verdict)) for verdict in words.SIGNS if verdict in there)


def report(claims: Sequence[Told], registry: Registry, printed: Mapping[str, Sequence[Sheet]] | None = None) -> Report:
    """Return the report of claims.

    Args:
        claims: with their files.
        registry: where studies that claims name are looked up.
        printed: by canonical name of a claim, more numbers of its paper with ours than its file names, as
            `fairforget.claims.report.beside.beside` makes them.
    """
    sections = tuple(_section(told, registry, (printed or {}).get(told.outcome.claim, ())) for told in claims)
    return Report(_standing(claims), summary(claims), forests(claims), sections)


def _section(told: Told, registry: Registry, printed: Sequence[Sheet]) -> Section:
    whole, file = told.outcome, None if told.read is None else told.read.file
    verdict = whole.judged.verdict
    notes = [*([told.changed] if told.changed else []), *lacking(told), *whole.notes]
    return Section(
        name=told.name,
        anchor=told.anchor,
        title=told.title,
        verdict=verdict,
        family="" if file is None else file.family,
        means="" if file is None else shown(getattr(file.means, verdict), 2_000),
        statement="" if file is None else shown(file.statement, 2_000),
        tested=_tested(told, registry),
        found=_found(told),
        notes=tuple(shown(note, 600) for note in notes),
        forest=forest(told),
        targets=targets(told),
        controls=controls(told),
        figures=figures(told),
        redrawn=_redrawn(told),
        printed=(*named(told), *printed),
        numbers=(*quarters(told), *numbers(told)),
        command=words.command(told),
    )


def _tested(told: Told, registry: Registry) -> Facts:
    if told.read is None:
        names = listed([shown(one.target) for one in told.outcome.targets])
        lack = f"What it says is not known here, and its outcome stands alone: {shown(told.lack, 300)}"
        return (("Claim file", lack), ("Tested on", names or "nothing"))
    file = told.read.file
    return (
        ("Source", f"{shown(file.source.paper, 200)}, {shown(file.source.where, 200)}"),
        *tested(told.read, registry),
        (
            "Expected",
            f"The effect is {words.expected(file.expect)}. Why there: {shown(file.expect.because, 500)}",
        ),
    )


def _found(told: Told) -> Facts:
    change = (
        []
        if told.read is None
        else [("What could change it, and was not tested", shown(told.read.file.would_change, 2_000))]
    )
    return (("How sure we are", words.certainty(told)), *change, ("Cost", words.cost(told.outcome.cost)))


def _redrawn(told: Told) -> Facts:
    beside = None if told.read is None else told.read.file.beside
    return tuple((redrawn(figure), there(figure)) for figure in (() if beside is None else beside.figures))


def _standing(claims: Sequence[Told]) -> str:
    counts = Counter(told.outcome.judged.verdict for told in claims)
    each = [f"{counts[verdict]} {verdict}" for verdict in words.SIGNS if counts[verdict]]
    return f"{plural(len(claims), 'claim')}: {listed(each)}" if each else "No claim was judged yet"
