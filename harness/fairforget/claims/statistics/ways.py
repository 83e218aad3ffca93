"""The way of a cell from the target to its end, as what was looked at on it says."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from fairforget.board.loose import items, mapping, number
from fairforget.board.making.trajectory import columns_on_the_way
from fairforget.claims.statistics.cells import Cell
from fairforget.stats.averages import role_average
from fairforget.store.record import Record, Score

AVERAGES: Final = ("completeness", "utility")
NEEDS: Final = "the study has to look along the way, by trajectory, at the columns that are asked for"
NARROWEST: Final = 0.05
"""A range of completeness narrower than this says nothing of a trade-off."""


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """Two numbers at every look that has both, by rising update."""

    updates: np.ndarray
    """(looks,)."""
    forgetting: np.ndarray
    """(looks,), higher = more is forgotten."""
    utility: np.ndarray
    """(looks,)."""


@dataclass(frozen=True, slots=True)
class Looks:
    """What is read of every look."""

    forgetting: str
    """``completeness``, or a column that rises as a model forgets."""
    utility: str
    """``utility``, or a column that falls as a model breaks."""
    kinds: Mapping[str, Score]
    """The columns that make the averages, see `columns_on_the_way`."""

    @classmethod
    def of(cls, cells: Sequence[Cell], forgetting: str, utility: str) -> Looks:
        """Return how the cells of a claim are read; all in the same way."""
        averaged = {forgetting, utility} & {*AVERAGES}
        return cls(forgetting, utility, columns_on_the_way([cell.record for cell in cells]) if averaged else {})

    def way(self, record: Record) -> Way | None:
        """Return the way of a cell; None where fewer than two looks have both numbers."""
        found = []
        for look in map(mapping, items(record.extra.get("trajectory"))):
            scores = mapping(look.get("scores"))
            row = number(look.get("update")), self._value(scores, self.forgetting), self._value(scores, self.utility)
            if row[0] is not None and math.isfinite(row[1]) and math.isfinite(row[2]):
                found.append(row)
        if len(found) < 2:
            return None
        updates, forgetting, utility = np.array(sorted(found), dtype=np.float64).T
        return Way(updates, forgetting, utility)

    def _value(self, scores: Mapping[str, object], name: str) -> float:
        if name not in AVERAGES:
            value = number(scores.get(name))
            return math.nan if value is None else value
        there = [replace(kind, value=number(scores[one])) for one, kind in self.kinds.items() if one in scores]
        return role_average(there, name)


def area_difference(first: Way, second: Way) -> float:
    """Return by how much the mean utility of the first is higher, over the range of forgetting that both pass through.

    Utility at a degree of forgetting is that where it is first reached, linear between two looks, as that of
    `fairforget.run.looks.matched`. NaN where the common range is narrower than `NARROWEST`.
    """
    low = max(way.forgetting[0] for way in (first, second))
    high = min(way.forgetting.max() for way in (first, second))
    if not high - low >= NARROWEST:
        return math.nan
    return _mean_utility(first, low, high) - _mean_utility(second, low, high)


def forgetting_at(way: Way, utility: float) -> float:
    """Return the forgetting where utility first falls to a level, linear between two looks; NaN where it never does."""
    after = int(np.argmax(way.utility <= utility))
    if after == 0:  # nowhere, or from the start, where nothing was lost
        return math.nan
    (u0, u1), (c0, c1) = (part[after - 1 : after + 1] for part in (way.utility, way.forgetting))
    return float(c0 + (u0 - utility) / (u0 - u1) * (c1 - c0))


def decay(way: Way, until: float) -> float:
    """Return the least-squares slope of utility on updates, up to an update; NaN with one look."""
    kept = way.updates <= until
    away = way.updates[kept] - way.updates[kept].mean()
    spread = float(away @ away)
    return float(away @ way.utility[kept]) / spread if spread > 0 else math.nan


def _mean_utility(way: Way, low: float, high: float) -> float:
    """Return the mean over [low, high] of the utility where each degree of forgetting is first reached."""
    total, reached = 0.0, way.forgetting[0]
    for before in range(len(way.updates) - 1):
        c0, c1 = way.forgetting[before : before + 2]
        u0, u1 = way.utility[before : before + 2]
        start, stop = max(reached, low), min(c1, high)
        if stop > start:
            ends = [u0 + (c - c0) / (c1 - c0) * (u1 - u0) for c in (start, stop)]
            total += (stop - start) * sum(ends) / 2
        reached = max(reached, c1)
    return total / (high - low)
