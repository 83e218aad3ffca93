"""After how many updates each sample is forgotten."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from fairforget.lm.tokens import SampleSet
from fairforget.run.looks.path import Moment
from fairforget.run.looks.stop import MemorizationRule


@dataclass(eq=False)
class ForgettingWatch:
    """A `fairforget.run.looks.path.Watch`: the rule at every look, and the first look that finds a sample forgotten.

    A sample that no look finds forgotten is right-censored at the last one, which is at the end of the run.
    """

    rule: MemorizationRule
    model: Any
    """The model of the run."""
    samples: SampleSet
    """The draw."""
    every: int | None
    """Updates between two looks; None = once an epoch."""
    ends: bool
    """Whether the run ends when the draw counts as forgotten; it never ends before the first update."""
    reason: str = field(default="rule", init=False)
    _first: dict[int, int] = field(default_factory=dict, init=False)
    _last: int | None = field(default=None, init=False)
    """Update of the last look."""

    def due(self, updates: int, updates_per_epoch: int) -> bool:
        """Return whether to look after this many updates: at the target, and every so many."""
        return updates % (self.every or updates_per_epoch) == 0

    def look(self, now: Moment) -> bool:
        """Note which samples are forgotten; return whether the draw is."""
        known = np.isin(np.arange(len(self.samples)), list(self._first))
        found = self.rule.read(self.model, self.samples, known)
        for position in np.flatnonzero(found.forgotten & ~known):
            self._first[int(position)] = now.update
        self._last = now.update
        return self.ends and now.update > 0 and found.met

    def end(self, now: Moment) -> None:
        """Look once more where updates came after the last look."""
        if self._last != now.update:
            self.look(now)

    def record(self, _scores: Mapping[str, Mapping[str, Any]], /) -> dict[str, Any]:
        """Return ``forgetting``: updates by sample id, None where censored at ``cap``."""
        updates = {s.sample.id: self._first.get(i) for i, s in enumerate(self.samples)}
        level = {name: value if math.isfinite(value) else None for name, value in asdict(self.rule.level).items()}
        return {"forgetting": {"updates": updates, "cap": self._last, "every": self.every, "level": level}}
