"""Who is at work in the folder of a run, seen from outside: nothing is written, and no run is kept waiting."""

from __future__ import annotations

import fcntl
import math
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from fairforget.store.lock import is_held, told
from fairforget.store.runners import DOOR, RUNNERS

_MOST: Final = 256
"""Runs that are looked at."""
_TRIES: Final = 20
_PAUSE: Final = 0.02
_AGES: Final = 1e12
_TEXT: Final = 200


@dataclass(frozen=True, slots=True)
class CellAtWork:
    """A cell that a run is at, as it says."""

    key: str
    cell: str
    """What it is, for people."""
    since: float | None
    """Seconds since 1970, by the clock of the run's machine."""
    expected_seconds: float | None
    """Mean of its kind in that run so far."""


@dataclass(frozen=True, slots=True)
class Runner:
    """A run that lives, as it says itself; what it does not say is None."""

    process: int | None
    host: str | None
    slots: int
    """Cells that it runs side by side."""
    since: float | None
    """When it began: seconds since 1970, by the clock of its machine."""
    stage: str | None
    """What it does beside cells."""
    stage_since: float | None
    at_work: int
    """Cells that it is at, of which `cells` may name the first only."""
    cells: tuple[CellAtWork, ...]


def present(folder: Path) -> tuple[Runner, ...] | None:
    """Return the runs that are at work in a folder; None where that cannot be told.

    It cannot where the file system has no locks, or the files cannot be read. A folder that is alone another command's,
    ``fairforget draws`` for example, has that one in it.
    """
    with _quiet(folder / DOOR) as quiet:
        if quiet is None:
            return None
        if not quiet:
            return (_runner(told(folder / DOOR)),)
        if (folder / RUNNERS).is_symlink():
            return ()
        paths = list(islice((folder / RUNNERS).glob("*.lock"), _MOST))
        return tuple(_runner(told(path)) for path in sorted(paths) if is_held(path))


@contextmanager
def _quiet(door: Path) -> Iterator[bool | None]:
    """Keep anybody from coming or going while inside, as others that look on do; they wait for longer than it takes.

    Yields whether that is so: not where a command keeps the folder for itself, None where it cannot be told.
    """
    try:
        handle = os.open(door, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        yield True  # nobody was ever here
        return
    except OSError:
        yield None
        return
    try:
        yield _shared(handle)
    finally:
        os.close(handle)


def _shared(handle: int) -> bool | None:
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        return None
    for _ in range(_TRIES):
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_PAUSE)
        except OSError:
            return None
        else:
            return True
    return False


def _runner(said: dict[str, Any]) -> Runner:
    """Return what a run says of itself; whatever stands there may be a stranger's."""
    pid = said.get("pid")
    named, since = _row(said.get("stage"), 2) or (None, None)
    cells = said.get("cells")
    found = tuple(_cell(*row) for cell in (cells if isinstance(cells, list) else ()) if (row := _row(cell, 4)))
    return Runner(
        process=pid if type(pid) is int and 0 < pid < _AGES else None,
        host=_text(said.get("host")),
        slots=_count(said.get("slots")),
        since=_number(said.get("since")),
        stage=_text(named),
        stage_since=_number(since),
        at_work=max(_count(said.get("at_work")), len(found)),
        cells=found,
    )


def _cell(key: Any, cell: Any, since: Any, expected: Any) -> CellAtWork:
    return CellAtWork(_text(key) or "", _text(cell) or "a cell", _number(since), _number(expected))


def _row(value: Any, length: int) -> list[Any] | None:
    return value if isinstance(value, list) and len(value) == length else None


def _text(value: Any) -> str | None:
    return value[:_TEXT] if isinstance(value, str) else None


def _count(value: Any) -> int:
    return value if type(value) is int and 0 <= value <= 1_000_000 else 0


def _number(value: Any) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _AGES
    return float(value) if known and math.isfinite(value) else None
