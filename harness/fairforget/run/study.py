"""A whole study: target, scores, draws, cells; the same call again continues."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairforget.api import Engine, Task
from fairforget.api.sample import digest_of
from fairforget.errors import FairforgetError
from fairforget.registry import Registry
from fairforget.run.asking import Asking, shared_texts
from fairforget.run.cells import CellRuns, cells_there
from fairforget.run.draws import Drawing, StudyDraws
from fairforget.run.flight import Flight
from fairforget.run.looks.stop_policies import check_policies
from fairforget.run.runtime import cores
from fairforget.run.targets.identity import target_identity
from fairforget.run.targets.recipe import recipe_for
from fairforget.run.tuning.draws import check_room
from fairforget.run.tuning.retell import retell
from fairforget.run.tuning.tune import Tune, Tuned
from fairforget.run.watcher import Watcher
from fairforget.store.atomic import remove_partials, write_text
from fairforget.store.lock import run_lock
from fairforget.store.reading import read_record
from fairforget.store.record import Rejected, record_path
from fairforget.study.cell import canonical_json, cell_key
from fairforget.study.draws import Draw, unit_of
from fairforget.study.draws_file import read_draws, write_draws
from fairforget.study.elsewhere import check_elsewhere
from fairforget.study.load import dump
from fairforget.study.options import Built
from fairforget.study.plan import Plan

Cells = dict[str, dict[str, Any]]
"""Cells as JSON, by their keys."""


@dataclass(frozen=True)
class Outcome:
    """How a study ended."""

    folder: Path
    planned: tuple[str, ...]
    """Keys of all cells, in the order of the plan."""
    ran: int
    failed: tuple[str, ...]
    """Keys of the cells whose record says that they failed."""
    lost: tuple[str, ...]
    """Keys of the cells that have no record, because their worker died; the next run tries them again."""


def run_study(
    plan: Plan,
    registry: Registry,
    folder: Path,
    *,
    engine: Built,
    cache: Path,
    watcher: Watcher,
    retry_failed: bool = False,
) -> Outcome:
    """Run what is missing of a study.

    Args:
        plan: what the study spans.
        registry: for events, and the plugin files that workers need.
        folder: where the records go; what is there already is used.
        engine: where cells run.
        cache: where targets, oracles and scores are kept.
        watcher: is told how it goes.
        retry_failed: run cells again whose record says that they failed.

    Raises:
        FairforgetError: the user can mend it; nothing that was done is lost.
    """
    with run_lock(folder):
        return _Study(plan, registry, folder, engine, cache, watcher).run(retry_failed=retry_failed)


@dataclass(frozen=True)
class _Study:
    plan: Plan
    registry: Registry
    folder: Path
    engine: Built
    cache: Path
    watcher: Watcher

    def run(self, *, retry_failed: bool) -> Outcome:
        for folder in (self.folder / "cells", self.folder / "tuning" / "cells"):
            remove_partials(folder)
        write_text(self.folder / "study.yaml", dump(self.plan.study))
        task = self.plan.task.of(Task)  # type: ignore[type-abstract]
        corpus = task.corpus()
        check_room(self.plan, corpus.pool)
        recipe, seed = recipe_for(task, self.plan.study.model_json())
        check_policies(self.plan, corpus, recipe)
        check_elsewhere(self.plan)
        target, data = target_identity(recipe, corpus, seed), corpus.digest()
        tune = Tune(self.plan, self.registry, self.folder / "tuning", corpus, data, target, self.watcher, retry_failed)
        stamp = _stamp(self.plan, tune)
        self.registry.emit("fairforget_study_started", study=self.plan.study, plan=self.plan)
        if (known := self._known(tune, stamp)) is not None:
            cells, tuned = known
            there = self._there(cells, tuned, retry_failed=retry_failed)
            if len(there) == len(cells):
                self.watcher.cells(len(cells), len(cells))
                return self._outcome(tuple(cells), 0, ())
        return self._compute(tune, stamp, retry_failed=retry_failed)

    def _known(self, tune: Tune, stamp: str) -> tuple[Cells, Tuned] | None:
        """Return the cells of draws that an earlier run has left; a finished study needs no cache."""
        try:
            draws = read_draws(self.folder / "draws.json", tune.corpus.pool, data=stamp)
            tuned = tune.known(draws)
            return None if tuned is None else (_cells(tuned.plan, draws, tune), tuned)
        except FairforgetError:
            return None  # they are not those of this study; they are made again

    def _compute(self, tune: Tune, stamp: str, *, retry_failed: bool) -> Outcome:
        engine, data = self.engine.of(Engine), tune.data  # type: ignore[type-abstract]
        # What comes before the cells has the machine to itself; the cells share it.
        whole, shared = (
            shared_texts(self.plan, self.registry, self.cache, data, threads)
            for threads in (cores(), engine.threads() or cores())
        )
        with engine.open() as executor:
            flight = Flight(executor, engine.slots())
            ask = Asking(flight, whole, self.watcher)
            reserved = tune.reserved()
            found = Drawing(
                self.plan, tune.corpus, data, tune.target, self.cache, ask.prepare, ask.score, self.watcher, reserved
            ).draw()
            write_draws(self.folder / "draws.json", found.draws, data=stamp)
            _cells(self.plan, found.draws, tune)  # models that are missing are missed before anything is tuned
            tuned = tune.run(found.draws, lambda folder: CellRuns(folder, flight, shared, self.watcher))
            cells = _cells(tuned.plan, found.draws, tune)
            plan = {"schema": 1, "study": self.plan.study.name, "cells": list(cells)}
            write_text(self.folder / "plan.json", json.dumps(plan, indent=1) + "\n")
            there = self._there(cells, tuned, retry_failed=retry_failed)
            self.watcher.cells(len(cells), len(there))
            missing = {key: cell for key, cell in cells.items() if key not in there}
            info = _info(found)
            lost = CellRuns(self.folder / "cells", flight, shared, self.watcher).run(
                _dearest_first(missing, self.plan),
                lambda cell: (info[_draw_key(cell["draw"])], tuned.of(cell)),
                lambda cell: self.registry.emit("fairforget_cell_started", cell=cell),
                lambda cell, record: self.registry.emit("fairforget_cell_finished", cell=cell, record=record),
            )
        return self._outcome(tuple(cells), len(missing) - len(lost), tuple(lost))

    def _outcome(self, keys: tuple[str, ...], ran: int, lost: tuple[str, ...]) -> Outcome:
        failed = tuple(key for key in keys if self._status(key) == "failed")
        return Outcome(self.folder, keys, ran, failed, lost)

    def _there(self, cells: Cells, tuned: Tuned, *, retry_failed: bool) -> set[str]:
        """Return the keys of the cells that need not run; what their records say of tuning is so afterwards."""
        folder = self.folder / "cells"
        there = cells_there(folder, cells, self.watcher, retry_failed=retry_failed)
        if written := retell(folder, cells, there, tuned):
            self.watcher.note(f"{written} records are of cells that the search has chosen again; they say its cost now")
        return there

    def _status(self, key: str) -> str | None:
        record = read_record(record_path(self.folder / "cells", key))
        return None if isinstance(record, Rejected) else record.status


def _stamp(plan: Plan, tune: Tune) -> str:
    """Return what the draws of a study depend on beside their samplers."""
    size, unit = plan.study.forget_size, unit_of(plan.study.unit, tune.corpus.pool)
    parts = [tune.data, tune.target["id"], f"{size} {unit}"]
    if plan.study.disjoint:
        parts.append("disjoint")
    if reserved := tune.reserved():
        parts.append(f"without {digest_of(sorted(reserved))}")
    return " ".join(parts)


def _cells(plan: Plan, draws: Sequence[Draw], tune: Tune) -> Cells:
    """Return every cell by its key."""
    return {cell_key(cell): cell for cell in plan.cells(draws, tune.target, data=tune.data)}


def _dearest_first(cells: Mapping[str, Mapping[str, Any]], plan: Plan) -> dict[str, Mapping[str, Any]]:
    """Return the oracles first: one that starts last would keep every other slot waiting."""
    oracles = {method.built.entry.canonical for method in plan.methods if method.reference == "oracle"}
    return dict(sorted(cells.items(), key=lambda item: item[1]["method"]["name"] not in oracles))


def _draw_key(draw: Mapping[str, Any]) -> str:
    return canonical_json([draw["sampler"], draw["stratum"], draw["index"]])


def _info(found: StudyDraws) -> dict[str, str]:
    return {_draw_key(draw.to_json()): json.dumps(info) for draw, info in zip(found.draws, found.info, strict=True)}
