"""Cells one after another in this process: for tests, debuggers and small studies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from fairforget.api.engine import Engine, Executor
from fairforget.interrupted import heed_interrupt


@dataclass(frozen=True)
class Inline(Engine):
    """Runs each job in this process while it is submitted; Ctrl-C interrupts it there."""

    @contextmanager
    def open(self) -> Iterator[Executor]:
        """Yield an executor whose futures are done when `submit` returns."""
        yield _Inline()


class _Inline:
    works_in_submit: Final = True
    """A job is at work while it is submitted, and nobody can ask meanwhile."""

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> Future[Any]:
        """Run ``fn(*args)`` now."""
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        try:
            future.set_result(fn(*args))
        except Exception as error:  # noqa: BLE001 - as in any executor it comes out of result()
            heed_interrupt(error)
            future.set_exception(error)
        return future
