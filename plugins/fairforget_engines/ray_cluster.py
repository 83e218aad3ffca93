"""Being connected to a Ray cluster, and what it has."""

from __future__ import annotations

import contextlib
import fnmatch
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from fairforget.errors import FairforgetError
from fairforget.store.atomic import partial_name, remove_partials, write_bytes

_KNOCK: Final = 10.0
"""Seconds that a cluster has to answer at its address."""


@contextmanager
def connected(ray: Any, address: str) -> Iterator[None]:
    """Be connected to the cluster at `address` while inside; a connection that is there already is used, and kept.

    Meanwhile standard output is standard error, because Ray writes what befalls its nodes there.

    Raises:
        FairforgetError: there is no such cluster, or it runs another Python or Ray.
    """
    with contextlib.redirect_stdout(sys.stderr):
        if ray.is_initialized():
            yield
            return
        _connect(ray, address)
        try:
            yield
        finally:
            ray.shutdown()


def _connect(ray: Any, address: str) -> None:
    if address == "auto":
        address = os.environ.get("RAY_ADDRESS") or address
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.WARNING}
    if address == "local":
        options["include_dashboard"] = False
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would report to its makers
    try:
        _knock(address)
        with _same_handlers():
            ray.init(address=address, **options)
    except (OSError, OverflowError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        reason = " ".join(str(error).split())
        msg = (
            f"there is no way to the Ray cluster at {address!r}: {reason[:400]}; give the address of a running one "
            "with --set engine.address=HOST:PORT, or start Ray on this machine for the time of the study with "
            "--set engine.address=local"
        )
        raise FairforgetError(msg) from error


def _knock(address: str) -> None:
    """Find out whether somebody listens at an address with a port; Ray itself would try for minutes.

    Raises:
        OSError: nobody does.
    """
    host, colon, port = address.rpartition("://")[2].rpartition(":")
    if colon and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), timeout=_KNOCK).close()


@contextmanager
def _same_handlers() -> Iterator[None]:
    """Keep what this program does on SIGTERM; Ray would exit with code 15, and without a word."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)


def fitting(nodes: Sequence[Mapping[str, Any]], needs: Mapping[str, float]) -> int:
    """Return how many workers the living nodes hold, whoever else is at work on them now.

    Args:
        nodes: as ``ray.nodes()`` describes them.
        needs: resources of a worker, by Ray's names.

    Raises:
        FairforgetError: not even one; the message says what the nodes have.
    """
    wanted = {name: amount for name, amount in needs.items() if amount > 0}
    alive = [node["Resources"] for node in nodes if node["Alive"]]
    held = sum(min(_times(have.get(name, 0.0), amount) for name, amount in wanted.items()) for have in alive)
    if held:
        return held
    asked = ", ".join(f"{name} {amount:g}" for name, amount in wanted.items())
    most = ", ".join(f"{name} {max((have.get(name, 0.0) for have in alive), default=0.0):g}" for name in wanted)
    msg = (
        f"no node of the Ray cluster holds a worker, which takes {asked}; the most that a node has is {most}. Change "
        "num_cpus, num_gpus or resources of the engine; where nodes come when they are asked for, say how many workers "
        "there are to be, as in ray:8"
    )
    raise FairforgetError(msg)


def _times(have: float, amount: float) -> int:
    """Return how often an amount is there; Ray counts in ten-thousandths."""
    return round(have * 10_000) // max(1, round(amount * 10_000))


def devices_there(nodes: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether a living node has a GPU."""
    return any(node["Alive"] and node["Resources"].get("GPU", 0) > 0 for node in nodes)


def passed_on(patterns: Sequence[str], threads: int) -> dict[str, str]:
    """Return the variables that workers get: those of this process that match, and the threads they may use.

    A token goes to another machine only where it is named in full.
    """
    found = {
        name: value
        for name, value in os.environ.items()
        if name in patterns or ("TOKEN" not in name and any(fnmatch.fnmatchcase(name, p) for p in patterns))
    }
    return {**found, "OMP_NUM_THREADS": str(threads), "TOKENIZERS_PARALLELISM": "false"}


@contextmanager
def marked(folders: Sequence[Path]) -> Iterator[tuple[str, ...]]:
    """Lay an empty file into each folder while inside, for workers on other machines to find; yield their paths."""
    marks = [folder.absolute() / partial_name("ray") for folder in folders]
    try:
        for mark in marks:
            remove_partials(mark.parent)  # those of runs that were killed
            write_bytes(mark, b"")
        yield tuple(map(str, marks))
    finally:
        for mark in marks:
            with contextlib.suppress(OSError):
                mark.unlink(missing_ok=True)
