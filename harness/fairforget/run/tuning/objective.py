"""What tuning makes large."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from fairforget.board.making.scores import cell_scores
from fairforget.store.record import Record


@dataclass(frozen=True, slots=True)
class Objective:
    """The value of a trial; larger is better."""

    by: Literal["score", "mean"]
    """``score``: what boards rank by; ``mean``: the arithmetic mean of completeness and utility at the end of a run."""
    goal: float | None
    """Completeness at which boards compare, where the study's budget has one."""

    @property
    def worst(self) -> float:
        """What a cell counts that failed."""
        return 0.0 if self.goal is None or self.by == "mean" else -1.0

    def __call__(self, records: Iterable[Record]) -> float:
        """Return the mean over the cells of a trial."""
        return fmean(self._of_cell(record) for record in records)

    def _of_cell(self, record: Record) -> float:
        found = cell_scores(record, self.goal)
        value = found.score if self.by == "score" else (found.completeness + found.utility) / 2
        if math.isfinite(value):
            return value
        return self._short(record) if self.by == "score" and self.goal is not None else self.worst

    def _short(self, record: Record) -> float:
        """Return, below 0, what a cell lacks of the goal it never reached: a search has to tell near from far."""
        matched = record.extra.get("matched")
        best = matched.get("best") if isinstance(matched, Mapping) else None
        if record.status != "ok" or self.goal is None or not isinstance(best, int | float):
            return self.worst
        return max(self.worst, min(0.0, best - self.goal))
