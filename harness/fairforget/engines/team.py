"""Some processes that do every job together."""

from __future__ import annotations

import socket
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from typing import Any, Final

from fairforget.engines.worker import Worker
from fairforget.errors import WorkerDied
from fairforget.run import group

_PATIENCE: Final = 5.0
"""Seconds that the others have when one of a team is out: they may fail of the same, or wait for it for ever."""


class Team:
    """As `fairforget.engines.worker.Worker`, of several processes; the result is the first one's."""

    def __init__(self, processes: int, environ: Mapping[str, str]) -> None:
        """Start the processes.

        Args:
            processes: how many.
            environ: set in each before it imports anything, with its place in the group.
        """
        self._ended = False
        self._workers = [Worker({**environ, **place}) for place in group.places(processes, _free_port())]

    def wait_until_ready(self) -> None:
        """Wait for the processes to say that they are there.

        Raises:
            FairforgetError: one of them ended before that.
        """
        for worker in self._workers:
            worker.wait_until_ready()

    def run(self, job: bytes) -> Any:
        """Have all of them do a job and return the result of the first, or raise what one of them raised.

        Raises:
            WorkerDied: one of them died over it.
        """
        with ThreadPoolExecutor(len(self._workers)) as threads:
            asked = [threads.submit(worker.run, job) for worker in self._workers]
            done, waiting = wait(asked, return_when=FIRST_EXCEPTION)
            failed = any(one.exception() is not None for one in done)
            if failed:
                done, waiting = wait(asked, timeout=_PATIENCE)
            told = _telling(asked, done) if failed else asked[0]
            if waiting:
                # Whoever is still at it waits for one that is out, and no other job can be done in such a group.
                self._ended = True
                self.end(at_once=True)
            return told.result()

    @property
    def alive(self) -> bool:
        """Whether the processes can take another job."""
        return not self._ended and all(worker.alive for worker in self._workers)

    def end(self, *, at_once: bool) -> None:
        """Ask the processes to end, or end them."""
        for worker in self._workers:
            worker.end(at_once=at_once)

    def close(self) -> None:
        """End idle processes, or clear up after dead ones."""
        for worker in self._workers:
            worker.close()


def _telling(asked: Sequence[Future[Any]], done: Collection[Future[Any]]) -> Future[Any]:
    """Return the failure to tell of: a death, of which the others only lost the connection, or the first process's."""
    failed = [one for one in asked if one in done and one.exception() is not None]
    return next((one for one in failed if isinstance(one.exception(), WorkerDied)), failed[0])


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
