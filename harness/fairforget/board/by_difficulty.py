"""What a board knows of how rows change with difficulty: values, as those of `fairforget.board.compared`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fairforget.stats.intervals import Estimate


@dataclass(frozen=True, slots=True)
class RowLine:
    """A row's score against the difficulty of forget sets: a straight line, by least squares."""

    score: Estimate
    """At the mean difficulty."""
    change: Estimate
    """From the easiest to the hardest forget set; below 0: hard samples cost it."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Two rows whose lines cross between the easiest and the hardest forget set."""

    easy: str
    """Identity of the row that is ahead on the easy side."""
    hard: str
    """Of the one that is ahead on the hard side."""
    at: float
    """Difficulty at which they cross."""
    place: float
    """The same as a share of the way from the easiest to the hardest forget set."""
    at_easiest: Estimate
    """First minus second on the easiest forget set, by the lines."""
    at_hardest: Estimate
    """On the hardest."""
    resolved: bool
    """Whether both differences are significant, at 5 % over both ends of all pairs of rows together (Bonferroni)."""


@dataclass(frozen=True, slots=True)
class ByDifficulty:
    """The rows against one difficulty score; every line over the same forget sets."""

    score: str
    """Name of the difficulty score."""
    higher_is: str
    """``easier`` or ``harder``."""
    strata: tuple[str, ...]
    """Labels of the strata whose forget sets were chosen by it."""
    draws: int
    easiest: float
    """Mean score of the samples of the easiest forget set."""
    mean: float
    hardest: float
    rows: Mapping[str, RowLine]
    """By identity, in the order of the board; without rows that have gaps in these strata."""
    pairs: int
    """Pairs of rows that were looked at."""
    turns: tuple[Turn, ...]
    """The pairs whose lines cross, resolved ones first."""
