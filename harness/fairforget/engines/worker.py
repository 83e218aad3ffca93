"""One spawned process and the conversation with it.

`concurrent.futures.ProcessPoolExecutor` fails every job in flight when one process dies, and does not say which job
killed it. A process with a pipe of its own loses one job, and its exit code is known.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Mapping
from multiprocessing import connection
from typing import Any, Final

from fairforget.engines.outcome import outcome, result_of
from fairforget.errors import FairforgetError, WorkerDied

_READY: Final = b"ready"
_MAIN_HINT: Final = (
    "could not start a worker process (exit code {code}). In a script of your own, what starts a study has to stand "
    "under: if __name__ == '__main__':"
)


class Worker:
    """A process that does one job at a time; the side of the parent."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Start the process.

        Args:
            environ: set in the process before it imports anything, so that torch reads its number of threads from it.
        """
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs,), name="fairforget-worker")
        before = {name: os.environ.get(name) for name in environ}
        os.environ.update(environ)
        try:
            self.process.start()
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
            theirs.close()

    def wait_until_ready(self) -> None:
        """Wait for the process to say that it is there.

        Raises:
            FairforgetError: it ended before that.
        """
        try:
            self._pipe.recv_bytes()
        except (EOFError, OSError) as error:
            raise FairforgetError(_MAIN_HINT.format(code=self._exit_code())) from error

    def run(self, job: bytes) -> Any:
        """Have a pickled ``(fn, args)`` done and return its result, or raise what it raised.

        Raises:
            WorkerDied: the process died over it.
        """
        try:
            self._pipe.send_bytes(job)
            found = self._pipe.recv_bytes()
        except (EOFError, OSError) as error:
            msg = f"the worker process died in the middle of the job: {describe_exit(self._exit_code())}"
            raise WorkerDied(msg) from error
        return result_of(found)

    @property
    def alive(self) -> bool:
        """Whether the process can take another job."""
        return self.process.is_alive()

    def close(self) -> None:
        """End an idle process, or clear up after a dead one."""
        self._pipe.close()
        self.process.join(timeout=5)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.process.close()

    def end(self, *, at_once: bool) -> None:
        """Ask the process to end, or end it."""
        (self.process.kill if at_once else self.process.terminate)()

    def _exit_code(self) -> int | None:
        self.process.join(timeout=5)
        return self.process.exitcode


def describe_exit(code: int | None) -> str:
    """Return what an exit code of `multiprocessing.Process` means."""
    if code is None or code >= 0:
        return f"exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    if name == "SIGKILL":
        why = "most often because the machine ran out of memory"
        return f"killed by SIGKILL, {why}; use fewer workers, and see what --dry-run estimates"
    return f"killed by {name}"


def serve(pipe: connection.Connection) -> None:
    """Do jobs until the pipe is closed; the side of the process."""
    # Ctrl-C reaches the whole process group; the parent decides what ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # Standard output belongs to the command in the parent, and may be JSON.
    os.dup2(2, 1)
    pipe.send_bytes(_READY)
    while True:
        try:
            pipe.send_bytes(outcome(pipe.recv_bytes()))
        except (EOFError, OSError):  # nobody is there any more
            return


def _end_with_parent() -> None:
    """End this process when its parent has died, whatever it is at: nobody would read its result."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
