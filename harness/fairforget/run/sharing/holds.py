"""Cells that are somebody's: two locks a cell, both of which end with their owner.

Who hands a cell out holds its *order*, from before it is announced until its result is there: another run leaves the
cell to it. Who computes a cell holds its *work*: where a run has died and its job goes on elsewhere, on a cluster say,
the next run's job waits for that one and takes its record.
"""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from fairforget.errors import MachineFault
from fairforget.run.group import from_first
from fairforget.store.atomic import remove_partials, unwritable
from fairforget.store.lock import Lock, holder, locked, try_lock
from fairforget.store.reading import read_record
from fairforget.store.record import Rejected, record_path

_ORDER: Final = "order"
_WORK: Final = "work"
Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class Holds:
    """The orders that one run holds; use it as a context manager."""

    folder: Path
    """Of the records."""
    _held: dict[str, Lock] = field(default_factory=dict)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for key in list(self._held):
            self.free(key)
        tidy(self.folder)

    @property
    def full(self) -> bool:
        """Whether this run holds as many cells as it may: a lock is an open file, and of those there is a limit."""
        return len(self._held) >= max(1, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2)

    def take(self, key: str) -> bool:
        """Return whether the cell is this run's now; it is not where another run has it.

        Raises:
            MachineFault: the folder cannot be written.
        """
        path = _path(self.folder, key, _ORDER)
        try:
            lock = try_lock(path)
        except OSError as error:
            raise MachineFault(unwritable(path, error)) from error
        if lock is not None:
            self._held[key] = lock
        return lock is not None

    def free(self, key: str) -> None:
        """Let others have the cell."""
        self._held.pop(key).release(remove=True)

    def holder(self, key: str) -> str:
        """Return who has a cell, for a message."""
        return holder(_path(self.folder, key, _ORDER))


def computed_once(folder: Path, key: str, compute: Callable[[], str]) -> str:
    """Compute a cell unless its record is there, or comes to be there while another process computes it.

    Where a group of processes computes a cell together, the first of them asks for all.

    Args:
        folder: of the records.
        key: of the cell.
        compute: computes it, writes its record and returns the key.

    Raises:
        MachineFault: the folder cannot be written.
    """
    path = _path(folder, key, _WORK)
    with ExitStack() as stack:

        def there() -> bool:
            before = stamp_of(record_path(folder, key))
            try:
                lock = stack.enter_context(locked(path))
            except OSError as error:
                raise MachineFault(unwritable(path, error)) from error
            stack.callback(lock.release, remove=True)
            record = read_record(record_path(folder, key))
            # One that failed is to be run again, unless it came while this process waited for another.
            came = stamp_of(record_path(folder, key)) != before
            return not isinstance(record, Rejected) and (record.status == "ok" or came)

        return key if from_first(there) else compute()


def stamp_of(path: Path) -> Stamp | None:
    """Return what changes when a file is replaced, or None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _path(folder: Path, key: str, what: str) -> Path:
    # In the folder of the records: making a file there, a client of a network file system sees what others have made.
    return folder / f".{key}.{what}"


def tidy(folder: Path) -> None:
    """Remove what the dead have left in a folder of records: locks, and files they were writing."""
    remove_partials(folder)
    with contextlib.suppress(OSError):
        for what in (_ORDER, _WORK):
            for path in folder.glob(f".*.{what}"):
                if (lock := try_lock(path)) is not None:
                    lock.release(remove=True)
