"""The cells of one row as numbers, a cell a line."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Final

import numpy as np

from fairforget.board.grouping import Place
from fairforget.board.identity import DrawId
from fairforget.board.kept.columns import Together, together
from fairforget.board.kept.spent import spending_of
from fairforget.board.making.scores import cell_scores, harmonic_means, matched_utility
from fairforget.board.making.worst import worst_quarter
from fairforget.store.record import Record

QUANTITIES: Final = ("score", "completeness", "utility", "by_probability", "by_generation")
"""What a line begins with; then come `worst_quarter` and the columns."""
WIDE: Final = len(QUANTITIES) + 1


@dataclass(frozen=True, slots=True)
class Strip:
    """The places of one stratum among those where a row should have cells."""

    lines: slice
    draws: tuple[DrawId, ...]
    seeds: tuple[int, ...]
    """Cells of each draw."""

    def counts(self, there: np.ndarray) -> np.ndarray:
        """Return how many places of each draw are true, (draws,), of what is true at every place."""
        seeds = np.array(self.seeds, dtype=np.int64)
        counts: np.ndarray = np.add.reduceat(there[self.lines], np.cumsum(seeds) - seeds, dtype=np.int64)
        return counts


class Asked:
    """Where a row should have cells: every draw with every seed that another row has there."""

    def __init__(self, places: Sequence[Place], labels: Mapping[str, str]) -> None:
        """Sort places out.

        Args:
            places: sorted.
            labels: identity of a stratum -> its label, in the order of the board.
        """
        self.places = places
        found: dict[str, Strip] = {}
        for stratum, inside in groupby(range(len(places)), lambda i: places[i][0].stratum):
            at = list(inside)
            draws = [(draw, sum(1 for _ in seeds)) for draw, seeds in groupby(places[i][0] for i in at)]
            found[labels[stratum]] = Strip(slice(at[0], at[-1] + 1), *zip(*draws, strict=True))
        self.strips = {label: found[label] for label in labels.values() if label in found}
        """By label of the stratum, of those that have places."""

    @cached_property
    def by_stratum(self) -> dict[str, Sequence[Place]]:
        """Label of a stratum -> its places."""
        return {label: self.places[strip.lines] for label, strip in self.strips.items()}


class Cells:
    """The cells of one row, by where it should have them."""

    def __init__(
        self, cells: Mapping[Place, Record], asked: Asked, columns: Sequence[str], goal: float | None = None
    ) -> None:
        """Look every cell's numbers up.

        Args:
            cells: of the row.
            asked: where it should have cells; it has none elsewhere.
            columns: of the table.
            goal: completeness at which rows are compared; None = they are compared at their end.
        """
        found = [cells.get(place) for place in asked.places]
        self.records = [record for record in found if record is not None]
        """Those that are there, by place."""
        self.there = np.array([record is not None for record in found], dtype=bool)
        """(places,)"""
        well = [record is not None and record.status == "ok" for record in found]
        self.numbers = np.full((len(found), WIDE + len(columns)), math.nan)
        """(places, quantities and columns); NaN where there is none, as in a cell that failed."""
        ended = [record for record in self.records if record.status == "ok"]
        kept = together([record.scores for record in ended], columns)
        self.numbers[well] = _lines(ended, columns, goal) if kept is None else _numbers(ended, kept, goal)
        self.spending = None if kept is None else spending_of(kept.ledger)
        """What the cells took that went well; None where that is not kept in sums."""

    def most_seeds(self, asked: Asked) -> int:
        """Return how many cells of one draw are there, at most."""
        return max(int(strip.counts(self.there).max()) for strip in asked.strips.values())

    @property
    def scores(self) -> np.ndarray:
        """What rows are ranked by, (places,)."""
        scores: np.ndarray = self.numbers[:, 0]
        return scores


def _numbers(records: Sequence[Record], kept: Together, goal: float | None) -> np.ndarray:
    """Return the lines of cells that went well, at once."""
    averages = kept.averages
    ends = harmonic_means(averages[:, 0], averages[:, 1]) if goal is None else list(map(matched_utility, records))
    return np.column_stack([ends, averages, kept.values])


def _lines(records: Sequence[Record], columns: Sequence[str], goal: float | None) -> np.ndarray:
    """Return the lines of cells that went well, one by one."""
    found = [_line(record, columns, goal) for record in records]
    return np.array(found, dtype=np.float64).reshape(len(records), WIDE + len(columns))


def _line(record: Record, columns: Sequence[str], goal: float | None) -> list[float]:
    found = cell_scores(record, goal)
    quantities = [getattr(found, name) for name in QUANTITIES]
    return [*quantities, worst_quarter(record), *(found.columns.get(name, math.nan) for name in columns)]
