"""The cells of a folder: which are there, and running those that are not."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from fairforget.run import jobs
from fairforget.run.flight import Flight, Job
from fairforget.run.progress import Estimate, kind_of, seconds_of
from fairforget.run.sharing.holds import Holds, Stamp, stamp_of
from fairforget.run.sharing.turns import Turns
from fairforget.run.watcher import Watcher
from fairforget.store.parts import Parts
from fairforget.store.reading import read_record
from fairforget.store.record import Rejected, record_path

CellJson = Mapping[str, Any]
Texts = tuple[str, ...]


class CellsThere(NamedTuple):
    """What `cells_there` found."""

    keys: set[str]
    """Of the cells that need not run."""
    failed: set[str]
    """Those of them whose record says that they failed."""
    replaced: dict[str, Stamp | None]
    """The files of those that run again, as they are: another stamp is another run's record."""


class CellsRun(NamedTuple):
    """What became of cells."""

    ran: int
    """Cells that this run ran, lost ones among them."""
    lost: dict[str, Exception]
    """The errors of the cells that ended without a record, by key."""
    ok: frozenset[str] = frozenset()
    """Cells that this run ran and that did not fail."""


def cells_there(folder: Path, keys: Iterable[str], watcher: Watcher, *, retry_failed: bool) -> CellsThere:
    """Return the cells that need not run; says which records are not used, and why."""
    there: set[str] = set()
    failed: set[str] = set()
    replaced: dict[str, Stamp | None] = {}
    parts = Parts()  # the records of a study share most of their cells; each part is hashed once
    for key in keys:
        path = record_path(folder, key)
        if (stamp := stamp_of(path)) is None:
            continue
        record = read_record(path, parts)
        if isinstance(record, Rejected):
            watcher.note(f"{path.name} is not used and its cell runs again: {record.reason}")
        elif record.status == "ok" or not retry_failed:
            there.add(key)
            if record.status == "failed":
                failed.add(key)
            continue
        replaced[key] = stamp
    return CellsThere(there, failed, replaced)


@dataclass(frozen=True)
class CellRuns:
    """Runs cells on an engine, beside other runs of the same study."""

    folder: Path
    """Where their records go."""
    flight: Flight
    shared: Texts
    """Task, model and runtime, as every job gets them."""
    watcher: Watcher

    def run(
        self,
        cells: Mapping[str, CellJson],
        beside: Callable[[CellJson], Texts],
        started: Callable[[CellJson], None] = lambda _: None,
        finished: Callable[[CellJson, Mapping[str, Any]], None] = lambda _cell, _record: None,
        replaced: Mapping[str, Stamp | None] | None = None,
    ) -> CellsRun:
        """Run cells until each has a record or was lost; those that another run has are left to it and waited for.

        Args:
            cells: by their keys.
            beside: what goes into a record beside what its cell computes, as texts of JSON; see `jobs.cell`.
            started: is told before a cell is handed to the engine; not of those that another run has.
            finished: is told when the record of a cell that this run ran is on disk.
            replaced: see `CellsThere`.

        Raises:
            FairforgetError: the user can mend it, a full disk for example.
        """
        estimate = Estimate(Counter(kind_of(cell) for cell in cells.values()), self.flight.slots)
        lost: dict[str, Exception] = {}
        ok: set[str] = set()
        ran = 0

        def job(key: str) -> Job:
            started(cells[key])
            return jobs.cell, (*self.shared, str(self.folder), json.dumps(cells[key]), *beside(cells[key]))

        def begins(key: str) -> None:
            self.watcher.started(key, cells[key], estimate.expected(kind_of(cells[key])))

        def tell(key: str, record: Mapping[str, Any], *, mine: bool) -> None:
            estimate.finish(kind_of(cells[key]), seconds_of(record), mine=mine)
            self.watcher.finished(cells[key], record, estimate.seconds(), estimate.known)

        with Holds(self.folder) as holds:
            turns = Turns(
                cells,
                holds,
                there=lambda key: self._came(key, (replaced or {}).get(key)),
                found=lambda key: tell(key, self._record(key), mine=False),
                waits=lambda who: self.watcher.stage(f"waiting for {len(turns.others)} cells that {who} runs"),
            )
            for key, error in self.flight.run(turns, job, shared=lambda: turns.shared, begins=begins):
                if error is not None:
                    lost[key] = error
                    record: Mapping[str, Any] = {
                        "key": key,
                        "status": "lost",
                        "problems": [{"kind": "lost", "message": str(error)}],
                    }
                else:
                    record = self._record(key)
                    if record["status"] == "ok":
                        ok.add(key)
                holds.free(key)
                ran += 1
                tell(key, record, mine=True)
                if error is None:
                    finished(cells[key], record)
        return CellsRun(ran, lost, frozenset(ok))

    def _came(self, key: str, before: Stamp | None) -> bool:
        """Return whether a cell has a record that was not there before."""
        path = record_path(self.folder, key)
        return stamp_of(path) not in (None, before) and not isinstance(read_record(path), Rejected)

    def _record(self, key: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = json.loads(record_path(self.folder, key).read_bytes())
        return found
