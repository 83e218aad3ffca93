"""What a claim's evidence says, as values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from fairforget.store.record import Record

Verdict = Literal["supported", "contradicted", "undecided"]


@dataclass(frozen=True, slots=True)
class Effect:
    """A statistic with its interval, on one target or over several."""

    value: float
    """NaN where nothing could be estimated; `problem` says why."""
    low: float
    high: float
    n: int
    """Independent units behind it."""
    unit: str = "forget sets"
    """What they are."""
    level: float = 0.95
    """Coverage of the interval."""
    problem: str | None = None
    """Why there is no value, or what was left out and counted."""
    figure: Mapping[str, Any] = field(default_factory=dict)
    """What the page of the claim draws, as JSON; its keys are those the statistic documents."""

    @property
    def known(self) -> bool:
        """Whether there is a value with an interval."""
        return math.isfinite(self.value) and not (math.isnan(self.low) or math.isnan(self.high))

    @classmethod
    def unknown(cls, problem: str, n: int = 0, unit: str = "forget sets") -> Effect:
        """Return the effect of evidence that says nothing."""
        return cls(math.nan, math.nan, math.nan, n, unit, problem=problem)


@dataclass(frozen=True, slots=True)
class ScoreSet:
    """The scores of one difficulty over the pool of a target."""

    difficulty: Mapping[str, Any]
    """``name`` and ``options``, defaults written out."""
    seed: int
    """Of its draws."""
    ids: tuple[str, ...]
    values: tuple[float | None, ...]
    """By sample, in the order of `ids`; None where it has no score."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """What the difficulty says beside its scores."""
    groups: tuple[str, ...] = ()
    """By sample, in the order of `ids`: the cluster it belongs to; empty where every sample is one of its own."""
    stderr: tuple[float | None, ...] = ()
    """By sample, in the order of `ids`: Monte Carlo error of its score; empty where the difficulty says none."""


@dataclass(frozen=True, slots=True)
class Part:
    """What was measured of a target under one variation of the study."""

    records: tuple[Record, ...] = ()
    """Those of finished cells, failed ones too, in the order of their keys."""
    scores: tuple[ScoreSet, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Numbers of the variation that a statistic may regress on: ``parameters``, ``forget_size``."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a statistic sees: one target."""

    target: str
    """Name of the target in the claim."""
    parts: Mapping[str, Part]
    """By variation; one of the name ``""`` where the claim has none."""

    @property
    def only(self) -> Part:
        """The only part.

        Raises:
            ValueError: there are several.
        """
        (part,) = self.parts.values()
        return part
