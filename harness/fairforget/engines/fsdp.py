"""One cell at a time, its model split over processes of this machine: for models that need several devices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from pydantic import Field

from fairforget.api.engine import Engine, Executor
from fairforget.engines.pool import Pool
from fairforget.engines.team import Team
from fairforget.engines.threads import share
from fairforget.run import group


@dataclass(frozen=True)
class Fsdp(Engine):
    """Every process holds a part of the weights (FSDP2) and does the whole of the work: results are those of one."""

    workers: Annotated[int, Field(ge=1), "processes that a model is split over; one for each device"] = 2

    @contextmanager
    def open(self) -> Iterator[Executor]:
        """Yield an executor; the processes start when they are first needed."""
        with Pool(1, self.threads(), partial(Team, self.workers)) as pool:
            yield _Together(pool)

    def threads(self) -> int:
        """Return the threads of each process, as those of a job of the `local` engine."""
        return share(self.workers)


class _Together:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> Future[Any]:
        """Have ``fn(*args)`` done by all processes of the group."""
        return self._pool.submit(in_group, fn, *args)


def in_group(fn: Callable[..., Any], /, *args: Any) -> Any:
    """Join the group that the environment of this process names, and do a job in it."""
    group.join()
    return fn(*args)
