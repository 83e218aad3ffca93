"""Reading many records side by side."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from fairforget.board.kept.packing import Packed, pack
from fairforget.board.kept.worker import unanswered
from fairforget.store.parts import Parts
from fairforget.store.reading import read_record
from fairforget.store.record import Rejected

CHUNK: Final = 200
"""Files a question."""
WORTH: Final = 3000
"""Fewer files than this are read before a process has started."""

Answer = Packed | Rejected


def read_packed(paths: Sequence[str], parts: Parts, processes: int) -> Iterator[tuple[str, Answer]]:
    """Yield what is kept of each file, or why it is no record; in whatever order they are done.

    Processes are started as programs, not forked and not spawned: a caller's script needs no guard, and a library with
    threads that was loaded before has nothing to lose. What a process that dies leaves is read here.

    Args:
        paths: absolute.
        parts: of all records read before.
        processes: how many may read at the same time.
    """
    if processes < 2 or len(paths) < WORTH:
        yield from ((path, _here(path, parts)) for path in paths)
        return
    waiting = deque(paths[i : i + CHUNK] for i in range(0, len(paths), CHUNK))
    done: deque[tuple[str, Answer]] = deque()
    own = threading.Lock()
    threads = [threading.Thread(target=_ask, args=(waiting, done, parts, own), daemon=True) for _ in range(processes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    yield from done
    yield from ((path, _here(path, parts)) for chunk in waiting for path in chunk)


def _here(path: str, parts: Parts) -> Answer:
    record = read_record(Path(path), parts)
    return record if isinstance(record, Rejected) else pack(record, parts)


def _ask(waiting: deque[Sequence[str]], done: deque[tuple[str, Answer]], parts: Parts, own: threading.Lock) -> None:
    """Put one question after another to a process of its own, until none waits."""
    told: list[Any] = []
    command = [sys.executable, "-P", "-m", "fairforget.board.kept.worker"]
    try:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    except OSError:
        return
    with process:
        while True:
            try:
                chunk = waiting.popleft()
            except IndexError:
                break
            found = _answered(process, chunk)
            if found is None:
                waiting.append(chunk)
                break
            with own:
                told.extend(map(parts.shared, found["parts"]))
            for path, answer in zip(chunk, found["answers"], strict=True):
                kept = Rejected(Path(path), answer) if isinstance(answer, str) else unanswered(answer, told)
                done.append((path, kept))
        with contextlib.suppress(OSError):
            process.stdin.close()  # type: ignore[union-attr]


def _answered(process: subprocess.Popen[bytes], chunk: Sequence[str]) -> dict[str, Any] | None:
    """Return the answer to one question; None where the process does not live to give it."""
    try:
        process.stdin.write(json.dumps(list(chunk)).encode() + b"\n")  # type: ignore[union-attr]
        process.stdin.flush()  # type: ignore[union-attr]
        found: dict[str, Any] = json.loads(process.stdout.readline())  # type: ignore[union-attr]
    except (OSError, ValueError):
        return None
    return found
