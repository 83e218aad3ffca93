"""The command line in this process, with everything it does to the machine heard by Python's audit events."""

from __future__ import annotations

import contextlib
import io
import os
import resource
import site
import sys
import sysconfig
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import fairforget
from fairforget.cli import main
from fairforget.testing.watch.audit import hearing

PROJECT = Path(fairforget.__file__).resolve().parents[2]
TRUSTED = tuple(
    str(Path(folder).resolve()) + os.sep
    for folder in {
        *sysconfig.get_paths().values(),
        *site.getsitepackages(),
        PROJECT / "harness",
        PROJECT / "plugins",
    }
)
MADE = ("<frozen ", "<attrs generated", "<__array_function__")
"""Where code says it comes from that the interpreter and libraries make for themselves."""
RUNS = frozenset("pickle.find_class os.system os.exec os.posix_spawn os.spawn os.fork ctypes.dlopen".split())


@dataclass
class Watch:
    """What was run while it was open."""

    trusted: tuple[str, ...] = ()
    """Where code may lie besides."""
    ran: list[str] = field(default_factory=list)

    def take(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "exec":
            self._code(getattr(arguments[0], "co_filename", repr(arguments[0])[:80]), sys._getframe(2))
        elif event == "compile" and arguments[1] is not None:
            self._code(os.fsdecode(arguments[1]), sys._getframe(2))
        elif event == "import" and arguments[1] is not None:
            # Only what is loaded from a binary says here where it lies.
            self._code(os.fsdecode(arguments[1]), None)
        elif event in RUNS:
            if event == "ctypes.dlopen" and _trusted_frame(sys._getframe(2)):
                return
            self.ran.append(f"{event} {arguments[:2]!r}"[:200])

    def _code(self, filename: str, frame: Any) -> None:
        if filename.startswith((*TRUSTED, *MADE, *self.trusted)):
            return
        # namedtuple, dataclasses and the like make code of names that their own callers wrote.
        if filename.startswith("<") and frame is not None and _trusted_frame(frame):
            return
        self.ran.append(f"code of {filename}")


def _trusted_frame(frame: Any) -> bool:
    name = frame.f_code.co_filename
    return name.startswith((*TRUSTED, "<frozen ")) and not name.startswith(str(PROJECT))


@cache
def _watches() -> list[Watch]:
    """Return who hears; a process cannot take an audit hook back, so it gets one, once."""
    found: list[Watch] = []

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        for watch in found:
            watch.take(event, arguments)

    sys.addaudithook(hook)
    return found


@contextlib.contextmanager
def _memory() -> Iterator[None]:
    """End what asks for 4 GiB more than there is with a MemoryError, before it ends the machine."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 4 * 2**30, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


def run(
    *arguments: object, allowed: tuple[Path, ...] = (), plugins: tuple[Path, ...] = (), starts: tuple[str, ...] = ()
) -> Ended:
    """Run a command and look at what it did.

    Whatever it is given, it returns 0, 1 (done, but something in it failed) or 2; it says why where it is not 0; it
    steers no terminal; it writes only in the folders that are `allowed`; it runs no code but its own, starts no process
    and asks for no address, nor for memory without end.

    Args:
        arguments: of the command line.
        allowed: folders in which files may be written.
        plugins: folders whose code may run, because the user installed it.
        starts: programs that may be started.
    """
    out, err, watch = io.StringIO(), io.StringIO(), Watch(tuple(map(str, plugins)))
    with hearing(allowed) as heard, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        _watches().append(watch)
        try:
            with warnings.catch_warnings(), _memory():
                warnings.simplefilter("error")
                code = main([str(argument) for argument in arguments])
        finally:
            _watches().remove(watch)
    found = Ended(code, out.getvalue(), err.getvalue())
    assert found.code in {0, 1, 2}, f"it ended with {found.code}"
    assert "Traceback" not in found.err, f"it shows a traceback: {found.err}"
    assert "MemoryError" not in found.err, f"it asked for more memory than there is: {found.err}"
    assert found.code == 0 or found.err or found.out, "it failed and does not say why"
    for text in (found.out, found.err):
        odd = {character for character in text if not character.isprintable()} - set("\n\t")
        assert not odd & STEERING, f"{sorted(odd)} reached the terminal"
    assert not heard.written, f"it wrote {heard.written}"
    assert not heard.network, f"it asked for {heard.network}"
    expected = {f"subprocess.Popen {program!r}" for program in starts}
    assert set(heard.processes) <= expected, f"it started {heard.processes}"
    assert not watch.ran, f"it ran {watch.ran}"
    return found


STEERING = frozenset(map(chr, (*range(9), 11, 12, 13, *range(14, 32), *range(0x7F, 0xA0)))) | frozenset(
    "\u200b\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
)
"""Characters that move the cursor, colour the screen or turn the order of letters round."""
