"""What the harness looks at between updates: it may end the run, and it goes into the record."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from fairforget.run.counting.ledger import Ledger
from fairforget.run.generators import devices_of, lent_generators


@dataclass(frozen=True, slots=True)
class Moment:
    """How far a run is."""

    update: int
    forward_equivalents: int
    """What the method has paid so far."""
    seconds: float
    """Since its start, without the looks."""


class Watch(Protocol):
    """One thing to look at."""

    reason: str
    """Why the run ends where `look` says so; `LiveRun.stopped`."""

    def due(self, updates: int, updates_per_epoch: int) -> bool:
        """Return whether to look after this many updates; 0 is the target."""
        ...

    def look(self, now: Moment) -> bool:
        """Look at the model of the run, in eval mode; return whether the run ends here."""
        ...

    def end(self, now: Moment) -> None:
        """Look at what the method delivers."""
        ...

    def record(self, scores: Mapping[str, Mapping[str, Any]], /) -> dict[str, Any]:
        """Return its parts of the record.

        Args:
            scores: of the record; empty where the cell failed.
        """
        ...


@dataclass(eq=False)
class Path:
    """From the target to the unlearned model. No method pays for a look: it is booked under ``stopping``."""

    watches: Sequence[Watch] = ()
    ended: str | None = field(default=None, init=False)
    """Why the run ends; None while it goes on."""
    _start: float = field(default=0.0, init=False)
    _looking: float = field(default=0.0, init=False)

    def start(self, model: Any, ledger: Ledger, updates_per_epoch: int) -> None:
        """Start the clock and look at the target."""
        self._start = time.perf_counter()
        self.step(model, ledger, updates_per_epoch)

    def step(self, model: Any, ledger: Ledger, updates_per_epoch: int) -> None:
        """Look at what is due; a run that has to end has a reason in `ended` afterwards."""
        due = [watch for watch in self.watches if watch.due(ledger.updates, updates_per_epoch)]
        if not due:
            return
        with self._looks(model, ledger) as now:
            # Every watch looks, also where an earlier one ends the run.
            reasons = [watch.reason for watch in due if watch.look(now)]
        if reasons:
            self.ended = reasons[0]

    def end(self, model: Any, ledger: Ledger) -> None:
        """Look at what the method delivers."""
        if self.watches:
            with self._looks(model, ledger) as now:
                for watch in self.watches:
                    watch.end(now)

    def record(self, scores: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """Return the parts of the record that tell of the way; see `Watch.record`."""
        found: dict[str, Any] = {"problems": []}
        for watch in self.watches:
            told = watch.record(scores)
            found["problems"] += told.pop("problems", [])
            found |= told
        return found

    @contextmanager
    def _looks(self, model: Any, ledger: Ledger) -> Iterator[Moment]:
        began = time.perf_counter()
        now = Moment(ledger.updates, ledger.forward_equivalents, began - self._start - self._looking)
        try:
            with ledger.phase("stopping"), undisturbed(model):
                yield now
        finally:
            self._looking += time.perf_counter() - began


@contextmanager
def undisturbed(model: Any) -> Iterator[None]:
    """Run the body in eval mode; every module's own mode and the global random generators are as before afterwards.

    So a run that is looked at is bit for bit the run that is not.
    """
    training = [module for module in model.modules() if module.training]
    devices = devices_of(model)
    model.eval()
    try:
        with lent_generators(devices):
            yield
    finally:
        for module in training:
            module.training = True
