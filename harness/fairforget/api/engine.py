"""Engines: where cells run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Final, Protocol

from fairforget.api.plugin import Plugin

if TYPE_CHECKING:
    from pathlib import Path

JOB_LOG: Final = "FAIRFORGET_JOB_LOG"
"""Environment variable that an engine sets in the process of a job whose log it keeps: where that is, from the folder
of the run on. The record of a failed cell names it."""


class Future(Protocol):
    """The part of `concurrent.futures.Future` that fairforget uses."""

    def result(self, timeout: float | None = None) -> Any: ...

    def done(self) -> bool: ...

    def cancel(self) -> bool: ...


class Executor(Protocol):
    """What an opened engine offers."""

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> Future:
        """Run a module-level function of the harness on texts.

        Where the process that runs it dies, the future's ``result`` raises `fairforget.errors.WorkerDied`.
        """
        ...


class Engine(Plugin, ABC):
    """Where cells run. ``--engine NAME:N`` sets `workers`."""

    @abstractmethod
    def open(self) -> AbstractContextManager[Executor]:
        """Return a context manager whose value takes jobs; leaving it waits for or cancels what is left."""

    def open_in(self, folder: Path) -> AbstractContextManager[Executor]:
        """Do what `open` does, for an engine that keeps files of its own, such as the logs of its jobs.

        The harness calls this one. Where a run was left while jobs went on, the engine finds them here again.

        Args:
            folder: of the run; the engine may make a folder in it.
        """
        return self.open()

    def slots(self) -> int:
        """Return how many jobs run side by side."""
        return 1

    def ahead(self) -> int:
        """Return how many jobs are handed over before the first has ended; beyond `slots` they wait their turn."""
        return 2 * self.slots()

    def threads(self) -> int | None:
        """Return how many CPU threads a job may use; None = as many as the machine has."""
        return None

    def threads_alone(self) -> int | None:
        """Return how many CPU threads a job may use while no other runs; None = as many as this machine has.

        For engines whose jobs run on other machines than this one.
        """
        return None
