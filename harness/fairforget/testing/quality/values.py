"""What is kept of a quality, and what a gate says of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Verdict = Literal["same", "better", "not worse", "worse", "cannot tell"]
"""``worse``: the whole interval of the loss is beyond the margin; ``better``: that of the gain is; ``not worse``: a
loss as large as the margin is ruled out; ``same``: not a bit differs."""
FailOn = Literal["worse", "cannot-tell"]


class QualityImproved(UserWarning):
    """A quality is above its baseline by more than the margin; without a new baseline the gain can be lost unseen."""


@dataclass(frozen=True, slots=True)
class Column:
    """One number of a method on every forget set, higher is better."""

    role: str
    """What it is part of; columns of one role are averaged, each with the same weight, and judged together."""
    on: str
    """The set of its items."""
    values: Mapping[str, float]
    """Draw -> the number."""
    items: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Draw -> item -> value. Their means are `values`, or `averaged` is False."""
    averaged: bool = True
    """Whether the number is the mean of its items; where it is not, which items were measured is all they say."""


@dataclass(frozen=True, slots=True)
class Scores:
    """The item scores of one method on one benchmark."""

    name: str
    subject: Mapping[str, Any]
    """What was measured, as the test gave it: another subject has a baseline of its own."""
    benchmark: Mapping[str, str]
    """What has to be equal for two measurements to be of one thing, by the words that say what differs."""
    columns: Mapping[str, Column]
    strata: Mapping[str, Sequence[str]]
    """Kind of forget set -> its draws."""
    overlap: Mapping[str, float] = field(default_factory=dict)
    """Kind of forget set -> mean pairwise share of samples of its draws; 0 where it is not here."""
    made_with: Mapping[str, str] = field(default_factory=dict)
    """Versions, for whoever reads the file; nothing depends on them."""

    @property
    def digest(self) -> str:
        """SHA-256 of every number to the last bit."""
        exact = {
            name: [[d, v.hex()] for d, v in sorted(column.values.items())]
            + [[d, i, v.hex()] for d, items in sorted(column.items.items()) for i, v in sorted(items.items())]
            for name, column in sorted(self.columns.items())
        }
        return hashlib.sha256(json.dumps(exact).encode()).hexdigest()

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles of the columns, in their order."""
        return tuple(dict.fromkeys(column.role for column in self.columns.values()))


@dataclass(frozen=True, slots=True)
class Judgement:
    """One role of one method against its baseline."""

    name: str
    role: str
    verdict: Verdict
    margin: float
    base: float
    """Mean over draws, in the baseline."""
    head: float
    low: float | None = None
    """Lower end of the 95 % interval of the change; None where nothing is left to chance or too few draws are there."""
    high: float | None = None
    draws: int = 0
    items: int = 0
    columns: Mapping[str, float] = field(default_factory=dict)
    """Column -> its change."""
    worst: Sequence[tuple[str, float]] = ()
    """Items that lost most, and what the mean over their columns changed by."""

    @property
    def change(self) -> float:
        """How far the mean rose; negative: it fell."""
        return self.head - self.base
