"""Jobs on an engine: a few more in flight than it has slots, results as they come."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from fairforget.api import Executor, Future
from fairforget.errors import FairforgetError, WorkerDied

POLL_SECONDS = 0.01
_IDLE_SECONDS = 0.1

Job = tuple[Callable[..., str], tuple[str, ...]]
"""A module-level function and its texts."""


@dataclass(frozen=True)
class Flight:
    """An opened engine."""

    executor: Executor
    slots: int
    """Jobs the engine runs side by side."""
    ahead: int | None = None
    """Jobs it is given before the first has ended; None = one waits for each that runs."""

    def ask(self, job: Job) -> str:
        """Run one job and return what it returns, or raise what it raises."""
        function, texts = job
        return str(self.executor.submit(function, *texts).result())

    def run(
        self,
        keys: Iterable[str | None],
        job: Callable[[str], Job],
        *,
        shared: Callable[[], bool] = lambda: False,
        begins: Callable[[str], None] = lambda _: None,
        returned: Callable[[str, str], None] = lambda _key, _text: None,
        fatal: type[FairforgetError] = FairforgetError,
    ) -> Iterator[tuple[str, Exception | None]]:
        """Run the job of every key; yield each key when its job has ended, with the error it ended by.

        A job whose worker died, or that failed in a way nobody foresaw, is yielded with its error and the others go
        on. An error of the class `fatal` is the user's to mend (a full disk, say) and would meet the next job too: it
        is raised.

        Args:
            keys: what to run, in this order; None where nothing can begin now, and it is asked again.
            job: makes the job of a key when its turn has come.
            shared: whether others run jobs of these too; then none is taken that would only wait here.
            begins: is told of each job once, when the engine is at it. Futures that can be asked whether they run are
                (on a cluster with a queue that is: submitted to it); of others the oldest are taken to run, as many as
                there are slots.
            returned: is told what a job has returned, before its key is yielded.
            fatal: errors that end all jobs.
        """
        waiting = iter(keys)
        aloft = _Aloft(self.executor, self.slots, begins)
        # One job waits for each that runs, so that no slot is idle while its result is looked at.
        most = 2 * self.slots if self.ahead is None else self.ahead
        more = True
        while more or aloft.jobs:
            while more and len(aloft.jobs) < (min(self.slots, most) if shared() else most):
                try:
                    key = next(waiting)
                except StopIteration:
                    more = False
                    break
                if key is None or aloft.submit(key, job(key)).done():
                    break
            ended = aloft.ended()
            for key in ended:
                future = aloft.take(key)
                if (error := _error(future, fatal)) is None:
                    returned(key, str(future.result()))
                yield key, error
            if not ended and (aloft.jobs or more):
                time.sleep(POLL_SECONDS if aloft.jobs else _IDLE_SECONDS)


@dataclass
class _Aloft:
    """The jobs in flight, and which of them the engine is at."""

    executor: Executor
    slots: int
    begins: Callable[[str], None]
    jobs: dict[str, Future] = field(default_factory=dict)
    """The oldest first."""
    begun: set[str] = field(default_factory=set)

    def submit(self, key: str, job: Job) -> Future:
        function, texts = job
        if getattr(self.executor, "works_in_submit", False):
            self._begin(key)
        self.jobs[key] = self.executor.submit(function, *texts)
        return self.jobs[key]

    def ended(self) -> list[str]:
        """Tell which jobs the engine has come to; return those that have ended."""
        for place, (key, future) in enumerate(self.jobs.items()):
            if key not in self.begun:
                running = getattr(future, "running", None)
                if place < self.slots if running is None else running():
                    self._begin(key)
        return [key for key, future in self.jobs.items() if future.done()]

    def take(self, key: str) -> Future:
        self._begin(key)  # it may have begun and ended between two looks
        self.begun.discard(key)
        return self.jobs.pop(key)

    def _begin(self, key: str) -> None:
        if key not in self.begun:
            self.begun.add(key)
            self.begins(key)


def _error(future: Future, fatal: type[FairforgetError]) -> Exception | None:
    try:
        future.result()
    except WorkerDied as error:
        return error
    except fatal:
        raise
    except Exception as error:  # noqa: BLE001 - a job may fail by anything; its cell has no record then
        return error
    return None
