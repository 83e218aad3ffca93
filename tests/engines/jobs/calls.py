"""Calls that jobs make, and waiting for what they leave."""

from __future__ import annotations

import time
from pathlib import Path

# Jobs are functions of the standard library, because other processes have to import them.
PREEMPTED_ONCE = """
import os, pathlib, signal, time
begun = pathlib.Path({mark!r})
first = not begun.exists()
with begun.open("a") as file:
    file.write("begun\\n")
if first:
    try:
        os.kill(os.getpid(), signal.SIGUSR2)
        time.sleep(60)
    except SystemExit as error:
        raise ImportError("a plugin that ends the program while it is imported") from error
"""


def wait_for(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def lines(path: Path) -> int:
    return len(path.read_text().splitlines()) if path.exists() else 0


def counting(path: Path, then: str = "pass") -> str:
    return f"with open({str(path)!r}, 'a') as file: file.write('x\\n')\n{then}"
