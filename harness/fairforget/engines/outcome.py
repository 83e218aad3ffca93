"""How a job ended, in a form that crosses to another process whole."""

from __future__ import annotations

import pickle
import traceback
from typing import Any

from fairforget.errors import FairforgetError


def outcome(job: bytes) -> bytes:
    """Do a job and return how it ended, for `result_of`.

    Args:
        job: pickled ``(fn, args)``, from our own side.
    """
    try:
        fn, args = pickle.loads(job)  # noqa: S301 - from our own parent
        return pickle.dumps((True, fn(*args)))
    except SystemExit as error:
        # Handed on as it is, it would end the parent.
        return pickle.dumps((False, RuntimeError(f"the job called sys.exit({error.code!r})")))
    except FairforgetError as error:
        return _pickled(error)  # its message is for the user, and says everything
    except Exception as error:  # noqa: BLE001 - it comes out of result()
        return _pickled(error, f"In the worker process:\n{traceback.format_exc()}")


def result_of(found: bytes) -> Any:
    """Return what the job of an `outcome` returned, or raise what it raised."""
    succeeded, value = pickle.loads(found)  # noqa: S301 - from a process of our own
    if succeeded:
        return value
    raise value


def _pickled(error: Exception, *notes: str) -> bytes:
    for note in notes:
        error.add_note(note)
    try:
        pickled = pickle.dumps((False, error))
        # Many exceptions can be pickled and not be made again from that.
        pickle.loads(pickled)  # noqa: S301 - of our own making
    except Exception:  # noqa: BLE001 - then its text has to do
        told = RuntimeError(f"{type(error).__name__}: {error}")
        for note in notes:
            told.add_note(note)
        return pickle.dumps((False, told))
    return pickled
