"""A whole study: target, scores, draws, cells; the same call again continues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairforget.api import Engine, Task
from fairforget.api.sample import digest_of
from fairforget.engines.threads import alone
from fairforget.errors import FairforgetError
from fairforget.registry import Registry
from fairforget.run.asking import Asking, shared_texts
from fairforget.run.cells import CellRuns, CellsRun, CellsThere, cells_there
from fairforget.run.draws import Drawing
from fairforget.run.flight import Flight
from fairforget.run.looks.stop_policies import check_policies
from fairforget.run.memory.foresee import foresee
from fairforget.run.planned import dearest_first, draw_infos, draw_key, write_plan
from fairforget.run.sharing.holds import tidy
from fairforget.run.sharing.shards import Shard
from fairforget.run.stopping import told_when_stopped
from fairforget.run.targets.identity import target_identity
from fairforget.run.targets.recipe import recipe_for
from fairforget.run.targets.target_folder import TARGETS
from fairforget.run.telling import Telling
from fairforget.run.tuning.draws import check_room
from fairforget.run.tuning.retell import retell
from fairforget.run.tuning.tune import Tune, Tuned
from fairforget.run.watcher import Both, Watcher
from fairforget.store.atomic import remove_partials, write_text
from fairforget.store.reading import read_record
from fairforget.store.record import Rejected, record_path
from fairforget.store.runners import joined
from fairforget.study.draws import Draw, unit_of
from fairforget.study.draws_file import read_draws, write_draws
from fairforget.study.elsewhere import check_elsewhere
from fairforget.study.keyed import cells_by_key
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
    """Cells that this run ran; other runs in the folder may have run more."""
    failed: tuple[str, ...]
    """Keys of the cells of `mine` whose record says that they failed."""
    lost: tuple[str, ...]
    """Keys of the cells that have no record, because their worker died; the next run tries them again."""
    mine: tuple[str, ...]
    """Keys of the cells of this part of the study; all of `planned` where the whole was asked for."""


def run_study(
    plan: Plan,
    registry: Registry,
    folder: Path,
    *,
    engine: Built,
    cache: Path,
    watcher: Watcher,
    retry_failed: bool = False,
    shard: Shard | None = None,
) -> Outcome:
    """Run what is missing of a study, beside other runs of it in the folder, if there are any.

    Args:
        plan: what the study spans.
        registry: for events, and the plugin files that workers need.
        folder: where the records go; what is there already is used.
        engine: where cells run.
        cache: where targets, oracles and scores are kept.
        watcher: is told how it goes.
        retry_failed: run cells again whose record says that they failed.
        shard: the part of the study that is run; None = all of it.

    Raises:
        FairforgetError: the user can mend it; nothing that was done is lost.
    """
    with joined(folder, _digest(plan)) as company:
        if company.others:
            watcher.note(f"sharing {folder} with {', '.join(company.others)}: each cell is run once")
        if not company.guarded:
            watcher.note(
                f"the file system of {folder} has no locks: two runs there at once would run cells twice; give each a "
                "folder of its own and a part of the study, with --out and --shard"
            )
        slots = engine.of(Engine).slots()  # type: ignore[type-abstract]
        telling = Telling(company.tell, slots)
        both = Both(watcher, telling)
        return _Study(plan, registry, folder, engine, cache, both, shard, telling).run(retry_failed=retry_failed)


@dataclass(frozen=True)
class _Study:
    plan: Plan
    registry: Registry
    folder: Path
    engine: Built
    cache: Path
    watcher: Watcher
    shard: Shard | None
    telling: Telling

    def run(self, *, retry_failed: bool) -> Outcome:
        for folder in (self.folder, self.folder / "tuning"):
            remove_partials(folder)
            tidy(folder / "cells")
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
        with told_when_stopped(self.registry, self.plan.study):
            return self._missing(tune, stamp, retry_failed=retry_failed)

    def _missing(self, tune: Tune, stamp: str, *, retry_failed: bool) -> Outcome:
        """Run what is missing, which may be nothing."""
        missing = None
        if (known := self._known(tune, stamp)) is not None:
            cells, tuned = known
            write_plan(self.folder, self.plan.study.name, cells)
            mine = self._mine(cells)
            there = self._there(mine, tuned, retry_failed=retry_failed)
            missing = {key: cell for key, cell in mine.items() if key not in there.keys}
            if not missing:
                self.watcher.cells(len(mine), len(mine))
                return self._outcome(cells, mine, there, CellsRun(0, {}))
        folder = self.folder / "cells"
        foresee(self.plan, self.engine, tune.corpus, tune.target, self.cache, folder, missing, self.watcher)
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
            for threads in (engine.threads_alone() or alone(), engine.threads() or alone())
        )
        with engine.open_in(self.folder) as executor:
            flight = Flight(executor, engine.slots(), engine.ahead())
            ask = Asking(flight, whole, self.watcher, self.cache / TARGETS / tune.target["id"])
            reserved = tune.reserved()
            found = Drawing(
                self.plan, tune.corpus, data, tune.target, self.cache, ask.prepare, ask.score, self.watcher, reserved
            ).draw()
            write_draws(self.folder / "draws.json", found.draws, data=stamp)
            _cells(self.plan, found.draws, tune)  # models that are missing are missed before anything is tuned
            if self.shard is not None and self.plan.searches():
                self.watcher.note("tuning is not divided: every part runs all trials, unless parts share a folder")
            tuned = tune.run(found.draws, lambda folder: CellRuns(folder, flight, shared, self.watcher))
            cells = _cells(tuned.plan, found.draws, tune)
            write_plan(self.folder, self.plan.study.name, cells)
            mine = self._mine(cells)
            if self.shard is not None:
                self.watcher.note(f"part {self.shard} of the study: {len(mine)} of {len(cells)} cells")
            there = self._there(mine, tuned, retry_failed=retry_failed)
            self.watcher.cells(len(mine), len(there.keys))
            missing = {key: cell for key, cell in mine.items() if key not in there.keys}
            info = draw_infos(found)
            done = CellRuns(self.folder / "cells", flight, shared, self.watcher).run(
                dearest_first(missing, self.plan),
                lambda cell: (info[draw_key(cell["draw"])], tuned.of(cell)),
                lambda cell: self.registry.emit("fairforget_cell_started", cell=cell),
                self._finished,
                there.replaced,
            )
        return self._outcome(cells, mine, there, done)

    def _finished(self, cell: Mapping[str, Any], record: Mapping[str, Any]) -> None:
        progress = self.telling.progress()
        self.registry.emit("fairforget_cell_finished", cell=cell, record=record, progress=progress)

    def _mine(self, cells: Cells) -> Cells:
        """Return the cells of this run's part of the study."""
        return cells if self.shard is None else self.shard.of(cells)

    def _outcome(self, cells: Cells, mine: Cells, there: CellsThere, done: CellsRun) -> Outcome:
        # One that went well stays so. What failed may have gone well since, in another run.
        well = (there.keys - there.failed) | done.ok
        failed = tuple(key for key in mine if key not in well and self._status(key) == "failed")
        # Another run in the folder may have come to a cell that was lost here.
        lost = tuple(key for key in done.lost if self._status(key) is None)
        return Outcome(self.folder, tuple(cells), done.ran - len(done.lost), failed, lost, tuple(mine))

    def _there(self, cells: Cells, tuned: Tuned, *, retry_failed: bool) -> CellsThere:
        """Return the cells that need not run; what their records say of tuning is so afterwards."""
        folder = self.folder / "cells"
        there = cells_there(folder, cells, self.watcher, retry_failed=retry_failed)
        if written := retell(folder, cells, there.keys, tuned):
            self.watcher.note(f"{written} records are of cells that the search has chosen again; they say its cost now")
        return there

    def _status(self, key: str) -> str | None:
        record = read_record(record_path(self.folder / "cells", key))
        return None if isinstance(record, Rejected) else record.status


def _digest(plan: Plan) -> str:
    """Return what runs in one folder at once have in common: the study, whatever the engine of each."""
    return digest_of(plan.study.identity())


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
    return cells_by_key(plan, draws, tune.target, data=tune.data)
