"""Faults inside the process of a run, by what the system offers: nothing of the program is replaced."""

from __future__ import annotations

import errno
import json
import os
import random
import re
import resource
import signal
import sys
import time
from typing import Any, Final

_RECORD: Final = re.compile(r"/cells/([0-9a-f]{24})\.json$")
_CHANGES: Final = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.link", "os.symlink"})
_WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


class Journal:
    """Notes the records that a run has put in their places: a line each, written when the renaming has returned."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._pending: str | None = None

    def seen(self, event: str, args: tuple[Any, ...]) -> None:
        """Take notice of what is about to happen."""
        self.flush()
        if event == "os.rename" and (found := _RECORD.search(os.fspath(args[1]))):
            self._pending = found[1]

    def forget(self) -> None:
        """Take back what does not happen."""
        self._pending = None

    def flush(self) -> None:
        """Write what has happened since."""
        if self._pending is not None:
            pending, self._pending = self._pending, None
            self.note(record=pending)

    def note(self, **about: Any) -> None:
        """Write a line."""
        os.write(self._handle, (json.dumps(about) + "\n").encode())


class Changes:
    """Counts what is about to change below a folder, and strikes at one of the changes."""

    def __init__(self, root: str, journal: Journal, fault: dict[str, Any]) -> None:
        self._root = root
        self._journal = journal
        self._at: int | None = fault.get("step")
        self._error: str | None = fault.get("error")
        self.count = 0
        self.armed = True

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        """Be told by the interpreter, before it happens; see `sys.addaudithook`."""
        if not self.armed:
            return
        self._journal.seen(event, args)
        if not (event in _CHANGES or (event == "open" and (args[2] or 0) & _WRITES)):
            return
        if not isinstance(args[0], str | bytes | os.PathLike) or not os.fsdecode(args[0]).startswith(self._root):
            return
        self.count += 1
        if self._at is None or self.count < self._at:
            return
        if self._error is not None and event in {"os.remove", "os.rmdir"}:
            return  # a full disk lets files go
        self._journal.forget()  # it does not happen
        if self._error is None:
            os.kill(os.getpid(), signal.SIGKILL)
        else:
            code = getattr(errno, self._error)
            raise OSError(code, os.strerror(code))


_armed: list[tuple[Changes, Journal]] = []


def arm(run: dict[str, Any], handle: int) -> None:
    """Prepare the fault of a run in this process; its journal goes into a pipe."""
    fault = run.get("fault", {})
    journal = Journal(handle)
    changes = Changes(run["root"], journal, fault)
    _armed.append((changes, journal))
    sys.addaudithook(changes)
    if (jumps := fault.get("clock")) is not None:
        _jump(jumps)
    if (most := fault.get("bytes")) is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        if fault.get("dies"):
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # the system ends the process in the middle of a write
    if (seconds := fault.get("after")) is not None:
        name = fault["signal"]
        if name == "SIGKILL":
            # The default action of this one is to end the process at once, with nothing said to it.
            signal.signal(signal.SIGPROF, signal.SIG_DFL)
        else:
            signal.signal(signal.SIGPROF, lambda *_: _send(journal, name))
        signal.setitimer(signal.ITIMER_PROF, seconds)


def disarm() -> None:
    """Write what is left to write; the command has returned."""
    signal.setitimer(signal.ITIMER_PROF, 0)
    for changes, journal in _armed:
        changes.armed = False
        journal.flush()
        journal.note(changes=changes.count)


def _send(journal: Journal, name: str) -> None:
    journal.note(signal=name, at=time.monotonic())
    os.kill(os.getpid(), getattr(signal, name))


def _jump(seed: int) -> None:
    """Let the clock on the wall jump, forth and back, by up to ten years at every look."""
    rng, real = random.Random(seed), time.time
    time.time = lambda: real() + rng.choice([0.0, -3e8, -86_500.0, -5.0, 5.0, 86_500.0, 3e8]) * rng.random()
