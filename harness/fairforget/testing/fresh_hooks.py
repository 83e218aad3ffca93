"""What listing the plugins of a distribution imports, asked in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from fairforget.errors import FairforgetError

HEAVY: Final = ("torch", "transformers", "datasets", "lm_eval", "numpy", "scipy", "pandas")
"""What takes long to import, and nobody needs who lists plugins."""
_SECONDS: Final = 120


def listing_report(dist: str, plugin_files: Sequence[Path]) -> dict[str, Any]:
    """Load the plugins of a distribution in a new process and call the hooks that name things.

    Returns:
        ``heavy``: the modules of `HEAVY` that were imported; ``printed``: on standard output.

    Raises:
        FairforgetError: the process ended without an answer.
    """
    paths = os.pathsep.join(p for p in map(os.path.abspath, sys.path) if Path(p).exists())
    environ = {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    with tempfile.TemporaryDirectory(prefix="fairforget-check-") as folder:
        answer = Path(folder) / "answer.json"
        command = [sys.executable, "-m", "fairforget.testing.fresh_hooks", str(answer), dist, *map(str, plugin_files)]
        done = subprocess.run(
            command, cwd=folder, env=environ, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
        if not answer.is_file():
            msg = f"a fresh process that lists {dist} ended with {done.returncode}: {done.stderr.strip()[-500:]}"
            raise FairforgetError(msg)
        return {"heavy": json.loads(answer.read_text(encoding="utf-8")), "printed": done.stdout}


def _main(answer: str, dist: str, *plugin_files: str) -> None:
    from fairforget.candidates import from_files, installed
    from fairforget.kinds import HOOKS
    from fairforget.switches import same_distribution

    given, _ = from_files([Path(file) for file in plugin_files])
    for candidate in [*installed(), *given]:
        if not same_distribution(candidate.dist, dist):
            continue
        with contextlib.suppress(Exception, SystemExit):  # another check is about that
            plugin = candidate.load()
            for hook in HOOKS.values():
                if callable(named := getattr(plugin, hook, None)):
                    list(named())
    sys.stdout.flush()
    Path(answer).write_text(json.dumps([name for name in HEAVY if name in sys.modules]), encoding="utf-8")


if __name__ == "__main__":
    _main(*sys.argv[1:])
