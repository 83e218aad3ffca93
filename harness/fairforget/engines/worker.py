"""One spawned process and the conversation with it.

`concurrent.futures.ProcessPoolExecutor` fails every job in flight when one process dies, and does not say which job
killed it. A process with a pipe of its own loses one job, and its exit code is known.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
import traceback
from collections.abc import Mapping
from multiprocessing import connection
from typing import Any, Final

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
            succeeded, value = pickle.loads(self._pipe.recv_bytes())  # noqa: S301 - from a process of our own
        except (EOFError, OSError) as error:
            msg = f"the worker process died in the middle of the job: {describe_exit(self._exit_code())}"
            raise WorkerDied(msg) from error
        if succeeded:
            return value
        raise value

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
        return "killed by SIGKILL, most often because the machine ran out of memory; use fewer workers"
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
            job = pipe.recv_bytes()
        except (EOFError, OSError):
            return
        pipe.send_bytes(_outcome(job))


def _end_with_parent() -> None:
    """End this process when its parent has died, whatever it is at: nobody would read its result."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _outcome(job: bytes) -> bytes:
    """Return the pickled ``(True, result)`` or ``(False, exception)`` of a job."""
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
