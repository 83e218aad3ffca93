"""Tuning a study: trials of every row, and the plan with what they chose."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from fairforget.api import Corpus
from fairforget.errors import FairforgetError
from fairforget.registry import Registry
from fairforget.run.cells import CellJson, CellRuns, cells_there
from fairforget.run.tuning.draws import groups_of, tuning_draws
from fairforget.run.tuning.file import read_searches, write_searches
from fairforget.run.tuning.objective import Objective
from fairforget.run.tuning.row import Row
from fairforget.run.tuning.search import RowSearch
from fairforget.run.tuning.trial import Trial, spent
from fairforget.run.watcher import Watcher
from fairforget.store.reading import read_record
from fairforget.store.record import Record, record_path
from fairforget.study.cell import canonical_json
from fairforget.study.draws import Draw, unit_of
from fairforget.study.plan import Plan
from fairforget.study.tuning import Tuning

FILE: Final = "trials.json"
_DRAW_INFO: Final = json.dumps({"covariates": {}, "scores": [], "advice": []})


@dataclass(frozen=True)
class Tuned:
    """A plan whose rows have the options that tuning chose."""

    plan: Plan
    said: Mapping[str, str]
    """What goes into the records of a row, as JSON, by what `row_of` says of its cells."""

    def of(self, cell: CellJson) -> str:
        """Return what tuning has to say of a cell, as JSON; null for a row that was not tuned."""
        return self.said.get(row_of(cell), "null") if self.said else "null"


def row_of(cell: CellJson) -> str:
    """Return what the cells of a row have in common."""
    return canonical_json([cell["method"], cell["curriculum"], cell["optimizer"]])


@dataclass(frozen=True)
class Tune:
    """Tunes the rows of a study.

    With the same plan and draws it makes the same trials, wherever they run and in however many steps.
    """

    plan: Plan
    registry: Registry
    folder: Path
    """Of tuning, inside that of the run."""
    corpus: Corpus
    data: str
    """Digest of the corpus."""
    target: Mapping[str, Any]
    watcher: Watcher
    retry_failed: bool = False

    def known(self, draws: Sequence[Draw]) -> Tuned | None:
        """Return what an earlier run has chosen, or None where trials are missing."""
        searches = self._searches(draws)
        return self._tuned(searches) if all(search.done for search in searches.values()) else None

    def run(self, draws: Sequence[Draw], runs: Callable[[Path], CellRuns]) -> Tuned:
        """Run the trials that are missing.

        Args:
            draws: the forget sets of the study, to keep away from.
            runs: what runs cells into a folder.

        Raises:
            FairforgetError: the pool has no groups left for tuning; the worker of a trial died.
        """
        searches = self._searches(draws)
        for row in self._idle():
            self.watcher.note(f"{row} has nothing to search and runs as the study gives it")
        while open_rows := {key: search for key, search in searches.items() if not search.done}:
            for key, search in open_rows.items():
                if not search.pending:
                    search.ask(key)
            write_searches(self.folder / FILE, searches)
            self._round(open_rows, runs(self.folder / "cells"))
            write_searches(self.folder / FILE, searches)
        for search in searches.values():
            self._report(search)
        return self._tuned(searches)

    def _searches(self, draws: Sequence[Draw]) -> dict[str, RowSearch]:
        """Return the search of every row, with the trials that an earlier run has left, by its key."""
        planned = self.plan.searches()
        sets = self._draws(draws) if planned else ()
        earlier = read_searches(self.folder / FILE) if planned else {}
        searches = {}
        for one in planned:
            search = RowSearch(
                one, self._settings, self.registry, lambda row: self._cells(row, sets), self._objective.worst
            )
            key = search.key
            search.resume(earlier.get(key, []), retry_failed=self.retry_failed)
            searches[key] = search
        return searches

    @property
    def _settings(self) -> Tuning:
        if self.plan.study.tuning is None:
            raise TypeError("a study without tuning is not tuned")
        return self.plan.study.tuning

    def reserved(self) -> frozenset[str]:
        """Return the ids of the samples that the draws of the study keep away from, where the study wants that.

        Raises:
            FairforgetError: the pool is too small for that.
        """
        if not self.plan.searches() or not self._settings.reserve:
            return frozenset()
        return groups_of(self.corpus.pool, self._draws(()))

    @property
    def _objective(self) -> Objective:
        return Objective(self._settings.objective, self.plan.study.budget.completeness)

    def _draws(self, draws: Sequence[Draw]) -> tuple[Draw, ...]:
        """Return the forget sets of tuning; `draws` keep away from them, or they from those."""
        taken = () if self._settings.reserve else draws
        return tuning_draws(
            self.corpus.pool,
            {name for draw in taken for name in draw.forget},
            data=self.data,
            unit=unit_of(self.plan.study.unit, self.corpus.pool),
            size=self.plan.study.forget_size,
            draws=self._settings.draws,
            seed=self._settings.seed,
        )

    def _cells(self, row: Row, draws: Sequence[Draw]) -> list[dict[str, Any]]:
        """Return the cells that try a row; of the columns they have those that decide."""
        common = self.plan.common(self.target, data=self.data)
        asked = {name: value for name, value in common["evaluation"].items() if name != "trajectory"}
        deciding = [use for use in asked["metrics"] if use["average"] and use["role"] != "diagnostic"]
        tried = {
            **common,
            "evaluation": {**asked, "metrics": deciding},
            "method": replace(row.method, tuned=False).to_json(),
            "curriculum": row.curriculum.to_json(),
            "seed": 0,
            "optimizer": row.method.optimizer,
        }
        return [{**tried, "draw": draw.to_json()} for draw in draws]

    def _round(self, searches: Mapping[str, RowSearch], runs: CellRuns) -> None:
        """Run the trials whose results are not known, those of all rows side by side."""
        cells = {key: cell for search in searches.values() for key, cell in search.cells().items()}
        there = cells_there(runs.folder, cells, self.watcher, retry_failed=self.retry_failed)
        so_far = max(len(search.trials) for search in searches.values())
        self.watcher.stage(f"tuning {len(searches)} rows: trials up to {so_far} of {self._settings.trials} each")
        missing = {key: cell for key, cell in cells.items() if key not in there.keys}
        if missing:
            self.watcher.cells(len(cells), len(there.keys))
        lost = runs.run(missing, lambda _: (_DRAW_INFO, "null"), replaced=there.replaced).lost
        if lost:
            msg = (
                f"{len(lost)} cells of tuning ended without a result ({next(iter(lost.values()))}); what is done is "
                "kept, and the same command tries them again"
            )
            raise FairforgetError(msg)
        for search in searches.values():
            seen = {key for i, trial in enumerate(search.trials) if i not in search.pending for key in trial.cells}
            for i in search.pending:
                search.trials[i] = self._judged(search.trials[i], seen, runs.folder)
                seen |= set(search.trials[i].cells)

    def _judged(self, trial: Trial, seen: set[str], folder: Path) -> Trial:
        records = {key: self._record(folder, key) for key in trial.cells}
        failed = [
            record.problems[0].message for record in records.values() if record.status != "ok" and record.problems
        ]
        return replace(
            trial,
            value=self._objective(records.values()),
            problem=failed[0] if failed else None,
            spent=spent(record for key, record in records.items() if key not in seen),
        )

    def _record(self, folder: Path, key: str) -> Record:
        record = read_record(record_path(folder, key))
        if not isinstance(record, Record):
            msg = f"{record.path} was damaged while the study ran: {record.reason}; run the same command again"
            raise FairforgetError(msg)
        return record

    def _tuned(self, searches: Mapping[str, RowSearch]) -> Tuned:
        rows: dict[int, list[Row]] = {id(search.planned.method): [] for search in searches.values()}
        said: dict[str, str] = {}
        for key, search in searches.items():
            row = search.row(search.trials[search.best()].options)
            rows[id(search.planned.method)].append(row)
            cell = {"method": row.method.to_json(), "curriculum": row.curriculum.to_json()}
            told = {"tuning": search.said(key), "ledger": search.spent()}
            said[row_of({**cell, "optimizer": row.method.optimizer})] = json.dumps(told)
        methods = [[row.method for row in rows[id(m)]] if id(m) in rows else [m] for m in self.plan.methods]
        return Tuned(replace(self.plan, methods=tuple(m for several in methods for m in several)), said)

    def _idle(self) -> list[str]:
        if self.plan.study.tuning is None:
            return []
        tuned = {(search.method.label, search.curriculum.label) for search in self.plan.searches()}
        rows = [(m.label, c.label) for m in self.plan.methods for c in m.curricula if c is not None]
        return [
            f"{method} + {curriculum}"
            for method, curriculum in dict.fromkeys(rows)
            if (method, curriculum) not in tuned
        ]

    def _report(self, search: RowSearch) -> None:
        best, failed = search.trials[search.best()], sum(trial.problem is not None for trial in search.trials)
        options = ", ".join(f"{name}={_shown(value)}" for name, value in best.options.items())
        first = " (as the study gives it)" if search.best() == 0 else ""
        more = f"; {failed} of {len(search.trials)} trials failed" if failed else ""
        self.watcher.note(
            f"{search.planned.label}: {options}{first}, {self._settings.objective} {best.value:.3f}{more}"
        )


def _shown(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else json.dumps(value)
