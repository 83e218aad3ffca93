"""What a plugin answers in a process of its own: ``python -m fairforget.testing.fresh_answers …``."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairforget.errors import FairforgetError

if TYPE_CHECKING:
    from fairforget.testing.examined import Examined

_SECONDS = 300


def fresh_answers(examined: Examined) -> dict[str, Any]:
    """Return `fairforget.testing.checks.answers.answers` of a new process, in which texts have other hash values.

    The questions come in reverse there, so that what is kept from one to the next shows.

    Raises:
        FairforgetError: the process ended without an answer.
    """
    seed = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
    paths = os.pathsep.join(p for p in map(os.path.abspath, sys.path) if Path(p).exists())
    environ = {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": seed}
    asked = {
        "kind": examined.kind,
        "target": examined.entry.target,
        "file": getattr(sys.modules.get(examined.entry.target.partition(":")[0]), "__file__", None),
        "options": examined.described()["options"],
        "plugin_files": [str(file) for file in examined.registry.plugin_files],
        "cache": str(examined.lab.cache),
    }
    with tempfile.TemporaryDirectory(prefix="fairforget-check-") as folder:
        answer = Path(folder) / "answer.json"
        done = subprocess.run(
            [sys.executable, "-m", "fairforget.testing.fresh_answers", str(answer), json.dumps(asked)],
            cwd=folder, env=environ, capture_output=True, text=True, timeout=_SECONDS, check=False,
        )  # fmt: skip
        if not answer.is_file():
            msg = f"a fresh process that asks it ended with {done.returncode}: {done.stderr.strip()[-500:]}"
            raise FairforgetError(msg)
        found: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
        return found


def _main(answer: str, given: str) -> None:
    import torch

    from fairforget.candidates import from_files
    from fairforget.registry import Registry
    from fairforget.testing.checks.answers import answers
    from fairforget.testing.resolve import examine

    asked = json.loads(given)
    files = [Path(file) for file in asked["plugin_files"]]
    for candidate in from_files(files)[0]:
        candidate.load()
    module, _, attribute = asked["target"].partition(":")
    found: Any = _imported(module, asked["file"])
    for part in attribute.split("."):
        found = getattr(found, part)
    torch.set_num_threads(1)
    examined = examine(
        found,
        asked["kind"],
        options=asked["options"],
        registry=Registry.discover(files),
        cache=Path(asked["cache"]),
    )
    Path(answer).write_text(json.dumps(answers(examined, backwards=True)), encoding="utf-8")


def _imported(module: str, file: str | None) -> Any:
    """Return a module by its name, or from its file where it was imported so, as modules of tests are."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        spec = None if file is None else importlib.util.spec_from_file_location(module, file)
        if error.name != module or spec is None or spec.loader is None:
            raise
        made = importlib.util.module_from_spec(spec)
        sys.modules[module] = made
        spec.loader.exec_module(made)
        return made


if __name__ == "__main__":
    _main(*sys.argv[1:])
