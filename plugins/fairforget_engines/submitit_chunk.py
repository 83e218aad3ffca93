"""What a job of the engine submitit does, on the machine where it runs."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import Any, Final

from fairforget.api.engine import JOB_LOG
from fairforget.engines.devices import devices_for
from fairforget.engines.pool import THREADS, Pool
from fairforget.errors import FairforgetError, WorkerDied
from fairforget.store.atomic import write_text

SIGNAL_SECONDS: Final = 90
"""Between the signal that a job will be ended and its end."""


@dataclass(frozen=True)
class Item:
    """One call, and the name of the file that gets its outcome."""

    name: str
    fn: Callable[..., Any]
    args: tuple[Any, ...]


@dataclass
class Chunk:
    """Calls that one job makes in turn, or some at a time.

    Called again after a preemption it goes on behind the last outcome that was written.
    """

    outcomes: Path
    items: tuple[Item, ...]
    minutes: int
    threads: int
    """Of each call."""
    at_once: int = 1
    _begun: float = field(default=0.0, compare=False)
    _at: dict[Item, bool] = field(default_factory=dict, compare=False)
    """The calls that are being made, and whether they had all the time of this job."""

    def __call__(self) -> None:
        """Make every call that has no outcome yet."""
        os.environ.update(dict.fromkeys(THREADS, str(self.threads)))
        os.environ["TOKENIZERS_PARALLELISM"] = "false"
        os.environ[JOB_LOG] = _log(self.outcomes)
        _leave_at_once()
        self._begun = time.monotonic()
        missing = [item for item in self.items if not outcome_file(self.outcomes, item.name).exists()]
        if self.at_once > 1:
            self._side_by_side(missing)
            return
        for item in missing:
            self._begin(item, first=item is missing[0])
            self._end(item, partial(item.fn, *item.args))

    def _side_by_side(self, missing: list[Item]) -> None:
        """Make the calls in processes of their own, each with a GPU of the job where it has any."""
        waiting, running = iter(missing), dict[Future[Any], Item]()
        with Pool(self.at_once, self.threads, devices=devices_for("auto") or None) as pool:
            while True:
                for item in islice(waiting, self.at_once - len(running)):
                    self._begin(item, first=item in missing[: self.at_once])
                    running[pool.submit(item.fn, *item.args)] = item
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    self._end(running.pop(future), future.result)

    def _begin(self, item: Item, *, first: bool) -> None:
        write_text(begun_file(self.outcomes, item.name), "")
        self._at[item] = first

    def _end(self, item: Item, call: Callable[[], Any]) -> None:
        write_text(outcome_file(self.outcomes, item.name), _made(call))
        del self._at[item]

    def checkpoint(self) -> Any:
        """Return this chunk, to be called again in a job of the same number; submitit asks when the job will be ended.

        A cell that had the whole time of a job and did not end in it never would: its outcome says so.
        """
        from submitit.helpers import DelayedSubmission

        # What had less than the whole time because of others before it has all of it next time.
        for item in [item for item, first in self._at.items() if first and self._timed_out()]:
            path = outcome_file(self.outcomes, item.name)
            if not path.exists():
                why = f"it needs more than the {self.minutes} minutes of a job; ask for more with engine.minutes"
                write_text(path, _error(WorkerDied(why)))
        return DelayedSubmission(Chunk(self.outcomes, self.items, self.minutes, self.threads, self.at_once))

    def _timed_out(self) -> bool:
        # Slurm may send the signal up to a minute early.
        limit = 60.0 * self.minutes
        return time.monotonic() - self._begun >= max(0.8 * (limit - SIGNAL_SECONDS), limit - SIGNAL_SECONDS - 90)


def outcome_file(outcomes: Path, name: str) -> Path:
    """Return where the outcome of a call goes."""
    return outcomes / f"{name}.json"


def begun_file(outcomes: Path, name: str) -> Path:
    """Return the file that says that a call was begun."""
    return outcomes / f"{name}.begun"


def read_outcome(text: str) -> tuple[Any, Exception | None]:
    """Return the result of a call, or the error it ended by."""
    found = json.loads(text)
    if "result" in found:
        return found["result"], None
    kinds: dict[str, type[Exception]] = {"FairforgetError": FairforgetError, "WorkerDied": WorkerDied}
    error = kinds.get(found["error"], RuntimeError)(str(found["message"]))
    for note in found["notes"]:
        error.add_note(str(note))
    return None, error


def _made(call: Callable[[], Any]) -> str:
    """Return the outcome of a call as JSON."""
    try:
        return json.dumps({"result": call()})
    except SystemExit as error:
        return _error(RuntimeError(f"the job called sys.exit({error.code!r})"))
    except FairforgetError as error:
        return _error(error)
    except Exception as error:  # noqa: BLE001 - it comes out of result()
        return _error(error, f"In job {os.environ[JOB_LOG]}:\n{traceback.format_exc()}")


def _error(error: Exception, *notes: str) -> str:
    if isinstance(error, FairforgetError):
        kind = "WorkerDied" if isinstance(error, WorkerDied) else "FairforgetError"
        return json.dumps({"error": kind, "message": str(error), "notes": list(notes)})
    message = f"{type(error).__name__}: {error}"
    return json.dumps({"error": "RuntimeError", "message": message, "notes": list(notes)})


def _leave_at_once() -> None:
    """Have a preempted job end where it is, once it is queued again.

    submitit raises SystemExit there, in the middle of whatever runs. Code that takes it for a failing plugin would end
    with a wrong answer, and write that down.
    """
    from submitit import JobEnvironment

    number = signal.Signals[f"SIG{JobEnvironment().USR_SIG}"]
    requeue = signal.getsignal(number)

    def leave(signum: int, frame: FrameType | None) -> None:
        try:
            if callable(requeue):
                requeue(signum, frame)
        except SystemExit as error:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(error.code & 0xFF if isinstance(error.code, int) else 1)
        except Exception:  # noqa: BLE001 - it could not be queued again: what runs goes on as long as it is let
            traceback.print_exc()

    signal.signal(number, leave)


def _log(outcomes: Path) -> str:
    """Return the log of this job, from the folder of the run on."""
    from submitit import JobEnvironment

    session = outcomes.parent
    return f"{session.parent.name}/{session.name}/{JobEnvironment().paths.stderr.name}"
