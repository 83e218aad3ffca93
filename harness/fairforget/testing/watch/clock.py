"""How long a thread waited for nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Spell:
    """A stretch of time."""

    wall: float = 0.0
    """Seconds that went by."""
    idle: float = 0.0
    """Seconds in which the thread neither ran nor wanted to.

    Where the system does not say how long a thread waited for a processor (only Linux does), that is in it.
    """
    exact: bool = False
    """Whether the system says so."""


@contextmanager
def timing() -> Iterator[Spell]:
    """Time what is inside, for this thread."""
    spell = Spell()
    begin, busy = time.perf_counter(), _busy()
    try:
        yield spell
    finally:
        spell.wall = time.perf_counter() - begin
        now = _busy()
        spell.idle = max(0.0, spell.wall - (now[0] - busy[0]))
        spell.exact = now[1]


def _busy() -> tuple[float, bool]:
    """Return the seconds in which this thread ran or waited for a processor, and whether the wait is in it."""
    try:
        ran, waited = Path("/proc/thread-self/schedstat").read_text(encoding="ascii").split()[:2]
    except (OSError, ValueError):
        return time.thread_time(), False
    return (int(ran) + int(waited)) / 1e9, True
