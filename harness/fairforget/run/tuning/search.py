"""The search of one row: its trials so far, and which of them is best."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fairforget.api.sample import digest_of
from fairforget.errors import FairforgetError
from fairforget.registry import Registry
from fairforget.run.seeds import integer
from fairforget.run.tuning.row import Row, row_with
from fairforget.run.tuning.suggest import suggest
from fairforget.run.tuning.trial import Trial, together
from fairforget.study.cell import cell_key
from fairforget.study.searches import PlannedSearch
from fairforget.study.tuning import Tuning

CellsOf = Callable[[Row], list[dict[str, Any]]]
"""The cells that try a row, one a draw."""


@dataclass
class RowSearch:
    """What is known of one row's search."""

    planned: PlannedSearch
    settings: Tuning
    registry: Registry
    cells_of: CellsOf
    worst: float
    """What a trial counts whose options a plugin refuses together."""
    trials: list[Trial] = field(default_factory=list)

    @property
    def key(self) -> str:
        """What the search depends on, as 24 hex digits; not the number of trials, for more of them go on from there."""
        cells = self.cells_of(self.row(self.planned.defaults()))
        said = {
            "version": 1,
            "cells": [cell_key(cell) for cell in cells],
            "dimensions": [dimension.to_json() for dimension in self.planned.dimensions],
            "objective": self.settings.objective,
            "batch": self.settings.batch,
            "seed": self.settings.seed,
        }
        return digest_of(said)[:24]

    def row(self, options: Mapping[str, Any]) -> Row:
        """Return the row with the options of a trial."""
        return row_with(self.planned, options, self.registry)

    def resume(self, trials: Sequence[Trial], *, retry_failed: bool) -> None:
        """Go on from the trials of an earlier run.

        Where failed ones are to run again, the rounds from the first of them on are chosen anew: those after it were
        chosen with its failure in mind. So is a last round that was cut short, where more trials are wanted: those of
        a round are chosen together, and a search in two steps is to be the search in one. Its cells are there already.
        """
        failed = [i for i, trial in enumerate(trials) if trial.problem is not None]
        sound = failed[0] if retry_failed and failed else len(trials)
        if sound < self.settings.trials:
            sound -= sound % self.settings.batch
        self.trials = list(trials[: min(sound, self.settings.trials)])

    @property
    def pending(self) -> list[int]:
        """Numbers of the trials whose result is not known."""
        return [i for i, trial in enumerate(self.trials) if trial.value is None]

    @property
    def done(self) -> bool:
        """Whether every trial has a result."""
        return len(self.trials) == self.settings.trials and not self.pending

    def ask(self, key: str) -> None:
        """Add the trials of the next round; the first of all is the row as the study gives it."""
        room = min(self.settings.batch, self.settings.trials - len(self.trials))
        first = [self.planned.defaults()] if not self.trials else []
        known = [(trial.options, trial.value) for trial in self.trials if trial.value is not None]
        seed = integer("tuning", key, len(self.trials)) % 2**32
        options = [*first, *suggest(self.planned.dimensions, known, room - len(first), seed)]
        self.trials += [self._trial(one) for one in options]

    def cells(self) -> dict[str, dict[str, Any]]:
        """Return the cells of the trials whose result is not known, by key."""
        return {cell_key(cell): cell for i in self.pending for cell in self.cells_of(self.row(self.trials[i].options))}

    def best(self) -> int:
        """Return the number of the best trial, of equals the first."""
        values = [-math.inf if trial.value is None else trial.value for trial in self.trials]
        return values.index(max(values))

    def said(self, key: str) -> dict[str, Any]:
        """Return what stands under ``tuning`` in the records of the row."""
        best = self.trials[self.best()]
        return {
            "key": key,
            "trials": len(self.trials),
            "failed": sum(trial.problem is not None for trial in self.trials),
            "draws": self.settings.draws,
            "objective": self.settings.objective,
            "forward_equivalents": self.spent()["forward_equivalents"],
            "searched": [dimension.to_json() for dimension in self.planned.dimensions],
            "chosen": dict(best.options),
            "value": best.value,
            "default": {"options": dict(self.trials[0].options), "value": self.trials[0].value},
        }

    def spent(self) -> dict[str, Any]:
        """Return what the trials have spent together."""
        return together(trial.spent for trial in self.trials)

    def _trial(self, options: Mapping[str, Any]) -> Trial:
        try:
            return Trial(options, tuple(cell_key(cell) for cell in self.cells_of(self.row(options))))
        except FairforgetError as error:
            return Trial(options, value=self.worst, problem=f"refused: {error}")
