"""Cells side by side in processes of this machine."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from fairforget.api.engine import Engine, Executor
from fairforget.engines.devices import devices_for
from fairforget.engines.pool import Pool
from fairforget.engines.threads import cores, share


@dataclass(frozen=True)
class Local(Engine):
    """Spawned processes, each with its share of the machine's cores, and one of its GPUs where there are any.

    A job whose process dies (killed for want of memory, say) fails alone, with a message that says so; the others go
    on in fresh processes. Leaving the context cancels what has not begun; leaving it by an exception, Ctrl-C among
    them, also ends what runs.
    """

    workers: Annotated[
        int, Field(ge=0), "processes; 0 = as many as the GPUs take, or one for each core where there are none"
    ] = 0
    devices: Annotated[
        str, "GPUs, one for each process: auto = all that are seen, none, or as CUDA_VISIBLE_DEVICES has them: '0,1'"
    ] = "auto"
    cells_per_device: Annotated[int, Field(ge=1), "cells that share a GPU, where workers is 0"] = 1

    def open(self) -> AbstractContextManager[Executor]:
        """Return a pool of processes that start when they are first needed.

        Raises:
            FairforgetError: `devices` names no GPUs.
        """
        found = devices_for(self.devices)
        return Pool(self.slots(), self.threads(), devices=found if found or self.devices == "none" else None)

    def slots(self) -> int:
        """Return the number of processes."""
        return self.workers or len(devices_for(self.devices)) * self.cells_per_device or cores()

    def threads(self) -> int:
        """Return each job's share of the cores, at least one; no more than ``OMP_NUM_THREADS``, where that is set."""
        return share(self.slots())
