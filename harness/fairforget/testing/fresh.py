"""What importing a plugin does, asked in a process of its own: ``python -m fairforget.testing.fresh …``."""

from __future__ import annotations

import importlib
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from fairforget.errors import FairforgetError

_SECONDS = 120


def import_report(target: str, plugin_files: list[str]) -> dict[str, Any]:
    """Import a target in a new process and return what that did.

    Args:
        target: ``module:attribute``.
        plugin_files: given by ``--plugin``; the target may be in one of them.

    Returns:
        ``printed``, ``written`` (files), ``network``, ``processes``, ``generators`` (changed), ``error`` (or null).

    Raises:
        FairforgetError: the process ended without an answer.
    """
    with tempfile.TemporaryDirectory(prefix="fairforget-check-") as folder:
        answer = Path(folder) / "answer.json"
        here = Path(folder) / "here"
        here.mkdir()
        paths = os.pathsep.join(p for p in map(os.path.abspath, sys.path) if Path(p).exists())
        environ = {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-m", "fairforget.testing.fresh", str(answer), target, *plugin_files]
        done = subprocess.run(
            command, cwd=here, env=environ, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
        if not answer.is_file():
            msg = f"a fresh process that imports {target} ended with {done.returncode}: {done.stderr.strip()[-500:]}"
            raise FairforgetError(msg)
        found: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
        found["printed"] = done.stdout
        found["left"] = sorted(p.name for p in here.rglob("*"))
        return found


def _main(answer: str, target: str, *plugin_files: str) -> None:
    import numpy as np

    from fairforget.candidates import from_files
    from fairforget.testing.watch.audit import hearing

    candidates, _ = from_files([Path(file) for file in plugin_files])
    python, of_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 - what a module may disturb
    error = None
    with hearing([Path(tempfile.gettempdir()) / "torchinductor"]) as heard:
        try:
            for candidate in candidates:
                candidate.load()
            importlib.import_module(target.partition(":")[0])
        except BaseException as raised:  # noqa: BLE001 - a module may do anything while it is imported
            error = f"{type(raised).__name__}: {raised}"
    changed = [] if random.getstate() == python else ["python"]
    now = np.random.get_state()  # noqa: NPY002
    if not all(np.array_equal(a, b) for a, b in zip(of_numpy, now, strict=True)):
        changed.append("numpy")
    torch: Any = sys.modules.get("torch")
    if torch is not None and _touched(torch):
        changed.append("torch")
    sys.stdout.flush()
    report = {"written": heard.written, "network": heard.network, "processes": heard.processes}
    Path(answer).write_text(json.dumps({**report, "generators": changed, "error": error}), encoding="utf-8")


def _touched(torch: Any) -> bool:
    """Return whether somebody seeded torch's generator, or drew from it.

    It is born with a seed of 53 or 64 random bits, which nobody gives by hand.
    """
    seed = torch.initial_seed()
    born = torch.Generator().manual_seed(seed).get_state()
    return seed < 2**32 or not torch.equal(torch.get_rng_state(), born)


if __name__ == "__main__":
    _main(*sys.argv[1:])
