"""How many times as much one side spends until it has forgotten."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

import numpy as np

from fairforget.board.loose import mapping, number
from fairforget.claims.statistics.base import Design, Statistic
from fairforget.claims.statistics.cells import OF_SETS, Cell, cells_of
from fairforget.claims.statistics.exposed import Exposed, Exposure
from fairforget.claims.statistics.measures import Spent, Time, time_to_goal
from fairforget.claims.statistics.options import First, Kept, Second, no_pair, noted, why_not
from fairforget.claims.statistics.pairs import check_sides, differences, planned_sets
from fairforget.claims.statistics.score_sets import Unusable
from fairforget.claims.statistics.ways import NEEDS as WAY
from fairforget.claims.values import Effect, Evidence
from fairforget.stats.overlap import inflation
from fairforget.stats.signed_rank import middle
from fairforget.store.record import Record

FEWEST = 6
"""Sets: with fewer the signed-rank test never reaches 5 %."""


NEEDS = "the budget has to say when a set is forgotten, by completeness or stop"


@dataclass(frozen=True, kw_only=True)
class Ratio(Statistic):
    """Natural logarithm of what `first` spends over what `second` spends until the goal, on the same forget sets.

    The goal is the completeness of the budget, or its rule of stopping; with `exposure` it is a GenEx on the looks of
    the trajectory: the median one that models which never saw the samples have against each other, or 0 where the
    scores do not tell it. A run that never reached it would have spent more than it did: its set has a bound instead of
    a number, and the pseudo-median over sets an interval that holds wherever it lies (`fairforget.stats.signed_rank`);
    no last update enters a mean. An end of the interval is infinite where too many sets have no bound there. Seeds, and
    rows where there are several, are averaged within the set.

    With `predicted` the figure has what a difficulty that is 1 / updates predicts of drawing by it: log(AM / HM) of the
    scores of the samples of each set (definitions of 2504.06658, 3.3 and 3.4).

    Figure: ``sets`` (name, low, high; null = none), ``ratio`` (value, low, high, not logarithms), ``open`` (sets that
    have only a bound), ``predicted`` (mean over sets of log(AM / HM), sets that have it).
    """

    first: First
    second: Second
    of: Annotated[Spent, "what is spent"] = "updates"
    predicted: Annotated[str | None, "name of a difficulty that the study scored"] = None
    exposure: Exposure = None
    forgetting: Annotated[str, "with exposure, the column that has 1 - probability"] = "forget_probability"
    only: Kept = field(default_factory=dict)
    shuffled: Annotated[bool, "whether a coin says, set by set, which side is the first: a control"] = False

    unit: ClassVar[str] = "forget sets"

    def __post_init__(self) -> None:
        check_sides(self.first, self.second)
        if self.exposure is not None and self.of != "updates":
            msg = "exposure is told by update; leave of: updates"
            raise ValueError(msg)

    def estimate(self, evidence: Evidence, rng: np.random.Generator) -> Effect:
        """Return the logarithm: above 0 where `first` spends more."""
        cells = cells_of(evidence, self.only, self.first, self.second)
        try:
            time = self._time(evidence, cells)
        except Unusable as why:
            return Effect.unknown(str(why))
        found, above = (differences(cells, self.first, self.second, _bound(time, side)) for side in (0, 1))
        if not found.pairs:
            return no_pair(found.single)
        if len(found.values) > 1:
            return Effect.unknown("forget sets of several strata are no one sample")
        low, high = found.means()[0], above.means()[0]
        n = len(low)
        if self.shuffled:
            turned = rng.integers(2, size=n).astype(bool)
            low, high = np.where(turned, -high, low), np.where(turned, -low, high)
        if (lacking := why_not(found.left_out, n, FEWEST, NEEDS if self.exposure is None else WAY)) is not None:
            return lacking
        told = middle(low, high, inflation=inflation(n, found.overlap[0])) if found.overlap[0] < 1 else None
        if told is None:
            return Effect.unknown("all forget sets are one and the same", n, found.left_out.unit)
        never = f"on {told.open} of {n} {found.left_out.unit} a run never reached its goal"
        if math.isnan(told.value):
            return Effect.unknown(never, n, found.left_out.unit)
        notes = [noted(found.left_out, found.single), *([never] if told.open else [])]
        return Effect(
            told.value,
            told.low,
            told.high,
            n,
            found.left_out.unit,
            problem="; ".join(note for note in notes if note) or None,
            figure={
                "sets": [[name, _plain(a), _plain(b)] for name, a, b in zip(found.sets[0], low, high, strict=True)],
                "ratio": [math.exp(end) if end < 700 else None for end in (told.value, told.low, told.high)],
                "open": told.open,
                "predicted": None if self.predicted is None else _predicted(cells, self.predicted),
            },
        )

    def planned(self, design: Design) -> int:
        """Return the forget sets, pairs of them where two strata are compared."""
        return planned_sets(design, self.first)

    def _time(self, evidence: Evidence, cells: Sequence[Cell]) -> Callable[[Record], Time | None]:
        if self.exposure is None:
            return lambda record: time_to_goal(record, self.of)
        return Exposed.of(evidence, cells, self.exposure, self.forgetting).time


def _bound(time: Callable[[Record], Time | None], side: int) -> Callable[[Record, Record], float]:
    """Return the function to the lower (0) or the upper (1) bound of a log-ratio."""

    def bound(one: Record, other: Record) -> float:
        above, below = time(one), time(other)
        if above is None or below is None:
            return math.nan
        # What was not reached took more: of the numerator that leaves no upper bound, of the other no lower one.
        if not (below if side == 0 else above).reached:
            return -math.inf if side == 0 else math.inf
        return math.log(above.spent) - math.log(below.spent)

    return bound


def _plain(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _predicted(cells: Sequence[Cell], name: str) -> list[float | int | None]:
    """Return the mean over forget sets of log(AM / HM) of a difficulty, and of how many sets it is."""
    sets: dict[tuple[tuple[str, ...], int], float] = {}
    for cell in cells:
        scores = mapping(mapping(mapping(cell.record.extra.get("draw_info")).get("samples")).get(name))
        if (found := _log_am_hm(scores)) is not None:
            sets.setdefault((cell.among(OF_SETS), cell.index), found)
    return [float(np.mean(list(sets.values()))) if sets else None, len(sets)]


def _log_am_hm(scores: Mapping[str, object]) -> float | None:
    values = [number(score) for score in scores.values()]
    known = [value for value in values if value is not None and value > 0]
    if not known or len(known) < len(values):
        return None  # a sample without a score, or with one that is no rate, has no harmonic mean
    return math.log(np.mean(known)) + math.log(np.mean(1 / np.array(known)))
