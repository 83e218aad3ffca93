"""What the queue asks of a cluster: submit, who has ended, cancel."""

from __future__ import annotations

import subprocess
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import submitit
from submitit.core.utils import FailedJobError, FailedSubmissionError

from fairforget.errors import FairforgetError
from fairforget_engines.submitit_chunk import Chunk
from fairforget_engines.submitit_session import Left

if TYPE_CHECKING:
    from fairforget_engines.submitit import Submitit

REQUEUES: Final = 1_000_000
"""After a time limit; submitit counts them, and `Chunk` ends by itself what would never end."""


class Cluster(ABC):
    """Jobs by their ids."""

    def __init__(self, executor: submitit.Executor) -> None:
        """Submit through a submitit executor whose parameters are set."""
        self._executor = executor
        self._jobs: dict[str, Any] = {}

    def submit(self, chunks: Sequence[Chunk]) -> list[str]:
        """Submit the chunks as an array and return their jobs' ids.

        Raises:
            FairforgetError: the cluster refuses them.
        """
        try:
            jobs = self._executor.submit_array(list(chunks))
        except (FailedJobError, FailedSubmissionError, subprocess.CalledProcessError, OSError) as error:
            why = " ".join(str(error).split())
            msg = f"the cluster takes no jobs: {why}; look at the options of the engine (partition, minutes, …)"
            raise FairforgetError(msg) from error
        self._jobs |= {job.job_id: job for job in jobs}
        return [job.job_id for job in jobs]

    @abstractmethod
    def ended(self, ids: Collection[str]) -> dict[str, str]:
        """Return the states of those jobs that run no longer and will not again."""

    @abstractmethod
    def alive(self, calls: Iterable[Left]) -> set[str]:
        """Return the jobs of an earlier run that wait or run, and are what they are said to be."""

    @abstractmethod
    def cancel(self, ids: Collection[str]) -> None:
        """End jobs, whether they wait or run."""

    @abstractmethod
    def settle(self) -> None:
        """Wait for what follows the last outcome of a job, where somebody has to."""


def open_cluster(options: Submitit, folder: Path) -> Cluster:
    """Return the cluster that the options of the engine describe.

    Args:
        options: of the engine.
        folder: where submitit keeps calls and logs.

    Raises:
        FairforgetError: there is no Slurm here.
    """
    if options.cluster == "local":
        from fairforget_engines.submitit_local import LocalCluster

        return LocalCluster(options, folder)
    from fairforget_engines.submitit_slurm import SlurmCluster

    return SlurmCluster(options, folder)
