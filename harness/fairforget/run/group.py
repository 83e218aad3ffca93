"""The processes that compute one cell together, each with a part of the model; one, in nearly every study.

Every process of a group does the same work with the same samples and seeds, so that each knows what the others know.
What lies on disk is the first one's: it reads, makes and writes, and tells the others.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final, TypeVar

from fairforget.errors import FairforgetError

T = TypeVar("T")

_PATIENCE: Final = timedelta(days=7)
"""A process may wait as long as the first one trains a target."""


def join() -> None:
    """Join the group that the environment names; nothing where this process is in one already.

    Raises:
        RuntimeError: the others cannot be reached.
    """
    import torch
    import torch.distributed as dist

    if dist.is_initialized():
        return
    device = None
    if torch.cuda.is_available():
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
    backend = "gloo" if device is None else "cpu:gloo,cuda:nccl"
    dist.init_process_group(backend, timeout=_PATIENCE)


def size() -> int:
    """Return how many processes compute a cell together."""
    dist: Any = sys.modules.get("torch.distributed")  # without it there is no group, and torch takes a second
    return dist.get_world_size() if dist is not None and dist.is_available() and dist.is_initialized() else 1


def leads() -> bool:
    """Return whether this process is the first of its group."""
    return size() == 1 or sys.modules["torch.distributed"].get_rank() == 0


def from_first(make: Callable[[], T]) -> T:
    """Return what `make` returns in the first process; the others wait for it.

    Raises:
        Exception: what `make` raises there, in every process.
    """
    if size() == 1:
        return make()
    import torch
    import torch.distributed as dist

    told: list[Any] = [None, None]
    if leads():
        try:
            told[0] = make()
        except Exception as error:  # noqa: BLE001 - it is raised in every process, or the others would wait for ever
            told[1] = error
    dist.broadcast_object_list(told, src=0, device=torch.device("cpu"))
    if told[1] is not None:
        raise told[1]
    made: T = told[0]
    return made


def meet(within: timedelta) -> None:
    """Wait until every process is here.

    Raises:
        FairforgetError: one is not in time; the group cannot go on.
    """
    import torch.distributed as dist

    try:
        dist.monitored_barrier(timeout=within, wait_all_ranks=True)
    except RuntimeError as error:
        msg = f"a process of the group was lost or hangs; run the same command again ({error})"
        raise FairforgetError(msg) from error


def places(processes: int, port: int) -> list[Mapping[str, str]]:
    """Return what the environment of each process of a group on this machine says, as torchrun has it."""
    everybody = {"WORLD_SIZE": str(processes), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    return [{"RANK": str(rank), "LOCAL_RANK": str(rank), **everybody} for rank in range(processes)]
