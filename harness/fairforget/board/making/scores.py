"""What one cell is worth."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import numpy as np

from fairforget.board.kept.columns import Columns
from fairforget.board.loose import mapping, number
from fairforget.stats.averages import mean_of, role_average
from fairforget.store.record import Record, Score

LARGEST: Final = 1e60
"""A score beyond this is no measurement, and its fourth power, which degrees of freedom have, no number."""


class CellScores(NamedTuple):
    """The quantities of a board in one cell; NaN where there is none, as in a cell that failed."""

    score: float
    """What rows are ranked by."""
    completeness: float
    utility: float
    by_probability: float
    by_generation: float
    columns: Mapping[str, float]


NOTHING = CellScores(math.nan, math.nan, math.nan, math.nan, math.nan, {})


def cell_scores(record: Record, goal: float | None = None) -> CellScores:
    """Return the averages of a cell's columns.

    Completeness and utility are those of `fairforget.stats.averages.role_average`. The score is the harmonic mean of
    the two, so that a method that forgets by breaking the model, or keeps it by not forgetting, gets nothing. Where
    the table has a goal the score is the utility at that completeness; a cell that never reached it has none.

    Args:
        record: the cell.
        goal: completeness at which rows are compared; None = they are compared at their end.
    """
    if record.status != "ok":
        return NOTHING
    if isinstance(record.scores, Columns):
        completeness, utility, by_probability, by_generation, _ = record.scores.averages
        columns = dict(zip(record.scores.kinds, record.scores.known, strict=True))
    else:
        completeness, utility = (role_average(record.scores.values(), role) for role in ("completeness", "utility"))
        by_probability, by_generation = (mean_of(_view(record, view)) for view in ("probability", "generation"))
        columns = {name: math.nan if s.value is None else s.value for name, s in record.scores.items()}
    return CellScores(
        score=harmonic_mean(completeness, utility) if goal is None else matched_utility(record),
        completeness=completeness,
        utility=utility,
        by_probability=by_probability,
        by_generation=by_generation,
        columns=columns,
    )


def matched_utility(record: Record) -> float:
    """Return the utility where completeness reached the goal of the budget; NaN where it never did."""
    found = mapping(record.extra.get("matched"))
    utility = number(found.get("utility_average")) if found.get("reached") is True else None
    return math.nan if utility is None else utility


def harmonic_mean(first: float, second: float) -> float:
    """Return 2ab / (a + b); 0 where either is not positive, NaN where either is NaN, ∞ where both are infinite."""
    if math.isnan(first) or math.isnan(second):
        return math.nan
    if first <= 0 or second <= 0:
        return 0.0
    inverse = 1 / first + 1 / second
    return 2 / inverse if inverse else math.inf


def harmonic_means(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return `harmonic_mean` of every two numbers, bit by bit."""
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        means = 2 / (1 / first + 1 / second)
    means[(first <= 0) | (second <= 0)] = 0.0
    means[np.isnan(first) | np.isnan(second)] = math.nan
    return means


def _view(record: Record, view: str) -> Iterable[Score]:
    return [s for s in record.scores.values() if s.view == view and s.role == "completeness" and s.better == "higher"]
