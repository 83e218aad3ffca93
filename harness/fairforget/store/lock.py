"""Locks of the operating system on files: they end with the process that holds them, however that ends.

No lock has a time in it, so that no clock that jumps can break one. Nothing that is computed depends on them: files are
whole or not there, and a cell gives the same numbers wherever it runs. What a lock saves is doing the same work twice.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import platform
import secrets
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fairforget.store.regular import read_regular

_TAKEN: Final = frozenset({errno.EAGAIN, errno.EACCES, errno.EWOULDBLOCK, errno.ESTALE})
_NO_LOCKS: Final = frozenset({errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOLCK})
_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
MOST: Final = 4096
"""Bytes of a lock's file that are written and read."""
_TRIES: Final = 10
_FIRST_PAUSE: Final = 0.02
_LONGEST_PAUSE: Final = 1.0
_FIRST_LOOK: Final = 0.0005
_LAST_LOOK: Final = 0.1


@dataclass(slots=True)
class Lock:
    """A lock that is held; its file says who holds it."""

    path: Path
    guards: bool
    """Whether others are kept out; on a file system without locks they are not."""
    _handle: int | None
    _released: bool = False

    def tell(self, **about: Any) -> None:
        """Write into the file what others may know of the holder, beside process and machine."""
        text = json.dumps({"pid": os.getpid(), "host": platform.node(), **about}).encode()
        if self._handle is not None and not self._released and len(text) <= MOST:
            with contextlib.suppress(OSError):  # it is for messages only
                # In one write, blanks over the rest of what stood there: `told` looks again at what is half of each.
                os.pwrite(self._handle, text.ljust(min(os.fstat(self._handle).st_size, MOST)), 0)

    def release(self, *, remove: bool = False) -> None:
        """Let others have it; with `remove` its file goes too, and whoever wants it next makes a new one."""
        if self._released:
            return
        self._released = True
        try:
            if remove:
                # While it is still held: who has opened the file meanwhile sees that it has no name any more.
                with contextlib.suppress(OSError):
                    self.path.unlink()
        finally:
            if self._handle is not None:
                os.close(self._handle)


def try_lock(path: Path) -> Lock | None:
    """Return the lock on a file, or None where another process has it; folders are made as needed.

    Raises:
        OSError: the file cannot be made or opened.
    """
    while True:
        handle = _opened(path)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(handle).st_nlink:
                lock = Lock(path, True, handle)
                lock.tell()
                return lock
        except OSError as error:
            os.close(handle)
            if error.errno in _NO_LOCKS:
                return Lock(path, False, None)
            if error.errno in _TAKEN:
                return None
            raise
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)  # its last holder has removed the file since it was opened


@contextmanager
def locked(
    path: Path, waits: Callable[[str], None] = lambda _: None, *, patience: float | None = None
) -> Iterator[Lock]:
    """Hold the lock on a file while inside; wait for whoever has it, and take it over where its holder dies.

    Args:
        path: of the file; it stays.
        waits: is told once who has it, where there is someone to wait for.
        patience: seconds to wait at most; None = as long as it takes.

    Raises:
        OSError: the file cannot be made or opened.
        TimeoutError: another has it still.
    """
    begin, pause = time.monotonic(), _FIRST_PAUSE
    while (lock := try_lock(path)) is None:
        if pause == _FIRST_PAUSE:
            waits(holder(path))
        if patience is not None and time.monotonic() - begin > patience:
            raise TimeoutError(holder(path))
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
    try:
        if pause > _FIRST_PAUSE:
            _look_again(path.parent)
        yield lock
    finally:
        lock.release()


def held_by(path: Path) -> str | None:
    """Return who holds a lock, as `holder` does, or None where nobody does or it cannot be told."""
    try:
        lock = try_lock(path) if path.exists() else None
    except OSError:
        return None
    if lock is None:
        return holder(path) if path.exists() else None
    lock.release()
    return None


def is_held(path: Path) -> bool | None:
    """Return whether somebody holds a lock, without writing anything; None where that cannot be told.

    The lock is taken for a moment, beside others that only ask. Who wants it in that moment does not get it: see to it
    that nobody can.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return False
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return True if error.errno in _TAKEN else None
    finally:
        os.close(handle)
    return False


def told(path: Path) -> dict[str, Any]:
    """Return what the holder of a lock has told; nothing where it has not, or nothing that can be read.

    Who reads while another writes may find a half of the old and a half of the new. What is no JSON is looked at again
    therefore, for as long as a writer that was sent to sleep in the middle may take to wake.
    """
    pause = _FIRST_LOOK
    while True:
        try:
            text = read_regular(path, MOST)[:MOST]
        except OSError:
            return {}
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            if not text or pause > _LAST_LOOK:
                return {}
            time.sleep(pause)
            pause *= 2
        else:
            return found if isinstance(found, dict) else {}


def holder(path: Path) -> str:
    """Return who says to hold a lock, for a message: ``process 12 on host``; "another process" where nobody says so."""
    found = told(path)
    pid, host = found.get("pid"), found.get("host")
    if type(pid) is not int or not isinstance(host, str):
        return "another process"
    return f"process {pid} on {host[:80]}"


def add_to(path: Path, **about: Any) -> None:
    """Write into the file of a lock that this process holds, as `Lock.tell` does; nothing where it has no file."""
    with contextlib.suppress(OSError):
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            Lock(path, True, handle).tell(**about)
        finally:
            os.close(handle)


def _look_again(folder: Path) -> None:
    """Have a client of a network file system forget which files were not there a moment ago.

    It keeps for seconds that a name is missing, and asks anew once it has changed the folder itself.
    """
    with contextlib.suppress(OSError):
        path = folder / f".{secrets.token_hex(8)}.look"
        os.close(os.open(path, _FLAGS | os.O_EXCL, 0o600))
        path.unlink()


def _opened(path: Path) -> int:
    for _ in range(_TRIES):
        try:
            return os.open(path, _FLAGS, 0o666)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)  # whoever was the last to leave may have removed it
    return os.open(path, _FLAGS, 0o666)
