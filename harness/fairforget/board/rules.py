"""What a row needs to be ranked where a board file asks for more than whole rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from fairforget.board.identity import any_made_elsewhere, declared_of
from fairforget.board.loose import mapping
from fairforget.board.values import Row
from fairforget.store.record import Record

UNMEASURED: Final = "its ledger is declared, not measured"
"""Why models that were made elsewhere have no rank: rows are ranked under one budget, and nobody measured theirs."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a board file asks of the rows that compete; a row that has not got it is listed with the reason."""

    draws: int | None = None
    """Forget sets with a score in every stratum that counts."""
    seeds: int | None = None
    """Seeds with a score on each of them."""
    trials: int | None = None
    """Trials by which a row may be tuned, by a study's search and by hand together."""

    def against(self, row: Row, records: Iterable[Record], weights: Mapping[str, float]) -> str | None:
        """Return why a row is not ranked; None where nothing is in the way.

        Args:
            row: the row, without a rank.
            records: its cells.
            weights: strata that count -> their shares.
        """
        cells = list(records)
        if any_made_elsewhere(cells):
            return UNMEASURED
        return self._declared(cells) or self._too_few(row, weights)

    def _declared(self, records: list[Record]) -> str | None:
        if any(declared_of(r).trained_on_evaluation for r in records if "declared" in r.extra):
            return "was trained on evaluation data, as its submission declares"
        if self.trials is None:
            return None
        trials = [_trials(record) for record in records]
        if None in trials:
            return f"by how many trials it was tuned is not recorded; the board allows {self.trials}"
        most = max((one for one in trials if one is not None), default=0)
        return f"tuned by {most:,} trials; the board allows {self.trials:,}" if most > self.trials else None

    def _too_few(self, row: Row, weights: Mapping[str, float]) -> str | None:
        # A run that failed, or never got to the goal, says more than that there are too few.
        if row.failed or (row.matched is not None and row.matched.reached < row.matched.cells):
            return None
        for label in weights:
            points = row.strata[label].points if label in row.strata else ()
            scored = [point for point in points if point.seeds]
            if self.draws is not None and len(scored) < self.draws:
                return f"{len(scored)} of the {self.draws} forget sets that the board asks for in {label}"
            fewest = min((point.seeds for point in scored), default=0)
            if self.seeds is not None and fewest < self.seeds:
                return f"{fewest} of the {self.seeds} seeds that the board asks for in {label}"
        return None


def _trials(record: Record) -> int | None:
    """Return by how many trials a cell's row was tuned; None where it was and nobody says by how many."""
    declared = declared_of(record).trials
    if not record.cell["method"].get("tuned"):
        return declared
    found = mapping(record.extra.get("tuning")).get("trials")
    return found + declared if type(found) is int and found >= 0 else None
