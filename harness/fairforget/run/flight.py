"""Jobs on an engine: a few more in flight than it has slots, results as they come."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from fairforget.api import Executor, Future
from fairforget.errors import FairforgetError, WorkerDied

POLL_SECONDS = 0.01

Job = tuple[Callable[..., str], tuple[str, ...]]
"""A module-level function and its texts."""


@dataclass(frozen=True)
class Flight:
    """An opened engine."""

    executor: Executor
    slots: int
    """Jobs the engine runs side by side."""

    def ask(self, job: Job) -> str:
        """Run one job and return what it returns, or raise what it raises."""
        function, texts = job
        return str(self.executor.submit(function, *texts).result())

    def run(self, keys: Iterable[str], job: Callable[[str], Job]) -> Iterator[tuple[str, Exception | None]]:
        """Run the job of every key; yield each key when its job has ended, with the error it ended by.

        A job whose worker died, or that failed in a way nobody foresaw, is yielded with its error and the others go
        on. A `FairforgetError` is the user's to mend (a full disk, say) and would meet the next job too: it is raised.

        Args:
            keys: what to run, in this order.
            job: makes the job of a key when its turn has come.
        """
        waiting = iter(keys)
        flying: dict[str, Future] = {}
        more = True
        while more or flying:
            # One job waits for each that runs, so that no slot is idle while its result is looked at.
            while more and len(flying) < 2 * self.slots:
                key = next(waiting, None)
                if key is None:
                    more = False
                else:
                    function, texts = job(key)
                    flying[key] = self.executor.submit(function, *texts)
                    if flying[key].done():
                        break
            ended = [key for key, future in flying.items() if future.done()]
            for key in ended:
                yield key, _error(flying.pop(key))
            if flying and not ended:
                time.sleep(POLL_SECONDS)


def _error(future: Future) -> Exception | None:
    try:
        future.result()
    except WorkerDied as error:
        return error
    except FairforgetError:
        raise
    except Exception as error:  # noqa: BLE001 - a job may fail by anything; its cell has no record then
        return error
    return None
