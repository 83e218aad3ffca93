"""Cells side by side in processes of this machine."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from fairforget.api.engine import Engine, Executor
from fairforget.engines.pool import Pool


@dataclass(frozen=True)
class Local(Engine):
    """Spawned processes, each with its share of the machine's cores.

    A job whose process dies (killed for want of memory, say) fails alone, with a message that says so; the others go
    on in fresh processes. Leaving the context cancels what has not begun; leaving it by an exception, Ctrl-C among
    them, also ends what runs.
    """

    workers: Annotated[int, Field(ge=0), "processes; 0 = one for each core"] = 0

    def open(self) -> AbstractContextManager[Executor]:
        """Return a pool of processes that start when they are first needed."""
        return Pool(self.slots(), self.threads())

    def slots(self) -> int:
        """Return the number of processes."""
        return self.workers or _cores()

    def threads(self) -> int:
        """Return each job's share of the cores, at least one."""
        return max(1, _cores() // self.slots())


def _cores() -> int:
    """Return the cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
