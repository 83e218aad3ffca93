"""What a comparison is: frozen values, which the pages print and ``--json`` writes down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from fairforget.stats.intervals import Estimate

if TYPE_CHECKING:
    import pandas as pd  # type: ignore[import-untyped]

Verdict = Literal["worse", "cannot tell", "not worse", "same", "better"]
Side = Literal["BASE", "HEAD"]
FailOn = Literal["worse", "cannot-tell"]

SCHEMA: Final = 1
ALL_STRATA: Final = "all strata"


@dataclass(frozen=True, slots=True)
class Difference:
    """One row in one stratum, HEAD minus BASE, over the forget sets of which both have the same seeds."""

    stratum: str
    """Label; ``all strata`` for the mean of all, each with the same weight."""
    verdict: Verdict
    reason: str | None
    """Why nothing can be told, or why it is worse whatever the difference is."""
    cells: int
    """Pairs of cells."""
    base: Estimate | None
    """What is compared, in BASE; over the same forget sets as the difference."""
    head: Estimate | None
    difference: Estimate | None
    """Positive is better, also where lower is better in what is compared. None where no forget set is whole."""
    p_better: float | None
    """Of "it is not better", one-sided, Holm-corrected over everything tested; None where nothing can be tested."""
    p_worse: float | None
    """Of "it is not worse by more than the margin", likewise."""
    p_not_worse: float | None
    """Of "it is worse by the margin or more", likewise; without a margin this is `p_better`."""
    draws_needed: int | None
    """Forget sets that would tell a difference of this size with 80 % power among as many comparisons, from the margin
    where there is one. None where it is told, or where no number of them would."""
    draws_apart: int | None
    """The same for forget sets that share no sample, where these do."""
    detectable: float | None
    """Difference that as many forget sets as these show with 80 % power among as many comparisons; None where they are
    too few for any."""
    completeness: Estimate | None
    """Its difference, HEAD minus BASE."""
    utility: Estimate | None
    lost: int
    """Cells that have a value in BASE and none in HEAD."""
    gained: int
    """Cells that have a value in HEAD and none in BASE."""


@dataclass(frozen=True, slots=True)
class Row:
    """A method under a curriculum, in both."""

    label: str
    method: Mapping[str, Any]
    """``name`` and ``options``, those that tuning chose left out."""
    curriculum: Mapping[str, Any] | None
    differences: tuple[Difference, ...]
    """One a stratum, and the mean over all of them where there are several."""


@dataclass(frozen=True, slots=True)
class Control:
    """A reference row: it changes where target, evaluation or oracle did, and then every row may have."""

    label: str
    cells: int
    changed: int
    """Cells of which completeness or utility is not the same."""
    largest: float | None
    """Largest change of either; None where a cell has a value on one side alone."""


@dataclass(frozen=True, slots=True)
class Section:
    """The rows of one setting: task, target, budget, evaluation."""

    task: str
    version: int
    target: str
    setting: str
    """In words, what every cell has in common."""
    rows: tuple[Row, ...]
    controls: tuple[Control, ...]


@dataclass(frozen=True, slots=True)
class Unpaired:
    """Cells that only one side has."""

    side: Side
    task: str
    row: str
    stratum: str
    cells: int
    differs: str
    """The widest part of what a cell is that the other side has nowhere, one of `fairforget.compare.identity.PARTS`."""
    how: str
    """What it is here and what it is there; empty where that says nothing to a reader."""


@dataclass(frozen=True, slots=True)
class NotCompared:
    """Cells that both have and that are not compared."""

    row: str
    stratum: str
    cells: int
    reason: str


@dataclass(frozen=True, slots=True)
class Change:
    """What is not the same in the cells that were compared."""

    what: str
    base: tuple[str, ...]
    head: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """BASE and HEAD, paired."""

    score: str
    """What is compared: ``score``, ``completeness``, ``utility`` or a column."""
    margin: float
    """A loss of less than this is none."""
    cells: int
    """Pairs of cells."""
    sections: tuple[Section, ...]
    unpaired: tuple[Unpaired, ...]
    not_compared: tuple[NotCompared, ...]
    changes: tuple[Change, ...]
    rejected: tuple[tuple[Side, str, str], ...]
    """Files that are no records: side, name, reason."""

    def differences(self) -> Iterator[tuple[Section, Row, Difference]]:
        """Yield every difference with where it stands."""
        for section in self.sections:
            for row in section.rows:
                for difference in row.differences:
                    yield section, row, difference

    def fails(self, on: FailOn = "worse") -> tuple[str, ...]:
        """Return why a gate on this comparison is red; empty where it is green.

        ``worse``: something got worse. ``cannot-tell``: that, or something cannot be told, is not compared, or is in
        BASE alone.
        """
        from fairforget.compare.gate import failures

        return failures(self, on)

    def to_json(self) -> dict[str, Any]:
        """Return the comparison as JSON, with the number of its schema."""
        from fairforget.board.forms.json import plain

        return {"schema": SCHEMA, **plain(self)}

    def frame(self) -> pd.DataFrame:
        """Return a pandas DataFrame with one row a method, curriculum and stratum."""
        import pandas as pd

        return pd.DataFrame([_flat(*found) for found in self.differences()])


def _flat(section: Section, row: Row, found: Difference) -> dict[str, Any]:
    of: dict[str, Any] = {"task": section.task, "task_version": section.version, "target": section.target}
    of |= {"row": row.label, "stratum": found.stratum, "verdict": found.verdict, "cells": found.cells}
    of |= {name: None if (e := getattr(found, name)) is None else e.mean for name in ("base", "head")}
    estimate = found.difference
    for name in ("mean", "low", "high", "n"):
        key = "difference" if name == "mean" else name
        of[key] = None if estimate is None else getattr(estimate, name)
    return of | {name: getattr(found, name) for name in ("p_better", "p_worse", "p_not_worse", "draws_needed")}
