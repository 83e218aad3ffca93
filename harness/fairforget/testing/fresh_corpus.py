"""The corpus of a task, asked for in a process of its own: ``python -m fairforget.testing.fresh_corpus …``."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fairforget.errors import FairforgetError

_SECONDS = 300


def corpus_digest(target: str, options: Mapping[str, Any], plugin_files: list[str]) -> str:
    """Return the digest of a task's corpus, made in a new process in which texts have other hash values.

    Args:
        target: ``module:attribute`` of the task.
        options: as a result has them.
        plugin_files: given by ``--plugin``; the target may be in one of them.

    Raises:
        FairforgetError: the process ended without an answer.
    """
    seed = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
    paths = os.pathsep.join(p for p in map(os.path.abspath, sys.path) if Path(p).exists())
    environ = {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": seed}
    with tempfile.TemporaryDirectory(prefix="fairforget-check-") as folder:
        answer = Path(folder) / "answer.json"
        command = [sys.executable, "-m", "fairforget.testing.fresh_corpus", str(answer), target]
        done = subprocess.run(
            [*command, json.dumps(dict(options)), *plugin_files],
            cwd=folder, env=environ, capture_output=True, text=True, timeout=_SECONDS, check=False,
        )  # fmt: skip
        if not answer.is_file():
            msg = f"a fresh process that asks for the corpus ended with {done.returncode}: {done.stderr.strip()[-500:]}"
            raise FairforgetError(msg)
        return str(json.loads(answer.read_text(encoding="utf-8")))


def _main(answer: str, target: str, options: str, *plugin_files: str) -> None:
    from fairforget.candidates import from_files
    from fairforget.testing.resolve import examine

    for candidate in from_files([Path(file) for file in plugin_files])[0]:
        candidate.load()
    module, _, attribute = target.partition(":")
    cls: Any = importlib.import_module(module)
    for part in attribute.split("."):
        cls = getattr(cls, part)
    task = examine(cls, "task", options=json.loads(options)).make()
    Path(answer).write_text(json.dumps(task.corpus().digest()), encoding="utf-8")


if __name__ == "__main__":
    _main(*sys.argv[1:])
