"""What stands before a cluster: gathers calls into jobs, and tells their futures what came of them."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from fairforget.errors import WorkerDied
from fairforget_engines.submitit_chunk import Chunk, Item, begun_file, outcome_file, read_outcome
from fairforget_engines.submitit_session import Left, Session, forget

if TYPE_CHECKING:
    from fairforget_engines.submitit import Submitit
    from fairforget_engines.submitit_cluster import Cluster

ARRAY: Final = 1000
"""Tasks of an array at most; Slurm as it comes refuses more."""
_GATHER: Final = 0.3
"""Seconds without a new call after which those that are there become an array."""
_STATES: Final = 15
"""Looks at the outcomes for each question to the cluster."""


@dataclass
class _Call:
    """A call that was handed over."""

    item: Item
    future: Answer
    job: str = ""
    folder: Path = Path()
    """Of the session that has its outcome."""


class Queue(AbstractContextManager["Queue"]):
    """Takes calls; polled by their futures, in the thread that asks."""

    def __init__(self, options: Submitit, session: Session, cluster: Cluster) -> None:
        """Prepare the queue; nothing is written before it is entered."""
        self._options, self._session, self._cluster = options, session, cluster
        self._left: dict[str, Left] = {}
        self._waiting: list[_Call] = []
        self._flying: dict[tuple[Path, str], _Call] = {}
        self._calls: Counter[str] = Counter()
        self._last_submit = self._last_look = self._last_state = 0.0
        self._ended: dict[str, tuple[float, str]] = {}
        self._closed = False

    def __enter__(self) -> Self:
        """Begin a session; find the jobs that earlier runs have left."""
        left = self._session.begin()
        alive = self._cluster.alive(left)
        for call in left:
            if call.job in alive:
                self._left[call.name.partition("-")[0]] = call
            else:
                forget(call.folder, call.name)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None, /
    ) -> None:
        """Cancel what has not begun; where an exception passes, do with the jobs what the option says."""
        self._closed = True
        for call in self._waiting:
            call.future.cancel()
        live = [Left(call.item.name, call.job, call.folder) for call in self._flying.values()]
        live += self._left.values()
        try:
            if error is None or self._options.on_interrupt == "cancel":
                self._cluster.cancel({left.job for left in live})
                for left in live:
                    forget(left.folder, left.name)
            if error is None:
                self._cluster.settle()
        finally:
            self._session.close()

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> Answer:
        """Queue ``fn(*args)``; the function stands in a module, the arguments and the result are plain data.

        Raises:
            RuntimeError: the context has been left.
            TypeError: the arguments cannot be written as JSON.
        """
        if self._closed:
            msg = "the engine is closed"
            raise RuntimeError(msg)
        digest = _digest(fn, args)
        call = _Call(Item(self._name(digest), fn, args), Answer(self))
        if (left := self._left.pop(digest, None)) is not None:
            call.item = Item(left.name, fn, args)
            call.job, call.folder = left.job, left.folder
            call.future.set_running_or_notify_cancel()
            self._flying[left.folder, left.name] = call
        else:
            self._waiting.append(call)
            self._last_submit = time.monotonic()
        return call.future

    def look(self, *, hurry: bool = False) -> None:
        """Submit what has been gathered, and tell the futures whose outcome is there.

        Args:
            hurry: do not wait for more calls to come, because somebody waits for one of these.
        """
        now = time.monotonic()
        if self._waiting and (hurry or now - self._last_submit >= _GATHER):
            self._hand_over(hurry=hurry)
        if not self._flying or now - self._last_look < self._options.poll_seconds:
            return
        self._last_look = now
        self._read_outcomes()
        if self._flying and now - self._last_state >= _STATES * self._options.poll_seconds:
            self._last_state = now
            self._find_dead(now)

    def _hand_over(self, *, hurry: bool) -> None:
        size = self._options.chunk()
        jobs = len({call.job for call in self._flying.values()})
        # What a dead job has left over is running in the eyes of its future.
        ready = [c for c in self._waiting if c.future.running() or c.future.set_running_or_notify_cancel()]
        self._waiting = []
        chunks = [ready[start : start + size] for start in range(0, len(ready), size)]
        if chunks and len(chunks[-1]) < size and jobs + len(chunks) > self._options.jobs() and not hurry:
            self._waiting = chunks.pop()  # a job for so few would wait for a node that others have
        for start in range(0, len(chunks), ARRAY):
            self._submit(chunks[start : start + ARRAY])

    def _submit(self, chunks: list[list[_Call]]) -> None:
        options, outcomes = self._options, self._session.outcomes
        told = [
            Chunk(outcomes, tuple(c.item for c in chunk), options.minutes, options.threads(), options.cells_at_once)
            for chunk in chunks
        ]
        for chunk, job in zip(chunks, self._cluster.submit(told), strict=True):
            for call in chunk:
                call.job, call.folder = job, self._session.folder
                self._flying[call.folder, call.item.name] = call
                self._session.submitted(call.item.name, job)

    def _read_outcomes(self) -> None:
        for folder in {call.folder for call in self._flying.values()}:
            # A listing also brings up to date what a network file system remembers.
            there = {path.stem for path in (folder / "outcomes").glob("*.json")}
            for call in [c for c in self._flying.values() if c.folder == folder and c.item.name in there]:
                try:
                    found = read_outcome(outcome_file(folder / "outcomes", call.item.name).read_text("utf-8"))
                except (OSError, ValueError, KeyError, TypeError, RecursionError):
                    continue  # a network file system may list what it does not yet show; the next look sees it
                self._end(call, *found)

    def _find_dead(self, now: float) -> None:
        """End the calls whose job was over at two looks; those that it had not come to are submitted again."""
        running = {call.job for call in self._flying.values()}
        states = self._cluster.ended(running)
        self._ended = {job: self._ended.get(job, (now, state)) for job, state in states.items()}
        for job, (since, state) in self._ended.items():
            # What was written last on another machine may be seen late, and a job may be queued again by Slurm.
            if since == now:
                continue
            calls = [call for call in self._flying.values() if call.job == job]
            begun = [call for call in calls if begun_file(call.folder / "outcomes", call.item.name).exists()]
            for call in begun or calls:
                self._end(call, None, WorkerDied(_why(call, state)))
            for call in calls if begun else ():
                if call not in begun:
                    forget(call.folder, call.item.name)
                    del self._flying[call.folder, call.item.name]
                    name = self._name(call.item.name.partition("-")[0])
                    self._waiting.append(_Call(Item(name, call.item.fn, call.item.args), call.future))

    def _name(self, digest: str) -> str:
        """Return a name for the outcome of a call; that of the same call before it is still there."""
        self._calls[digest] += 1
        return f"{digest}-{self._calls[digest]}"

    def _end(self, call: _Call, result: Any, error: Exception | None) -> None:
        del self._flying[call.folder, call.item.name]
        forget(call.folder, call.item.name)
        if error is None:
            call.future.set_result(result)
        else:
            call.future.set_exception(error)


class Answer(Future[Any]):
    """A future that is asked after, not told: asking makes the queue look."""

    def __init__(self, queue: Queue) -> None:
        """Belong to a queue."""
        super().__init__()
        self._queue = queue

    def done(self) -> bool:
        """Return whether the outcome is there."""
        if not super().done():
            self._queue.look()
        return super().done()

    def result(self, timeout: float | None = None) -> Any:
        """Wait for the outcome."""
        end = None if timeout is None else time.monotonic() + timeout
        while not super().done():
            self._queue.look(hurry=True)
            if end is not None and time.monotonic() >= end:
                raise TimeoutError
            if not super().done():
                time.sleep(0.01)
        return super().result(0)


def _digest(fn: Callable[..., Any], args: tuple[Any, ...]) -> str:
    """Return what a call is known by, in this run and in the next."""
    text = json.dumps([fn.__module__, fn.__qualname__, *args])
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _why(call: _Call, state: str) -> str:
    mends = {"OUT_OF_MEMORY": "; ask for more with engine.mem_gb", "TIMEOUT": "; ask for more with engine.minutes"}
    mend = next((text for word, text in mends.items() if state.startswith(word)), "")
    log = f"{call.folder.parent.name}/{call.folder.name}/{call.job}_0_log.err"
    return f"job {call.job} ended before its cell did ({state}){mend}; its log is {log}"
