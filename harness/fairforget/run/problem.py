"""What a record says of the error that a cell ended by."""

from __future__ import annotations

import errno
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import torch

from fairforget.errors import FairforgetError, MachineFault
from fairforget.interrupted import heed_interrupt
from fairforget.run.updates.failure import UnlearningFailed

_MACHINE: Final = {
    errno.ENOSPC: "no space is left on the disk; free some",
    errno.EDQUOT: "no space is left on the disk; free some",
    errno.EROFS: "the disk is read-only; let it be written",
    errno.EIO: "the disk cannot be read or written; look after it",
    errno.EMFILE: "the process has too many files open; raise the limit (ulimit -n)",
    errno.ENFILE: "the machine has too many files open; close some",
}
_ROOM: Final = (
    "--dry-run estimates what is needed. Of the same numbers: fewer workers, model.gradient_checkpointing, "
    "optimizer.micro_batch_size, evaluation.batch_tokens; of others: optimizer.adapter, batch_size, model.dtype"
)
_ALLOCATION: Final = ("can't allocate memory", "not enough memory", "Cannot allocate memory")


def problem_of(error: Exception) -> dict[str, Any]:
    """Return the problem of a cell that ended by `error`; for what nobody foresaw with its traceback.

    Memory that does not suffice is a problem of the cell: it would not suffice the next time either.

    Raises:
        MachineFault: the error says nothing of the cell (a full disk, say). Written down as its failure, it would stand
            in the board as one of the method, and the next run would pass the cell over.
        KeyboardInterrupt: the error came of one.
    """
    heed_interrupt(error)
    if isinstance(error, MachineFault):
        raise error
    if isinstance(error, OSError) and error.errno in _MACHINE:
        where = f" ({error.filename})" if error.filename else ""
        msg = f"{_MACHINE[error.errno]} and run the same command again, what is done is kept{where}"
        raise MachineFault(msg) from error
    if isinstance(error, UnlearningFailed):
        return {"kind": error.kind, "message": str(error)}
    if isinstance(error, FairforgetError):
        return {"kind": "refused", "message": str(error)}
    told = {"message": f"{type(error).__name__}: {error}", "traceback": _traceback(error)}
    if not _is_of_memory(error):
        return {"kind": "exception", **told}
    mend = f"make room ({_ROOM}) and try the cell again with --retry-failed"
    return {"kind": "out-of-memory", **told, "message": f"{told['message']}; {mend}"}


@contextmanager
def memory_told(what: str) -> Iterator[None]:
    """Say what to do where memory runs out inside, which is no part of a cell.

    Args:
        what: is done inside, for the message.

    Raises:
        MachineFault: instead of what Python, torch or the system raise for want of memory.
    """
    try:
        yield
    except Exception as error:
        if not _is_of_memory(error):
            raise
        first = str(error).partition("\n")[0]
        msg = (
            f"memory ran out while {what} ({type(error).__name__}{': ' if first else ''}{first}); make room ({_ROOM}) "
            "and run the same command again, what is done is kept"
        )
        raise MachineFault(msg) from error


def _is_of_memory(error: Exception) -> bool:
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    # On a CPU torch raises a plain RuntimeError.
    return isinstance(error, RuntimeError | OSError) and any(text in str(error) for text in _ALLOCATION)


def _traceback(error: Exception) -> str:
    return "".join(traceback.format_exception(error))
