"""Which cell is next, where several runs share them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from fairforget.run.sharing.holds import Holds

_PAUSE: Final = 0.25
"""Seconds between two looks at the cells that others have."""


@dataclass
class Turns:
    """Hands out the cells that are nobody's; iterate over it.

    A cell that another run has is looked at again now and then: either its record comes, or it is nobody's once more,
    because the other run has died or lost its worker.
    """

    keys: Iterable[str]
    holds: Holds
    there: Callable[[str], bool]
    """Whether the record of a cell has come since the run began."""
    found: Callable[[str], None]
    """Is told of a cell whose record another run has made."""
    waits: Callable[[str], None] = lambda _: None
    """Is told once, when nothing is left but what others have, who has the first of it."""
    others: dict[str, None] = field(default_factory=dict)
    """Cells that other runs have."""
    shared: bool = False
    """Whether another run has been seen."""
    _looked: float = 0.0

    def __iter__(self) -> Iterator[str | None]:
        """Yield the keys of cells, each when it is this run's; None where none can be had now.

        Raises:
            FairforgetError: the folder cannot be written.
        """
        fresh, told = deque(self.keys), False
        while fresh or self.others:
            if self.holds.full:
                yield None
            elif self._due() and (key := self._look()) is not None:
                yield key
            elif fresh:
                if self._mine(key := fresh.popleft()):
                    yield key
            elif self.others:
                if not told:
                    told = True
                    self.waits(self.holds.holder(next(iter(self.others))))
                yield None

    def _due(self) -> bool:
        return bool(self.others) and time.monotonic() - self._looked >= _PAUSE

    def _look(self) -> str | None:
        """Look at every cell that others had; return the first that is this run's now."""
        for key in list(self.others):
            del self.others[key]
            if self._mine(key):
                return key
        self._looked = time.monotonic()
        return None

    def _mine(self, key: str) -> bool:
        """Return whether a cell is to be run here; it is held then."""
        if not self.there(key):
            if not self.holds.take(key):
                self.others[key], self.shared = None, True
                return False
            if not self.there(key):
                return True
            self.holds.free(key)  # its record came between the two
        self.shared = True
        self.found(key)
        return False
