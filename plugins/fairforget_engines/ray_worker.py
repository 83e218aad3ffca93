"""The side of the node: a process that does one job after another."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from fairforget.api.engine import JOB_LOG
from fairforget.engines.outcome import outcome
from fairforget.version import version

_LAG: Final = 10.0
"""Seconds that a shared file system may take to show a new file elsewhere."""


@dataclass(frozen=True)
class Surroundings:
    """What a job relies on beside its texts."""

    version: str
    """Of fairforget."""
    cwd: str
    """Paths of jobs may be relative to it."""
    marks: tuple[str, ...]
    """Files in the folders that all machines share."""
    environ: Mapping[str, str]
    """Variables."""

    @classmethod
    def here(cls, marks: tuple[str, ...], environ: Mapping[str, str]) -> Self:
        """Return those of this process."""
        return cls(version(), str(Path.cwd()), marks, environ)


class RayWorker:
    """What an actor does; Ray keeps it in a process of its own."""

    def __init__(self, around: Surroundings) -> None:
        """Take over the variables before anything heavy is imported."""
        self._around = around
        os.environ.update(around.environ)
        if log := _log():
            os.environ[JOB_LOG] = log

    def trouble(self) -> str:
        """Return why this node cannot do jobs of that machine; nothing where it can."""
        node, around = platform.node(), self._around
        if (found := version()) != around.version:
            return f"fairforget on the node {node} is {found}, and here {around.version}; install the same on all nodes"
        for mark in around.marks:
            if not _seen(mark):
                return (
                    f"the node {node} does not see {Path(mark).parent} of this machine; choose a folder that all "
                    "nodes share, for results with --out and for the cache with FAIRFORGET_CACHE"
                )
        try:
            os.chdir(around.cwd)
        except OSError:
            return f"the node {node} has no folder {around.cwd}; start the study in a folder that all nodes share"
        return ""

    def run(self, job: bytes) -> bytes:
        """Do a job; see `fairforget.engines.outcome`."""
        return outcome(job)


def _log() -> str:
    """Return where Ray keeps what this process writes to standard error; nothing where that cannot be told."""
    try:
        file = Path("/proc/self/fd/2").readlink()
    except OSError:
        return ""
    return f"{platform.node()}:{file}" if file.is_file() else ""


def _seen(path: str) -> bool:
    end = time.monotonic() + _LAG
    while not os.path.lexists(path):
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True
