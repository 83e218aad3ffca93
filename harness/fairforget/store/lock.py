"""One ``fairforget run`` at a time in a folder."""

from __future__ import annotations

import contextlib
import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from fairforget.errors import FairforgetError
from fairforget.store.atomic import unwritable, write_text

_LOCK: Final = ".lock"
_OWNER: Final = ".lock-owner.json"


@contextmanager
def run_lock(folder: Path) -> Iterator[None]:
    """Hold the folder of a run while inside; it is made if it is not there.

    The lock is the operating system's: it ends with the process that holds it, however that ends.

    Raises:
        FairforgetError: another process holds it, or the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    path = folder / _LOCK
    lock = FileLock(path, timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        msg = (
            f"{folder} is in use by another 'fairforget run'{_owner(folder)}; wait for it, end it, or choose another "
            "folder with --out"
        )
        raise FairforgetError(msg) from None
    except OSError as error:
        raise FairforgetError(unwritable(path, error)) from error
    except NotImplementedError as error:
        msg = f"the file system of {folder} has no locks; choose a folder on another disk with --out"
        raise FairforgetError(msg) from error
    try:
        write_text(folder / _OWNER, json.dumps({"pid": os.getpid(), "host": platform.node()}) + "\n")
        yield
    finally:
        with contextlib.suppress(OSError):
            (folder / _OWNER).unlink(missing_ok=True)
        lock.release()


def _owner(folder: Path) -> str:
    """Return who says to hold the lock; nothing where nobody says so."""
    try:
        found = json.loads((folder / _OWNER).read_bytes())
        pid, host = found["pid"], found["host"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""
    if type(pid) is not int or not isinstance(host, str):
        return ""
    return f" (process {pid} on {host[:80]})"
