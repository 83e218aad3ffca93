"""``--log json``: every event as one JSON object a line, on standard error; docs/how-to/watch-a-run.md has the keys."""

from __future__ import annotations

import json
import math
import os
import platform
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Self, TextIO

from fairforget.cli.heartbeat import MINUTE, Heartbeat
from fairforget.run.now import Now, describe
from fairforget.run.progress import seconds_of
from fairforget.run.watcher import Look
from fairforget.version import version

SCHEMA: Final = 1
MOST: Final = 4000
"""Characters of a text; what reads logs by lines often takes no more than 16 KiB of one."""
CELLS: Final = 32
"""Cells at work that one event names."""


class JsonLog:
    """A `fairforget.run.watcher.Watcher` for machines; use it as a context manager."""

    def __init__(
        self,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Prepare it.

        Args:
            stream: where it writes; standard error by default.
            clock: seconds, for lengths of time.
            wall: seconds since 1970, for the time of an event.
        """
        self._stream = sys.stderr if stream is None else stream
        self._clock, self._wall, self._now = clock, wall, Now(clock)
        self._began = self._beaten = clock()
        self._about: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._open = ExitStack()
        self._mute = False

    def __enter__(self) -> Self:
        self._open.enter_context(Heartbeat(self.beat))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def beat(self) -> float:
        """Write how it stands where that is a minute old; return the seconds until it will be."""
        if (age := self._clock() - self._beaten) < MINUTE:
            return MINUTE - age
        self._beaten = self._clock()
        moment = self._now.moment()
        seen = moment.seen()
        stage = None if moment.stage is None else {"message": moment.stage, "seconds": moment.stage_seconds}
        far = None if seen is None else {"done": seen.done, "total": seen.total, "unit": seen.what, "left": seen.left}
        cells = [
            {**_cell(one.key, one.cell), "seconds": one.seconds, "expected_seconds": one.expected}
            for one in moment.at_work[:CELLS]
        ]
        more: dict[str, Any] = {"at_work": len(moment.at_work), "cells": cells}
        more["stage"] = stage and {**stage, "progress": far}
        if moment.part is not None:
            more["part"] = {"message": moment.part.text, "seconds_left": moment.left_of_all()}
        self._say("progress", **moment.counts(), **more)
        return MINUTE

    def opened(self, about: Mapping[str, Any]) -> None:
        """Say what runs; what is `about` a study stands in every event from then on."""
        self._about = {"study": about["study"]} if "study" in about else {}
        here = {"schema": SCHEMA, "version": version(), "process": os.getpid(), "host": platform.node()}
        self._say("run-started", **{name: value for name, value in about.items() if name != "event"} | here)

    def closed(self, about: Mapping[str, Any]) -> None:
        """Say that the run has come to its end."""
        self._say("run-finished", seconds=self._clock() - self._began, **about)

    def stopped(self, reason: str, message: str) -> bool:
        """Say that it ended before; the program need not say it again."""
        self._say("run-stopped", seconds=self._clock() - self._began, reason=reason, message=message)
        return True

    def stage(self, text: str, look: Look | None = None) -> None:
        """Say what is done now."""
        self._now.stage(text, look)
        self._say("stage", message=text)

    def note(self, text: str) -> None:
        """Pass on what the user should read."""
        self._say("note", message=text)

    def warned(self, text: str, source: str) -> None:
        """Pass on what a part of the program warns of."""
        self._say("warning", message=text, source=source)

    def part(self, text: str, whole: float | None, later: float | None, known: float) -> None:
        """Say that a part of several begins."""
        self._now.part(text, whole, later, known)
        self._say("part", message=text, seconds_left=whole, known=known)

    def cells(self, total: int, done: int) -> None:
        """Say how many there are; in a study that is tuned once a round of trials, and once for its own cells."""
        self._now.cells(total, done)
        self._say("cells", total=total, done=done)

    def started(self, key: str, cell: Mapping[str, Any], expected: float | None) -> None:
        """Say that the engine is at a cell."""
        self._now.started(key, cell, expected)
        self._say("cell-started", **_cell(key, cell), expected_seconds=expected)

    def finished(self, cell: Mapping[str, Any], record: Mapping[str, Any], left: float | None, known: float) -> None:
        """Say how a cell has ended."""
        self._now.finished(record, left, known)
        problem: Mapping[str, Any] = next(iter(record.get("problems", [])), {})
        self._say(
            "cell-finished",
            **_cell(str(record.get("key")), cell),
            status=record.get("status"),
            seconds=None if record.get("status") == "lost" else seconds_of(record),
            problem={"kind": problem.get("kind"), "message": problem.get("message")} if problem else None,
            **self._now.moment().counts(),
        )
        self.beat()

    def _say(self, event: str, **content: Any) -> None:
        time_ = datetime.fromtimestamp(self._wall(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        # Outside of ASCII everything is escaped: no terminal is steered, and no line is broken, by a stranger's text.
        text = json.dumps(_plain({"time": time_, "event": event} | self._about | content), allow_nan=False)
        with self._lock:
            if self._mute:
                return
            try:
                self._stream.write(text + "\n")  # in one piece, for others write to standard error too
                self._stream.flush()
            except (OSError, ValueError):  # who read it is gone; the work goes on, unheard
                self._mute = True


def _cell(key: str, cell: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "key": key,
        "cell": describe(cell),
        "method": cell["method"]["name"],
        "curriculum": None if cell["curriculum"] is None else cell["curriculum"]["name"],
        "stratum": cell["draw"]["stratum"],
        "draw": cell["draw"]["index"],
        "seed": cell["seed"],
    }


def _plain(value: Any) -> Any:
    """Return what JSON can say: texts cut, numbers rounded to milliseconds, and null for what is no number."""
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, str):
        return value if len(value) <= MOST else value[:MOST] + "…"
    if isinstance(value, float):
        return round(value, 3) if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int) else str(value)
