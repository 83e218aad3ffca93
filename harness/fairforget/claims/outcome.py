"""What came of a claim, as values; everything a report prints of it stands here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fairforget.claims.values import Effect, Verdict


@dataclass(frozen=True, slots=True)
class Judged:
    """An effect and what it says of an expectation."""

    effect: Effect
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Cost:
    """What the evidence of a claim has cost."""

    cells: int
    """Records that the claim is judged from."""
    missing: int
    """Cells of its studies that are not there."""
    failed: int
    """Records of cells that failed."""
    forward_equivalents: float
    """Of all cells, difficulty scoring, stopping and evaluation included."""
    seconds: float
    """Of the cells, on the machines they ran on."""


@dataclass(frozen=True, slots=True)
class OnTarget:
    """A claim on one target."""

    target: str
    judged: Judged
    controls: Mapping[str, Judged]
    """By name: the claim's statistic on evidence in which there is nothing to find, or by which it could be fooled."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A claim over all its targets."""

    claim: str
    """Canonical name."""
    judged: Judged
    """The mean over the targets, and the verdict; undecided where targets disagree or a control is supported too."""
    controls: Mapping[str, Judged]
    targets: tuple[OnTarget, ...]
    notes: tuple[str, ...]
    """Why the verdict is not what the interval alone says, what was left out, what is missing."""
    cost: Cost
    units_to_decide: int | None
    """Units a target that would decide an undecided claim, if effect and spread stay as they are; None where it is
    decided, or no number would do."""
