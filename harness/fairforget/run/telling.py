"""What a run is at, told in its folder to whoever looks from elsewhere."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from fairforget.run.now import Moment, Now, describe
from fairforget.run.watcher import Look

ROOM: Final = 3000
"""Bytes of JSON, so that it is written in one piece beside the rest; see `fairforget.store.lock.Lock.tell`."""
_TEXT: Final = 160


class Telling:
    """A `fairforget.run.watcher.Watcher` that writes what it hears into a small file, without waiting for the disk.

    It holds times, not lengths of time: nobody has to write while a cell of three hours runs. They are those of this
    machine's clock.
    """

    def __init__(
        self,
        tell: Callable[..., None],
        slots: int,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Tell that the run has begun.

        Args:
            tell: writes, see `fairforget.store.runners.Company`.
            slots: cells that run side by side.
            clock: seconds.
            wall: seconds since 1970.
        """
        self._tell, self._slots, self._now, self._wall = tell, slots, Now(clock), wall
        self._since = wall()
        self._write()

    def stage(self, text: str, look: Look | None = None) -> None:
        """Tell what is done."""
        self._now.stage(text, look)
        self._write()

    def note(self, text: str) -> None:
        """Keep it to yourself."""

    def part(self, text: str, whole: float | None, later: float | None, known: float) -> None:
        """Keep it to yourself: it is not of this study."""

    def cells(self, total: int, done: int) -> None:
        """Tell that cells are next."""
        self._now.cells(total, done)
        self._write()

    def started(self, key: str, cell: Mapping[str, Any], expected: float | None) -> None:
        """Tell that the engine is at a cell."""
        self._now.started(key, cell, expected)
        self._write()

    def finished(self, cell: Mapping[str, Any], record: Mapping[str, Any], left: float | None, known: float) -> None:
        """Tell that it is not any more."""
        del cell
        self._now.finished(record, left, known)
        self._write()

    def progress(self) -> dict[str, Any]:
        """Return what a tracker is told beside the record of a cell."""
        return self._now.moment().counts()

    def _write(self) -> None:
        now, moment = self._wall(), self._now.moment()
        stage = None if moment.stage is None else [moment.stage[:_TEXT], _round(now - moment.stage_seconds)]
        about = {"slots": self._slots, "since": _round(self._since), "at": _round(now), "stage": stage}
        self._tell(**about, at_work=len(moment.at_work), cells=_cells(moment, now))


def _cells(moment: Moment, now: float) -> list[list[Any]]:
    """Return key, description, when it began and mean seconds of its kind, of as many as there is room for."""
    cells: list[list[Any]] = []
    room = ROOM
    for one in moment.at_work:
        mean = None if one.expected is None else _round(one.expected)
        cells.append([one.key[:64], describe(one.cell)[:_TEXT], _round(now - one.seconds), mean])
        room -= len(json.dumps(cells[-1])) + 2
        if room < 0:
            return cells[:-1]
    return cells


def _round(seconds: float) -> float:
    return round(seconds, 2)
