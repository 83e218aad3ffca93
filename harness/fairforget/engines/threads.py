"""How many CPU threads a job may use."""

from __future__ import annotations

import os
from collections.abc import Mapping


def cores() -> int:
    """Return the cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def wanted(environ: Mapping[str, str] | None = None) -> int | None:
    """Return the threads that ``OMP_NUM_THREADS`` asks for; None where it does not say, or not as a number above 0."""
    said = (environ if environ is not None else os.environ).get("OMP_NUM_THREADS", "")
    return int(said) if said.isdecimal() and int(said) > 0 else None


def share(jobs: int) -> int:
    """Return the threads of each of `jobs` side by side: its part of the cores, at most what is wanted, at least 1."""
    part = max(1, cores() // jobs)
    return min(part, wanted() or part)


def alone(environ: Mapping[str, str] | None = None) -> int:
    """Return the threads of a job that has the machine to itself: what is wanted, or one for each core."""
    return wanted(environ) or cores()
