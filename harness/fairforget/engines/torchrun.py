"""One cell at a time on processes that torchrun has started, on one machine or on many.

``torchrun … -m fairforget.engines.torchrun run STUDY --out DIR``: the first process is ``fairforget run`` with this
engine, the others do what it does.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from fairforget.api.engine import Engine, Executor
from fairforget.errors import FairforgetError
from fairforget.run import group
from fairforget.terminal import printable

_LOST: Final = timedelta(minutes=2)
"""How long the first process waits for the others at the end of a job, which all end together."""
_START: Final = "start it with torchrun: torchrun --nproc-per-node 2 -m fairforget.engines.torchrun run STUDY --out DIR"


@dataclass(frozen=True)
class Torchrun(Engine):
    """Every process holds a part of the weights (FSDP2), as with the engine fsdp."""

    @contextmanager
    def open(self) -> Iterator[Executor]:
        """Yield an executor whose futures are done when `submit` returns.

        Raises:
            FairforgetError: torchrun has not started this process.
        """
        if "WORLD_SIZE" not in os.environ or "RANK" not in os.environ:
            msg = f"the engine torchrun needs the processes of torchrun; {_START}"
            raise FairforgetError(msg)
        group.join()
        yield _First()


class _First:
    def submit(self, fn: Callable[..., Any], /, *args: Any) -> Future[Any]:
        """Have ``fn(*args)`` done by all processes now."""
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        group.from_first(lambda: (fn, args))
        try:
            future.set_result(fn(*args))
        except Exception as error:  # noqa: BLE001 - as in any executor it comes out of result()
            future.set_exception(error)
        try:
            group.meet(_LOST)
        except FairforgetError as error:
            # Nobody can be told any more, and to wait for them would take for ever; torchrun ends who is left.
            _tell(str(error))
            os._exit(2)
        return future


def follow() -> int:
    """Do what the first process hands out until it says that nothing is left."""
    group.join()
    while (job := group.from_first(lambda: None)) is not None:
        fn, args = job
        try:
            fn(*args)
        except Exception as error:  # noqa: BLE001 - the first process has the same one, and tells of it
            _tell(f"process {os.environ['RANK']}: {type(error).__name__}: {error}")
        group.meet(_LOST)
    return 0


def main(argv: Sequence[str]) -> int:
    """Be the process that torchrun says this one is.

    Args:
        argv: those of ``fairforget``: ``run`` and what follows.
    """
    if "RANK" not in os.environ:
        _tell(_START)
        return 2
    if int(os.environ["RANK"]) > 0:
        return follow()
    from fairforget.cli import main as fairforget

    try:
        return fairforget([*argv, "--engine", "torchrun"])
    finally:
        group.join()  # the command may have ended before it opened an engine
        group.from_first(lambda: None)


def _tell(message: str) -> None:
    sys.stderr.write(f"fairforget: {printable(message)}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
