"""How long a study still takes, as honestly as can be said."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field


@dataclass
class Estimate:
    """Remaining seconds from what was seen: the mean of each kind of cell, over the workers.

    A kind that has not been seen yet is taken to cost the mean of the others, and `known` says how much of what is
    left rests on something measured.
    """

    left: dict[str, int]
    """Cells left, by kind (method and curriculum)."""
    workers: int
    _seen: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def finish(self, kind: str, seconds: float) -> None:
        """Note that a cell of a kind ended after so many seconds of its own work."""
        self.left[kind] -= 1
        self._seen[kind].append(seconds)

    def seconds(self) -> float | None:
        """Return the seconds left, or None before the first cell has ended."""
        means = {kind: sum(seen) / len(seen) for kind, seen in self._seen.items()}
        if not means:
            return None
        guess = sum(means.values()) / len(means)
        return sum(count * means.get(kind, guess) for kind, count in self.left.items()) / self.workers

    @property
    def known(self) -> float:
        """The share of the cells left whose kind has been seen."""
        total = sum(self.left.values())
        return sum(n for kind, n in self.left.items() if kind in self._seen) / total if total else 1.0
