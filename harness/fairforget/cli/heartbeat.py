"""Something that is done every minute while a command works, whatever the command waits for."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

MINUTE: Final = 60.0
_PATIENCE: Final = 1.0


class Heartbeat:
    """A thread that sleeps nearly all of the time; use it as a context manager, and it ends however that is left.

    A thread, because the engine `inline` computes cells in the main one.
    """

    def __init__(self, beat: Callable[[], float]) -> None:
        """Prepare it; nothing starts before the context is entered.

        Args:
            beat: does it, if it is due, and returns the seconds until it should be asked again.
        """
        self._beat = beat
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fairforget-heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        # It may be writing to a terminal that is stopped; the command does not wait for that.
        self._thread.join(_PATIENCE)

    def _run(self) -> None:
        wait = MINUTE
        while not self._over.wait(wait):
            wait = MINUTE
            with contextlib.suppress(Exception):  # who cannot be told does not stop the work
                wait = self._beat()
