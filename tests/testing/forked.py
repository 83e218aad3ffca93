"""Fresh processes at the price of a fork, for tests that put the kit over many plugins.

A server has imported the large libraries of others and what the harness itself needs, and no plugin; for each command
it forks. What the process is asked, it does from there as it would have done after ``python -m``. Servers are told
apart by their ``PYTHONHASHSEED``, which a process cannot change any more.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

LARGE = ("numpy", "pydantic", "scipy.stats", "torch", "transformers", "transformers.models.llama.modeling_llama")
OURS = ("fairforget.api", "fairforget.candidates", "fairforget.registry", "fairforget.testing.resolve")


class Forks:
    """Stands in for the module `subprocess` in modules of the kit; use it as a context manager."""

    CompletedProcess = subprocess.CompletedProcess

    def __init__(self) -> None:
        self.asked: list[str] = []
        """The modules that were run."""
        self._servers: dict[str, subprocess.Popen[str]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers.values():
            assert server.stdin is not None
            server.stdin.close()
            server.wait(30)
            server.stdout.close()

    def run(
        self,
        command: Sequence[str],
        *,
        cwd: Path | str,
        env: Mapping[str, str],
        timeout: float,
        capture_output: bool,
        text: bool,
        check: bool,
    ) -> subprocess.CompletedProcess[str]:
        """Run ``python -m MODULE …``; the process hears of a signal instead of being killed when the time is over."""
        python, dash, module, *arguments = command
        assert (python, dash, capture_output, text, check) == (sys.executable, "-m", True, True, False)
        self.asked.append(module)
        with tempfile.TemporaryDirectory() as folder:
            asked = {"module": module, "arguments": arguments, "cwd": str(cwd), "env": dict(env), "seconds": timeout}
            out, err = Path(folder, "out"), Path(folder, "err")
            code = self._ask(env.get("PYTHONHASHSEED", "1"), {**asked, "out": str(out), "err": str(err)})
            return subprocess.CompletedProcess(command, code, out.read_text(), err.read_text())

    def _ask(self, seed: str, what: Mapping[str, Any]) -> int:
        if seed not in self._servers:
            environ = {**os.environ, "PYTHONHASHSEED": seed}
            pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
            self._servers[seed] = subprocess.Popen([sys.executable, __file__], env=environ, **pipes)
        server = self._servers[seed]
        print(json.dumps(what), file=server.stdin, flush=True)
        return json.loads(server.stdout.readline())


def serve() -> None:
    """Fork for every line of standard input, until it is closed."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for name in (*LARGE, *OURS):
        importlib.import_module(name)
    for line in sys.stdin:
        asked = json.loads(line)
        pid = os.fork()
        if not pid:
            answers.close()
            become(asked)
        _, status = os.waitpid(pid, 0)
        print(json.dumps(os.waitstatus_to_exitcode(status)), file=answers, flush=True)


def become(asked: Mapping[str, Any]) -> None:
    """Be the process that was asked for, to its end."""
    code = 1
    try:
        signal.alarm(int(asked["seconds"]))
        for stream, path, how in ((0, os.devnull, "r"), (1, asked["out"], "w"), (2, asked["err"], "w")):
            os.dup2(os.open(path, os.O_RDONLY if how == "r" else os.O_WRONLY | os.O_CREAT), stream)
        os.environ.clear()
        os.environ.update(asked["env"])
        os.chdir(asked["cwd"])
        sys.dont_write_bytecode = bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))
        given = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
        sys.path[:] = dict.fromkeys([asked["cwd"], *given, *sys.path])
        importlib.invalidate_caches()
        sys.argv[1:] = asked["arguments"]
        runpy.run_module(asked["module"], run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(left.code is not None)
    except BaseException:  # noqa: BLE001 - as the interpreter does: a traceback and exit code 1
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve()
