"""Files that are written, addresses that are asked for and processes that are started, by Python's audit events."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGING: Final[Mapping[str, int | None]] = MappingProxyType(
    {
        "os.mkdir": 2, "os.rename": 2, "os.remove": 1, "os.rmdir": 1, "os.link": 2, "os.symlink": 2, "os.chmod": 2,
        "os.utime": 3, "os.truncate": None, "sqlite3.connect": None,
    }
)  # fmt: skip
"""Which argument is the descriptor of the folder that a relative path starts from."""
_NETWORK: Final = frozenset(
    "socket.connect socket.bind socket.sendto socket.sendmsg socket.getaddrinfo socket.gethostbyname".split()
)
_PROCESSES: Final = frozenset("subprocess.Popen os.system os.fork os.forkpty os.posix_spawn os.exec os.spawn".split())


class NetworkUsed(PermissionError):
    """The kit lets nobody reach the network."""


@dataclass
class Heard:
    """What was tried."""

    allowed: Sequence[Path] = ()
    """Folders in which files may be written."""
    written: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    """Files that were opened to be read, but for Python's own modules."""
    network: list[str] = field(default_factory=list)
    processes: list[str] = field(default_factory=list)

    def take(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Note an audit event.

        Raises:
            NetworkUsed: it would reach the network; so it does not.
        """
        if event == "open":
            path, _, flags = arguments
            if isinstance(flags, int) and flags & _WRITING:
                self._wrote(path)
            elif isinstance(path, str) and not path.endswith((".py", ".pyc", ".so")):
                self.read.append(path)
        elif event in _CHANGING:
            self._wrote(_placed(arguments, _CHANGING[event]))
        elif event in _PROCESSES:
            self.processes.append(f"{event} {arguments[0]!r}" if arguments else event)
        elif event in _NETWORK and not _local(arguments):
            self.network.append(f"{event} {arguments[-1] if event == 'socket.connect' else arguments[0]!r}")
            msg = f"{event}: a plugin reaches no network while it is checked"
            raise NetworkUsed(msg)

    def _wrote(self, path: object) -> None:
        if not isinstance(path, str | bytes | os.PathLike):
            return  # a descriptor, which was opened before
        name = Path(os.path.abspath(os.fsdecode(path)))  # noqa: PTH100 - resolving would follow links that are meant
        if "__pycache__" in name.parts or name == Path(os.devnull):
            return
        if not any(name.is_relative_to(folder) for folder in self.allowed):
            self.written.append(str(name))


@contextmanager
def hearing(allowed: Sequence[Path] = ()) -> Iterator[Heard]:
    """Hear of what is tried while inside.

    Args:
        allowed: folders in which files may be written.
    """
    heard = Heard(tuple(allowed))
    listeners = _listeners()
    listeners.append(heard)
    try:
        yield heard
    finally:
        listeners.remove(heard)


@cache
def _listeners() -> list[Heard]:
    """Return who hears of audit events. A process cannot take an audit hook back, so it gets one, once."""
    found: list[Heard] = []

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        for heard in found:
            heard.take(event, arguments)

    sys.addaudithook(hook)
    return found


def _placed(arguments: tuple[Any, ...], of_folder: int | None) -> object:
    """Return the path of an event, with the folder it starts from where that was given as a descriptor."""
    path = arguments[0]
    folder = arguments[of_folder] if of_folder is not None and len(arguments) > of_folder else -1
    if not isinstance(folder, int) or folder < 0 or not isinstance(path, str | bytes | os.PathLike):
        return path
    try:
        return Path(f"/proc/self/fd/{folder}").readlink() / os.fsdecode(path)
    except OSError:
        return None  # no such system; what is left behind is seen all the same


def _local(arguments: tuple[Any, ...]) -> bool:
    """Return whether a socket is one of the system's own, which leads to no network."""
    import socket

    family = getattr(arguments[0], "family", None) if arguments else None
    return family == getattr(socket, "AF_UNIX", object())
