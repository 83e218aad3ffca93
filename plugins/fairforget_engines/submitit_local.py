"""Jobs that are processes of this machine: submitit's local executor, to try a study out and for tests."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil
import submitit

from fairforget_engines.submitit_chunk import SIGNAL_SECONDS, Chunk
from fairforget_engines.submitit_cluster import REQUEUES, Cluster
from fairforget_engines.submitit_session import Left

if TYPE_CHECKING:
    from fairforget_engines.submitit import Submitit

_PATIENCE: Final = 5.0
"""Seconds that a process has to end after its last outcome."""


class LocalCluster(Cluster):
    """A controller process a job, whose id is the process's; the controllers outlive this process."""

    def __init__(self, options: Submitit, folder: Path) -> None:
        """Prepare an executor."""
        executor = submitit.LocalExecutor(folder, max_num_timeout=REQUEUES)
        super().__init__(executor)
        executor.update_parameters(
            timeout_min=options.minutes,
            signal_delay_s=min(SIGNAL_SECONDS, 30 * options.minutes),
            gpus_per_node=options.gpus,
            setup=list(options.setup),
        )

    def submit(self, chunks: Sequence[Chunk]) -> list[str]:
        """Start the controllers so that Ctrl-C in the terminal is no business of theirs."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # processes inherit what is blocked
        try:
            return super().submit(chunks)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def ended(self, ids: Collection[str]) -> dict[str, str]:
        """Look at the processes."""
        found = {}
        for job in ids:
            if job in self._jobs:
                if self._jobs[job].done():
                    found[job] = str(self._jobs[job].state)
            elif not _runs(job):
                found[job] = "ENDED"
        return found

    def alive(self, calls: Iterable[Left]) -> set[str]:
        """Return the jobs whose process is a controller of their session."""
        return {call.job for call in calls if _controls(call.job, call.folder)}

    def cancel(self, ids: Collection[str]) -> None:
        """End the controllers and what they control."""
        ended = []
        for job in ids:
            try:
                controller = psutil.Process(int(job))
                family = [controller, *controller.children(recursive=True)]
            except (psutil.Error, ValueError):
                continue
            for process in family:  # the controller first, which would start what dies anew
                try:
                    process.kill()
                except psutil.Error:
                    continue
            ended += family[1:]
        psutil.wait_procs(ended, timeout=_PATIENCE)
        self.settle()

    def settle(self) -> None:
        """Wait for the controllers, which are children of this process."""
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end and any(not job.done() for job in self._jobs.values()):
            time.sleep(0.02)


def _runs(job: str) -> bool:
    try:
        return bool(psutil.Process(int(job)).status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _controls(job: str, folder: Path) -> bool:
    try:
        process = psutil.Process(int(job))
        line = process.cmdline()
        mine = process.uids().real == os.getuid()
    except (psutil.Error, ValueError, OverflowError):
        return False
    return mine and "submitit.local._local" in line and str(folder) in line
