"""A queue of jobs and the workers of a cluster that empty it."""

from __future__ import annotations

import contextlib
import logging
import pickle
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Final

from fairforget.errors import FairforgetError, WorkerDied
from fairforget_engines.ray_hands import Hand, Job, settle, told

_LOG: Final = logging.getLogger(__name__)
_POLL: Final = 0.05
"""Seconds after which the queue is looked at, whatever the workers do."""
_IDLE: Final = 60.0
"""Seconds after which a worker without a job gives its resources back."""
_STILLBORN: Final = 4
"""Workers in a row that may die before they have said a word."""


class Crew(AbstractContextManager["Crew"]):
    """Hires workers as jobs need them, hands each one job after another, and replaces those that die.

    One thread talks to Ray. Jobs are retried here and not by Ray, because a worker keeps what it has loaded, and its
    GPU, from job to job: it is an actor, and a job that has lost its actor may go to any other.
    """

    def __init__(self, ray: Any, hire: Callable[[], Any], workers: int, retries: int, patience: float) -> None:
        """Prepare the crew; nothing starts before a job is submitted.

        Args:
            ray: the module, connected.
            hire: returns a new actor, a `fairforget_engines.ray_worker.RayWorker`.
            workers: at most.
            retries: how often a job is run again whose worker has died.
            patience: seconds without any worker after which all jobs fail.
        """
        self._ray, self._hire = ray, hire
        self._workers, self._retries, self._patience = workers, retries, patience
        self._queue: deque[Job] = deque()
        self._hands: list[Hand] = []
        self._stillborn = 0
        self._manned = time.monotonic()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._closed = self._ending = False
        self._broken: FairforgetError | None = None
        self._foreman: threading.Thread | None = None

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> Future[Any]:
        """Queue ``fn(*args)``; `fn` stands in a module, so that the nodes can import it.

        Raises:
            RuntimeError: the context has been left.
            FairforgetError: the cluster does no more jobs; the message says why.
        """
        job = Job(pickle.dumps((fn, args)))
        with self._lock:
            if self._closed:
                msg = "the engine is closed"
                raise RuntimeError(msg)
            if self._broken is not None:
                raise self._broken
            self._queue.append(job)
        self._wake.set()
        if self._foreman is None:
            self._foreman = threading.Thread(target=self._work, name="fairforget-ray", daemon=True)
            self._foreman.start()
        return job.future

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None, /
    ) -> None:
        """Cancel what has not begun; wait for what runs, or end it if an exception passes."""
        with self._lock:
            self._closed = True
            self._queue = deque(job for job in self._queue if not job.future.cancel())
        try:
            if error is None:
                self._join()
        finally:
            # Also after a Ctrl-C while waiting.
            self._ending = True
            self._join()

    def _join(self) -> None:
        self._wake.set()
        while self._foreman is not None and self._foreman.is_alive():
            self._foreman.join(timeout=0.1)

    def _work(self) -> None:
        """Look after queue and workers until there is nothing left to do."""
        why = FairforgetError("ended before it was done, because the study was stopped")
        try:
            while not self._ending and (self._queue or self._busy() or not self._closed):
                self._turn()
        except FairforgetError as error:
            why = error
        except Exception as error:  # noqa: BLE001 - the connection may be lost in any way; every job has to hear of it
            why = FairforgetError(f"the Ray cluster is lost: {told(error)}; the same command goes on from what is done")
        finally:
            self._disband(why)

    def _turn(self) -> None:
        now = time.monotonic()
        self._man(now)
        self._hand_out()
        answers = {hand.answer: hand for hand in self._hands if hand.answer is not None}
        if not answers:
            self._wake.wait(_POLL)
            self._wake.clear()
            return
        for answer in self._ray.wait(list(answers), timeout=_POLL)[0]:
            self._hear(answers[answer])

    def _man(self, now: float) -> None:
        """Hire as many as there is work for, and let go whom there has been none for."""
        if not self._queue or any(hand.ready for hand in self._hands):
            self._manned = now
        elif now - self._manned > self._patience:
            msg = (
                f"the Ray cluster has given no worker for {self._patience:g} s; see with 'ray status' what its nodes "
                "have free and what a worker asks for. The same command goes on from what is done"
            )
            raise FairforgetError(msg)
        while len(self._hands) < min(self._workers, len(self._queue) + self._busy()):
            actor = self._hire()
            self._hands.append(Hand(actor, actor.trouble.remote()))
        for hand in [hand for hand in self._hands if hand.answer is None and now - hand.since > _IDLE]:
            self._dismiss(hand)

    def _hand_out(self) -> None:
        for hand in self._hands:
            if hand.answer is not None:
                continue
            if (job := self._next()) is None:
                return
            hand.job, hand.answer = job, hand.actor.run.remote(job.call)

    def _next(self) -> Job | None:
        with self._lock:
            while self._queue:
                job = self._queue.popleft()
                if job.begun or job.future.set_running_or_notify_cancel():
                    job.begun = True
                    return job
        return None

    def _hear(self, hand: Hand) -> None:
        """Take the answer of a worker: its first word, the end of a job, or its death."""
        answer, hand.answer = hand.answer, None
        job, hand.job, hand.since = hand.job, None, time.monotonic()
        try:
            found = self._ray.get(answer)
        except self._ray.exceptions.RayError as error:
            self._dismiss(hand)
            self._bury(job, error)
            return
        self._stillborn = 0
        if job is not None:
            settle(job.future, found)
        elif found:
            raise FairforgetError(found)
        else:
            hand.ready = True

    def _bury(self, job: Job | None, error: Exception) -> None:
        """Give the job of a dead worker back to the queue, if it has not cost too many."""
        if getattr(error, "actor_init_failed", False):
            msg = f"a node of the Ray cluster cannot start a worker: {told(error)}; install the same fairforget there"
            raise FairforgetError(msg)
        if job is None:
            self._stillborn += 1
            if self._stillborn > _STILLBORN:
                msg = f"{self._stillborn} workers of the Ray cluster died at their start, the last one: {told(error)}"
                raise FairforgetError(msg)
            _LOG.warning("a worker of the Ray cluster died at its start: %s; another one is hired", told(error))
            return
        job.deaths += 1
        if job.deaths > self._retries:
            again = "" if job.deaths == 1 else f" {job.deaths} times"
            msg = f"the worker of the Ray cluster died in the middle of the job{again}: {told(error)}"
            job.future.set_exception(WorkerDied(msg))
            return
        _LOG.warning("a worker of the Ray cluster died: %s; its job runs again on another one", told(error))
        with self._lock:
            self._queue.appendleft(job)

    def _busy(self) -> int:
        return sum(hand.job is not None for hand in self._hands)

    def _dismiss(self, hand: Hand) -> None:
        """End a worker, which may be dead already; Ray gives its resources to others."""
        self._hands.remove(hand)
        self._ray.kill(hand.actor)

    def _disband(self, why: FairforgetError) -> None:
        with self._lock:
            self._broken = why
            left = [*self._queue, *(hand.job for hand in self._hands if hand.job is not None)]
            self._queue.clear()
        for hand in [*self._hands]:
            with contextlib.suppress(Exception):  # the cluster may be gone, and its workers with it
                self._dismiss(hand)
        for job in left:
            if job.begun or job.future.set_running_or_notify_cancel():
                job.future.set_exception(why)
