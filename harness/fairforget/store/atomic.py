"""Files that are either whole or not there."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import platform
import re
import secrets
import time
from pathlib import Path
from typing import Final

from fairforget.errors import MachineFault

_PARTIAL: Final = re.compile(r"\..+\.(?P<host>[0-9a-f]{8})-(?P<pid>[0-9]{1,10})-[0-9a-f]{8}\.partial")
_DAY: Final = 86_400.0
_TRIES: Final = 3


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8; see `write_bytes`."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file so that whoever looks, whenever, sees the old content or the new one, and never a part.

    The content goes to a temporary name in the same folder, to the disk, and then to its own name in one step. Folders
    are made as needed.

    Raises:
        MachineFault: the disk is full, read-only or not the user's; nothing half written stays.
    """
    try:
        for tries_left in reversed(range(_TRIES)):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                _write_and_move(path, content)
                break
            except FileNotFoundError:
                # Somebody has cleared the temporary file or the folder away, by a clock that is wrong, say.
                if not tries_left:
                    raise
        _sync_folder(path.parent)
    except OSError as error:
        raise MachineFault(unwritable(path, error)) from error


def remove_partials(folder: Path) -> list[Path]:
    """Remove what writers that died left in `folder`, and return it; what a living one is writing stays.

    A writer on another machine cannot be asked whether it lives: its files count as left after a day.
    """
    removed = []
    for path in sorted(folder.glob(".*.partial")):
        found = _PARTIAL.fullmatch(path.name)
        if found is None or not _abandoned(path, found["host"], int(found["pid"])):
            continue
        with contextlib.suppress(OSError):
            path.unlink()
            removed.append(path)
    return removed


def unwritable(path: Path, error: OSError) -> str:
    """Return why `path` could not be written, and what to do about it."""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            mend = "no space is left on the disk; free some and run the same command again, what is done is kept"
        case errno.EFBIG:
            mend = "the system allows no file of that size (ulimit -f); raise the limit and run the same command again"
        case errno.EROFS:
            mend = "the disk is read-only; choose another folder"
        case errno.EACCES | errno.EPERM:
            mend = "this user may not write there; choose another folder or change its rights"
        case errno.EEXIST | errno.ENOTDIR:
            mend = "a file is where a folder should be; move it away or choose another folder"
        case errno.EISDIR:
            mend = "a folder is where the file should be; move it away or choose another folder"
        case _:
            mend = error.strerror or str(error)
    return f"cannot write {path}: {mend}"


def partial_name(name: str) -> str:
    """Return a name for what is there only as long as this process lives; see `remove_partials`."""
    return f".{name[:80]}.{_host()}-{os.getpid()}-{secrets.token_hex(4)}.partial"


def _host() -> str:
    # A hash, for the name of the machine is nobody's business where results are passed on.
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def _write_and_move(path: Path, content: bytes) -> None:
    partial = path.parent / partial_name(path.name)
    try:
        _write_through(partial, content)
        partial.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise


def _write_through(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o666)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut, where the file system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _abandoned(path: Path, host: str, pid: int) -> bool:
    try:
        age = time.time() - path.lstat().st_mtime
    except OSError:
        return False
    return age > _DAY or (host == _host() and not _alive(pid))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # another user's, or no process number at all
        return True
    return True
