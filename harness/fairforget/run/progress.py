"""How long a study still takes, as honestly as can be said."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

_AGES: Final = 1e12
"""Seconds that no cell takes."""


@dataclass
class Estimate:
    """Remaining seconds from what was seen: the mean of each kind of cell, over the workers.

    A kind that has not been seen yet is taken to cost the mean of the others, and `known` says how much of what is
    left rests on something measured.
    """

    left: dict[str, int]
    """Cells left, by kind (method and curriculum)."""
    workers: int
    _others: float = 0.0
    """Seconds of cells that other runs of the study have run meanwhile."""
    _mine: float = 0.0
    _ended: Counter[str] = field(default_factory=Counter)
    """Cells that have ended, by kind."""
    _took: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Their seconds together; sums, for this is asked after each of perhaps a million cells."""

    def finish(self, kind: str, seconds: float, *, mine: bool = True) -> None:
        """Note that a cell of a kind ended after so many seconds of its own work; not `mine` if another run ran it."""
        self.left[kind] -= 1
        self._ended[kind] += 1
        self._took[kind] += seconds
        if mine:
            self._mine += seconds
        else:
            self._others += seconds

    def seconds(self) -> float | None:
        """Return the seconds left, or None before the first cell has ended."""
        means = {kind: self._took[kind] / ended for kind, ended in self._ended.items()}
        if not means:
            return None
        guess = sum(means.values()) / len(means)
        work = sum(count * means.get(kind, guess) for kind, count in self.left.items())
        # Who did as much as this run so far will do as much of what is left.
        return work / self.workers * (self._mine / (self._mine + self._others) if self._mine else 1.0)

    def expected(self, kind: str) -> float | None:
        """Return the mean seconds of the cells of a kind that have ended, or None before the first has."""
        return self._took[kind] / self._ended[kind] if kind in self._ended else None

    @property
    def known(self) -> float:
        """The share of the cells left whose kind has been seen."""
        total = sum(self.left.values())
        return sum(n for kind, n in self.left.items() if kind in self._ended) / total if total else 1.0


def kind_of(cell: Mapping[str, Any]) -> str:
    """Return what cells of like cost have in common: method and curriculum."""
    curriculum = "" if cell["curriculum"] is None else cell["curriculum"]["name"]
    return f"{cell['method']['name']} {curriculum}"


def seconds_of(record: Mapping[str, Any]) -> float:
    """Return the seconds of a cell's own work; those of tuning are other cells', those declared nobody spent here."""
    ledger = record.get("ledger")
    parts = ledger.items() if isinstance(ledger, Mapping) else ()
    phases = {name: part for name, part in parts if name not in {"tuning", "declared"}}
    found = [part.get("seconds") for part in phases.values() if isinstance(part, dict)]
    # A record may have been there before, and may be anybody's.
    return sum(float(s) for s in found if isinstance(s, int | float) and 0 <= s < _AGES)
