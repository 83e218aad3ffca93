"""Slurm, through submitit."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import submitit

from fairforget.errors import FairforgetError
from fairforget_engines.submitit_chunk import SIGNAL_SECONDS
from fairforget_engines.submitit_cluster import REQUEUES, Cluster
from fairforget_engines.submitit_session import Left

if TYPE_CHECKING:
    from fairforget_engines.submitit import Submitit

_FINAL: Final = frozenset(
    "BOOT_FAIL CANCELLED COMPLETED DEADLINE FAILED NODE_FAIL OUT_OF_MEMORY PREEMPTED REVOKED TIMEOUT".split()
)
"""States of jobs that run no longer; one that is queued again has another at the next look."""
_PATIENCE: Final = 60.0
"""Seconds that sacct has to answer."""


class SlurmCluster(Cluster):
    """Arrays by sbatch, states by sacct, scancel."""

    def __init__(self, options: Submitit, folder: Path) -> None:
        """Prepare an executor; nothing is asked of the cluster.

        Raises:
            FairforgetError: there is no Slurm here, or sbatch has no such option.
        """
        if missing := [name for name in ("sbatch", "srun", "sacct", "scancel") if shutil.which(name) is None]:
            msg = (
                f"engine submitit finds no Slurm here ({', '.join(missing)} not on the PATH); start the study where "
                "sbatch works, or try it on this machine with --set engine.cluster=local"
            )
            raise FairforgetError(msg)
        executor = submitit.SlurmExecutor(folder, max_num_timeout=REQUEUES)
        super().__init__(executor)
        executor.update_parameters(**_parameters(options, folder))

    def ended(self, ids: Collection[str]) -> dict[str, str]:
        """Ask sacct once for all of them; a job that it does not know yet has not ended."""
        known = _asked(ids)
        return {job: known[job]["State"] for job in ids if job in known and _final(known[job]["State"])}

    def alive(self, calls: Iterable[Left]) -> set[str]:
        """Return the jobs that have the name of their session and have not ended."""
        names = {call.job: _name(call.folder) for call in calls}
        known = _asked(names)
        mine = [job for job, name in names.items() if known.get(job, {}).get("JobName") == name]
        return {job for job in mine if not _final(known[job]["State"])}

    def cancel(self, ids: Collection[str]) -> None:
        """Cancel them by one scancel."""
        if ids:
            subprocess.run([str(shutil.which("scancel")), *sorted(ids)], capture_output=True, check=False)

    def settle(self) -> None:
        """Leave it to Slurm."""


def _asked(ids: Collection[str]) -> dict[str, dict[str, str]]:
    """Return what sacct tells of jobs: State and JobName by id; nothing where it does not answer.

    submitit's own watcher takes a state for the last one, and a node that fails may have its jobs queued again.
    """
    if not ids:
        return {}
    wanted = ",".join(sorted({job.partition("_")[0] for job in ids}))
    command = [str(shutil.which("sacct")), "-X", "--parsable2", "-o", "JobID,State,JobName", "-j", wanted]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_PATIENCE)
    except (OSError, subprocess.SubprocessError):
        return {}
    return dict(submitit.SlurmJob.watcher.read_info(answer.stdout))


def _final(state: str) -> bool:
    return state.partition(" ")[0] in _FINAL


def _name(folder: Path) -> str:
    """Return the name that the jobs of a session have."""
    return f"fairforget-{folder.name}"


def _parameters(options: Submitit, folder: Path) -> dict[str, Any]:
    """Return the parameters of submitit's executor for Slurm."""
    found = {
        "job_name": _name(folder),
        "time": options.minutes,
        "partition": options.partition,
        "account": options.account,
        "qos": options.qos,
        "constraint": options.constraint,
        "mem": None if options.mem_gb is None else f"{max(1, round(options.mem_gb * 1024))}M",
        "cpus_per_task": options.cpus,
        "gpus_per_node": options.gpus or None,
        "signal_delay_s": SIGNAL_SECONDS,
        "array_parallelism": options.jobs(),
        "setup": list(options.setup) or None,
        "wckey": None,  # submitit's own; clusters that keep such keys refuse unknown ones
    }
    return {**found, "additional_parameters": {"requeue": True, **options.slurm}}
