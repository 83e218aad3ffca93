"""A process that has imported everything, and forks a process for each run: real processes in milliseconds.

Reads one JSON list of runs a line, starts them side by side, and answers with a JSON list of how each ended.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
import signal
import sys
import time
from pathlib import Path
from typing import Any


def main() -> None:
    """Serve until standard input is closed."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        asked = json.loads(line)
        if "imports" in asked:
            _import(asked["imports"])
            found: Any = len(sys.modules)
        else:
            found = _side_by_side(asked["runs"])
        print(json.dumps(found), file=answers, flush=True)


def _import(names: list[str]) -> None:
    for name in names:
        try:
            importlib.import_module(name)
        except Exception:  # noqa: BLE001 - a module that cannot be imported by itself is imported by its run
            continue


def _side_by_side(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    begun = time.monotonic()
    pids: dict[int, int] = {}
    pipes: dict[int, str] = {}
    ended: dict[int, dict[str, Any]] = {}
    waiting = sorted(range(len(runs)), key=lambda i: runs[i].get("delay", 0.0))
    while waiting or pids:
        while waiting and time.monotonic() - begun >= runs[waiting[0]].get("delay", 0.0):
            number = waiting.pop(0)
            pids[_fork(runs[number], pipes)] = number
        _drain(pipes)
        if time.monotonic() - begun > 120:
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
        pid, status, used = os.wait4(-1, os.WNOHANG) if pids else (0, 0, None)
        if pid == 0:
            time.sleep(0.002)
            continue
        ended[pids.pop(pid)] = {
            "code": os.waitstatus_to_exitcode(status),
            "cpu": 0.0 if used is None else used.ru_utime + used.ru_stime,
            "ended": time.monotonic(),
        }
    _drain(pipes)
    for handle in pipes:
        os.close(handle)
    return [ended[i] for i in range(len(runs))]


def _fork(run: dict[str, Any], pipes: dict[int, str]) -> int:
    """Start a run; its streams are pipes, because a limit on the size of files is one of the faults."""
    theirs = []
    for name in ("out", "err", "journal"):
        mine, other = os.pipe()
        os.set_blocking(mine, False)
        pipes[mine] = run[name]
        theirs.append(other)
    pid = os.fork()
    if pid:
        for handle in theirs:
            os.close(handle)
        return pid
    code = 70
    try:
        for stream, handle in ((0, os.open(os.devnull, os.O_RDONLY)), (1, theirs[0]), (2, theirs[1])):
            os.dup2(handle, stream)
        code = _child(run, theirs[2])
    except BaseException:  # noqa: BLE001 - as the interpreter does: a traceback and exit code 1
        import traceback

        traceback.print_exc()
        code = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _drain(pipes: dict[int, str]) -> None:
    for handle, name in pipes.items():
        with contextlib.suppress(BlockingIOError), Path(name).open("ab") as file:
            while content := os.read(handle, 1 << 16):
                file.write(content)


def _child(run: dict[str, Any], journal: int) -> int:
    """Run one command as ``python -m fairforget`` would, under its fault."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.environ.update(run["environ"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    import inject

    from fairforget.cli import main as command

    inject.arm(run, journal)
    code = command(run["argv"])
    inject.disarm()
    if "modules" in run:
        Path(run["modules"]).write_text("\n".join(sorted(sys.modules)))
    return code


if __name__ == "__main__":
    main()
