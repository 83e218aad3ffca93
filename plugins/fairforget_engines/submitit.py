"""Cells as jobs of Slurm, by submitit."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field

from fairforget.api.engine import Engine, Executor
from fairforget_engines.extras import needed

_ON_SLURM: Final = 100


@dataclass(frozen=True)
class Submitit(Engine):
    """Arrays of Slurm jobs; the folder of the run lies on a file system that all nodes share.

    A job that is preempted or meets its time limit is queued again; cells that were done are not run again. A job that
    dies otherwise loses the cell it was at, which the next ``fairforget run`` tries again.
    """

    workers: Annotated[int, Field(ge=0), "jobs queued or running at once; 0 = 100, one for each core where local"] = 0
    cluster: Annotated[
        Literal["slurm", "local"], "local: jobs that are processes of this machine, to try things out"
    ] = "slurm"
    partition: Annotated[str | None, "as sbatch has it"] = None
    account: Annotated[str | None, "as sbatch has it"] = None
    qos: Annotated[str | None, "as sbatch has it"] = None
    constraint: Annotated[str | None, "as sbatch has it, for example a kind of GPU"] = None
    minutes: Annotated[int, Field(ge=1), "time limit of a job"] = 60
    mem_gb: Annotated[float | None, Field(gt=0), "memory of a job; null = the cluster's default"] = None
    cpus: Annotated[int, Field(ge=1), "cores of a job, shared by the cells that run at once in it"] = 1
    gpus: Annotated[int, Field(ge=0), "GPUs of a job"] = 0
    cells_per_job: Annotated[int, Field(ge=1), "cells that one job runs, at least as many as cells_at_once"] = 1
    cells_at_once: Annotated[
        int, Field(ge=1), "cells that run side by side in a job, and share its cores and GPUs: for whole nodes"
    ] = 1
    on_interrupt: Annotated[Literal["cancel", "leave"], "what becomes of the jobs when fairforget run is stopped"] = (
        "cancel"
    )
    folder: Annotated[Path | None, "where files and logs of the jobs lie; null = jobs/ in the folder of the run"] = None
    setup: Annotated[Sequence[str], "shell lines before a job starts, for example module load"] = ()
    slurm: Annotated[Mapping[str, str | int], "further options of sbatch, by their long names"] = field(
        default_factory=dict
    )
    poll_seconds: Annotated[float, Field(gt=0), "between two looks at what the jobs have written"] = 2.0

    def open(self) -> AbstractContextManager[Executor]:
        """Keep files and logs under the current folder; see `open_in`."""
        return self.open_in(Path())

    def open_in(self, folder: Path) -> AbstractContextManager[Executor]:
        """Return a queue in front of the cluster; jobs that an earlier run left in the folder are taken up again.

        Raises:
            FairforgetError: submitit is not installed, or there is no Slurm here.
        """
        needed("submitit", extra="submitit", wanted_by="engine submitit")
        from fairforget_engines.submitit_cluster import open_cluster
        from fairforget_engines.submitit_queue import Queue
        from fairforget_engines.submitit_session import Session

        session = Session((self.folder or folder / "jobs").absolute())
        return Queue(self, session, open_cluster(self, session.folder))

    def jobs(self) -> int:
        """Return the number of jobs that may be queued or run at once."""
        return self.workers or (_ON_SLURM if self.cluster == "slurm" else len(os.sched_getaffinity(0)))

    def chunk(self) -> int:
        """Return the number of cells of a job."""
        return max(self.cells_per_job, self.cells_at_once)

    def slots(self) -> int:
        """Return the number of cells that may run at once."""
        return self.jobs() * self.cells_at_once

    def ahead(self) -> int:
        """Return as many cells as the jobs hold; who waits for a node is the cluster's business."""
        return self.jobs() * self.chunk()

    def threads(self) -> int:
        """Return a cell's share of the cores of a job, at least one."""
        return max(1, self.cpus // self.cells_at_once)

    def threads_alone(self) -> int:
        """Return the cores of a job, which are those of a node and not of this machine."""
        return self.cpus
