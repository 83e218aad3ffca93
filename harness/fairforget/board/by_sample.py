"""What a board knows of difficulty and outcome, sample by sample: values, as those of `fairforget.board.values`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fairforget.stats.intervals import Estimate


@dataclass(frozen=True, slots=True)
class Fifth:
    """A fifth of the samples, by difficulty."""

    difficulty: float
    """Mean share of samples that are easier, 0 … 1: 0.1 in the easiest fifth where no two are equally difficult."""
    completeness: Estimate
    """Over the forget sets that have samples in it."""


@dataclass(frozen=True, slots=True)
class SampleRow:
    """Difficulty and outcome of one row's samples."""

    rho: float | None
    """Spearman's correlation of difficulty and completeness; below 0: harder samples are forgotten less. None where
    either is the same for every sample."""
    low: float | None
    """Lower end of its 95 % interval, from a jackknife over forget sets; None with fewer than three."""
    high: float | None
    draws: int
    samples: int
    """A sample counts in every forget set it is in; its seeds are averaged."""
    fifths: tuple[Fifth, ...]
    """From the easiest to the hardest."""
    points: tuple[tuple[float, float], ...]
    """Difficulty as the share of samples that are easier, and completeness, of some samples spread over all."""


@dataclass(frozen=True, slots=True)
class BySample:
    """The rows against one difficulty score, sample by sample."""

    score: str
    """Name of the difficulty score."""
    strata: tuple[str, ...]
    """Labels of the strata whose forget sets were chosen by it."""
    rows: Mapping[str, SampleRow]
    """By identity, in the order of the board; without rows whose samples have no completeness of their own."""
    left_out: int
    """Forget sets that are not looked at, because there are more than are needed."""
