"""A queue of jobs and the processes that empty it."""

from __future__ import annotations

import pickle
import queue
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from multiprocessing import resource_tracker
from types import TracebackType
from typing import Any, Final, NamedTuple

from fairforget.engines.devices import VISIBLE
from fairforget.engines.team import Team
from fairforget.engines.worker import Worker
from fairforget.errors import FairforgetError

THREADS: Final = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
"""Environment variables from which numerical libraries read how many threads they may use."""

_PATIENCE = 5.0
"""Seconds that a process has to end when it is asked to."""


class _Job(NamedTuple):
    future: Future[Any]
    call: bytes


class Pool(AbstractContextManager["Pool"]):
    """As many threads as workers; each keeps one process and hands it one job after another."""

    def __init__(
        self,
        workers: int,
        threads: int,
        start: Callable[[Mapping[str, str]], Worker | Team] = Worker,
        devices: Sequence[str] | None = None,
    ) -> None:
        """Prepare the pool; nothing starts before a job is submitted.

        Args:
            workers: processes.
            threads: CPU threads each of them may use.
            start: starts a process with such an environment, or a team of them that does one job together.
            devices: GPUs, of which each worker sees one, in turn, or none where there are none; None = leave it alone.
        """
        self._begin = start
        self._environ = dict.fromkeys(THREADS, str(threads)) | {"TOKENIZERS_PARALLELISM": "false"}
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._devices = devices
        self._keepers = [threading.Thread(target=self._keep, args=(i,), daemon=True) for i in range(workers)]
        self._started = 0
        self._workers: set[Worker | Team] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._ending = threading.Event()

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> Future[Any]:
        """Queue ``fn(*args)``; `fn` stands in a module, so that the process can import it.

        Raises:
            RuntimeError: the context has been left.
        """
        if self._closed:
            msg = "the engine is closed"
            raise RuntimeError(msg)
        job = _Job(Future(), pickle.dumps((fn, args)))
        self._jobs.put(job)
        if self._started < len(self._keepers):
            self._keepers[self._started].start()
            self._started += 1
        return job.future

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None, /
    ) -> None:
        """Cancel what has not begun; wait for what runs, or end it if an exception passes."""
        self._closed = True
        self._cancel_queued()
        for _ in range(self._started):
            self._jobs.put(None)
        try:
            if error is None:
                self._join()
        finally:
            # Also after a Ctrl-C while waiting.
            self._ending.set()
            self._join()

    def _cancel_queued(self) -> None:
        while True:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return
            if job is not None:
                job.future.cancel()

    def _join(self) -> None:
        patience = time.monotonic() + _PATIENCE
        for keeper in self._keepers[: self._started]:
            while keeper.is_alive():
                if self._ending.is_set():
                    # Again and again, because a process may be about to start.
                    self._end_workers(at_once=time.monotonic() > patience)
                keeper.join(timeout=0.1)

    def _end_workers(self, *, at_once: bool) -> None:
        with self._lock:
            for worker in self._workers:
                worker.end(at_once=at_once)

    def _keep(self, number: int) -> None:
        """Take jobs until told to stop; replace the process when it has died."""
        _shield_children_from_interrupts()
        worker: Worker | Team | None = None
        while (job := self._jobs.get()) is not None:
            if not job.future.set_running_or_notify_cancel():
                continue
            try:
                if worker is None or not worker.alive:
                    self._drop(worker)
                    worker = None
                    worker = self._start(number)
                result = worker.run(job.call)
            except BaseException as error:  # noqa: BLE001 - it comes out of result(), and the next job goes on
                job.future.set_exception(self._explain(error))
            else:
                job.future.set_result(result)
        self._drop(worker)

    def _start(self, number: int) -> Worker | Team:
        environ = dict(self._environ)
        if self._devices is not None:
            environ[VISIBLE] = self._devices[number % len(self._devices)] if self._devices else ""
        # One at a time, because the environment of this process is changed for the moment of starting.
        with self._lock:
            try:
                worker = self._begin(environ)
            except OSError as error:
                msg = f"could not start a worker process: {error}; use fewer workers"
                raise FairforgetError(msg) from error
            self._workers.add(worker)
        try:
            worker.wait_until_ready()
        except FairforgetError:
            self._drop(worker)
            raise
        return worker

    def _drop(self, worker: Worker | Team | None) -> None:
        if worker is not None:
            with self._lock:
                self._workers.discard(worker)
            worker.close()

    def _explain(self, error: BaseException) -> BaseException:
        if self._ending.is_set() and isinstance(error, FairforgetError):
            return FairforgetError("ended before it was done, because the study was stopped")
        return error


def _shield_children_from_interrupts() -> None:
    """Have the processes that this thread starts ignore Ctrl-C from their first moment on.

    They inherit the signals that the starting thread blocks; without this one that is still importing would write a
    traceback on Ctrl-C.
    """
    if hasattr(signal, "pthread_sigmask"):
        # The tracker of multiprocessing clears the mask of the thread that starts it.
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
