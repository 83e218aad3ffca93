"""Engines: where cells run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from fairforget.api.plugin import Plugin


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

    def slots(self) -> int:
        """Return how many jobs run side by side."""
        return 1

    def threads(self) -> int | None:
        """Return how many CPU threads a job may use; None = as many as the machine has."""
        return None
