"""Processor time: what a piece of code costs, not what else the machine was doing."""

from __future__ import annotations

import resource
import time


def processor_seconds() -> float:
    """Return the processor time of this process, its threads, and its children that have ended, in seconds."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime
