"""What a run is at, and how long it still takes, at any moment."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fairforget.run.watcher import Look, Seen


@dataclass(frozen=True, slots=True)
class AtWork:
    """A cell that the engine is at."""

    key: str
    cell: Mapping[str, Any]
    seconds: float
    """Since it began."""
    expected: float | None
    """Mean seconds of its kind so far."""


@dataclass(frozen=True, slots=True)
class PartNow:
    """A part of several that a run is at; see `fairforget.run.watcher.Watcher.part`."""

    text: str
    whole: float | None
    later: float | None
    known: float
    seconds: float
    """Since it began."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A run at one moment."""

    stage: str | None
    """What is done beside cells."""
    stage_seconds: float
    look: Look | None
    """How far the stage is; asked for only by who shows it, for it may read a file."""
    total: int | None
    """Cells to have; None before that is known."""
    done: int
    failed: int
    """Cells that ended without a score while this run watched."""
    at_work: tuple[AtWork, ...]
    """The oldest first."""
    left: float | None
    """Seconds; None where that is not known, also where all cells at work take longer than others of their kind did."""
    known: float
    """Share of what was left, when a cell ended last, that the estimate has seen the like of."""
    part: PartNow | None = None

    def left_of_all(self) -> float | None:
        """Return the seconds that all parts still take; None where that is not known, or there are no parts."""
        if self.part is None or self.part.whole is None or self.part.later is None:
            return None
        # Before its first cell has ended, what was foreseen of the part stands for what is left of it.
        here = self.part.whole - self.part.later - self.part.seconds if self.left is None else self.left
        return max(0.0, here) + self.part.later

    def counts(self) -> dict[str, Any]:
        """Return how far it is, as data."""
        return {
            "total": self.total,
            "done": self.done,
            "failed": self.failed,
            "seconds_left": self.left,
            "known": self.known,
        }

    def seen(self) -> Seen | None:
        """Return how far the stage is, where somebody says so."""
        return None if self.look is None else self.look()


@dataclass
class Now:
    """Keeps what a `fairforget.run.watcher.Watcher` is told; may be asked from any thread."""

    clock: Callable[[], float] = time.monotonic
    _stage: tuple[str, float, Look | None] | None = None
    _total: int | None = None
    _done: int = 0
    _failed: int = 0
    _left: float | None = None
    _known: float = 0.0
    _part: tuple[str, float | None, float | None, float, float] | None = None
    _at_work: dict[str, tuple[Mapping[str, Any], float, float | None]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def stage(self, text: str, look: Look | None = None) -> None:
        """Keep what is done now; it ends with the next stage or cell."""
        with self._lock:
            self._stage = (text, self.clock(), look)

    def part(self, text: str, whole: float | None, later: float | None, known: float) -> None:
        """Keep which part it is, and forget the cells of the one before."""
        with self._lock:
            self._part = (text, whole, later, known, self.clock())
            self._stage, self._total, self._left = None, None, None
            self._at_work.clear()

    def cells(self, total: int, done: int) -> None:
        """Begin to count; in a study that is tuned once a round of trials."""
        with self._lock:
            self._stage, self._total, self._done, self._failed = None, total, done, 0
            self._left, self._known = None, 0.0
            self._at_work.clear()

    def started(self, key: str, cell: Mapping[str, Any], expected: float | None) -> None:
        """Keep since when a cell runs."""
        with self._lock:
            self._stage = None
            self._at_work[key] = (cell, self.clock(), expected)

    def finished(self, record: Mapping[str, Any], left: float | None, known: float) -> None:
        """Count a cell that has ended."""
        with self._lock:
            self._at_work.pop(str(record.get("key")), None)
            self._done += 1
            self._failed += record.get("status") != "ok"
            self._left, self._known = left, known

    def moment(self) -> Moment:
        """Return how it stands now."""
        with self._lock:
            now = self.clock()
            cells = tuple(AtWork(key, cell, now - at, mean) for key, (cell, at, mean) in self._at_work.items())
            text, since, look = self._stage or (None, now, None)
            part = None if self._part is None else PartNow(*self._part[:4], now - self._part[4])
            return Moment(
                stage=text,
                stage_seconds=now - since,
                look=look,
                total=self._total,
                done=self._done,
                failed=self._failed,
                at_work=cells,
                left=_left(self._left, cells),
                known=self._known,
                part=part,
            )


def describe(cell: Mapping[str, Any]) -> str:
    """Return one line that tells a person which cell this is."""
    draw, curriculum = cell["draw"], cell["curriculum"]
    order = "" if curriculum is None else f" + {curriculum['name']}"
    return f"{cell['method']['name']}{order}, {draw['stratum']} draw {draw['index']}, seed {cell['seed']}"


def _left(left: float | None, cells: tuple[AtWork, ...]) -> float | None:
    """Return the seconds left.

    Args:
        left: as of the last cell that ended, all cells that have not ended counted whole.
        cells: at work, side by side: what they have done of what is expected of them is off.
    """
    if left is None or not cells:
        return left
    gone = sum(min(cell.seconds, cell.expected or 0.0) for cell in cells) / len(cells)
    # No run ends before the longest of its cells.
    longest = max((cell.expected or 0.0) - cell.seconds for cell in cells)
    found = max(left - gone, longest)
    return found if found > 0 else None
