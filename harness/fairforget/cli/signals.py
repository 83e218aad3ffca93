"""A polite request to end, from a scheduler or a terminal that goes away, is heard as Ctrl-C is."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_NAMES: Final = ("SIGTERM", "SIGHUP")
_SOON: Final = 0.05


class Asked:
    """Whether and how a command was asked to end."""

    def __init__(self) -> None:
        self.code: int | None = None
        """The exit code that says so, as shells count: 128 and the number of the signal."""
        self._again: threading.Timer | None = None

    def hear(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal: leave by the way of Ctrl-C, so that everything is put away on the way out."""
        del frame
        self.code = 128 + number
        raise KeyboardInterrupt

    def swallowed(self, said: sys.UnraisableHookArgs) -> None:
        """Interrupt once more, soon, where an interrupt came into a finaliser, which no exception leaves."""
        if not issubclass(said.exc_type, KeyboardInterrupt):
            sys.__unraisablehook__(said)
            return
        number = signal.SIGINT if self.code is None else self.code - 128
        self._again = threading.Timer(_SOON, signal.pthread_kill, (threading.main_thread().ident, number))
        self._again.daemon = True
        self._again.start()

    def over(self) -> None:
        """Interrupt nobody any more."""
        if self._again is not None:
            self._again.cancel()


@contextmanager
def heard_as_interrupts() -> Iterator[Asked]:
    """Have SIGTERM and SIGHUP raise KeyboardInterrupt while inside.

    Signals that somebody handles or ignores already (``nohup``, a program that calls this one) stay theirs. In a thread
    nothing changes, for only the main thread may handle signals.
    """
    asked, before, hook = Asked(), {}, sys.unraisablehook
    if threading.current_thread() is threading.main_thread():
        if hook is sys.__unraisablehook__:
            sys.unraisablehook = asked.swallowed
        for number in (getattr(signal, name) for name in _NAMES if hasattr(signal, name)):
            if signal.getsignal(number) is signal.SIG_DFL:
                before[number] = signal.signal(number, asked.hear)
    try:
        yield asked
    finally:
        sys.unraisablehook = hook
        asked.over()
        for number, handler in before.items():
            signal.signal(number, handler)
