"""Measured processes: pytest on one version each, side by side and never at the same time."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fairforget.errors import FairforgetError
from fairforget.testing.speed import measured
from fairforget.testing.speed.trees import Tree

PACKAGE = "measured_by_fairforget"
"""The name under which the measured processes import their copy of `fairforget.testing.speed.measured`."""


@dataclass(frozen=True, slots=True)
class Finished:
    """What a process left."""

    returncode: int
    output: str
    benchmarks: Mapping[str, Mapping[str, Any]]
    """By the id of the test: ``data``, ``control``, ``wall``, ``margin``."""
    foreign: Mapping[str, str] = field(default_factory=dict)
    """Benchmarks that ran the code of another version, by id: a module of it."""

    @property
    def complaint(self) -> str | None:
        """What is said where not everything ran; None where it did."""
        said = [f"{name} runs code of another version: {module}" for name, module in self.foreign.items()]
        if self.returncode:
            said.insert(0, self.output)
        return "\n".join(said) or None


class Measured:
    """A process that measures benchmarks on one version whenever it gets its turn."""

    def __init__(
        self,
        tree: Tree,
        tests: Sequence[str],
        folder: Path,
        *,
        only: str,
        copied: bool,
        names: Sequence[str] = (),
        **settings: str,
    ) -> None:
        """Start it; it comes as far as its first turn.

        Args:
            tree: the version.
            tests: files, folders or ids of tests; the same ones for every version.
            folder: an empty folder of its own.
            only: the fixture whose tests are run, ``speed`` or ``counts``.
            copied: whether it is measured by a copy of this code, because `tree` may be another version of it; else
                all fixtures of fairforget's own pytest plugin are there.
            names: parts of names of tests; all tests where there are none.
            settings: further variables of its environment.
        """
        plugin = f"{PACKAGE}.fixtures" if copied else "fairforget.testing.pytest_plugin"
        shutil.copytree(Path(measured.__file__).parent, folder / "first" / PACKAGE, ignore=_BYTECODE)
        (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    bench: measures speed\n", encoding="utf-8")
        self._results, self._log = folder / "results.json", folder / "output.txt"
        root = _folder_of(tests[0])
        ours, self._go = os.pipe()
        self._asks, theirs = os.pipe()
        environment = tree.environment(folder / "first", folder) | settings
        environment |= {"FAIRFORGET_SPEED_ONLY": only, "FAIRFORGET_SPEED_TURNS": f"{ours},{theirs}"}
        command = [
            sys.executable, "-m", "pytest", "-q", "-c", str(folder / "pytest.ini"), "--rootdir", str(root),
            "--confcutdir", str(root), "--import-mode", "importlib", "-p", "no:cacheprovider",
            "-p", "pytest_benchmark.plugin", "-p", plugin, "--benchmark-enable",
            "--benchmark-disable-gc", f"--benchmark-json={self._results}", "--basetemp", str(folder / "tmp"),
            *(["-k", " or ".join(names)] if names else []), *tests,
        ]  # fmt: skip
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, cwd=folder, env=environment, stdout=log, stderr=log, pass_fds=(ours, theirs)
            )
        os.close(ours)
        os.close(theirs)
        self._alive = True

    def turn(self, limit: float) -> bool:
        """Let it work until it asks for its next turn or ends; return whether it asks.

        Raises:
            FairforgetError: it has done neither for `limit` seconds.
        """
        with contextlib.suppress(BrokenPipeError):
            os.write(self._go, b"!")
        return self.asks(limit)

    def asks(self, limit: float) -> bool:
        """Wait until it asks for a turn or ends; return whether it asks; see `turn`."""
        ready, _, _ = select.select([self._asks], [], [], limit)
        if not ready:
            msg = f"a turn takes longer than {limit:.0f} s; raise --limit. The process said:\n{self._tail()}"
            raise FairforgetError(msg)
        self._alive = bool(os.read(self._asks, 1))
        return self._alive

    def finish(self) -> Finished:
        """Return what it left, after its last turn."""
        code = self._process.wait()
        found = self._benchmarks()
        foreign = {name: str(one["foreign"]) for name, one in found.items() if one.get("foreign")}
        own = {name: one for name, one in found.items() if name not in foreign}
        return Finished(code, self._tail(), own, foreign)

    def close(self) -> None:
        """End it, whatever it does."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        for pipe in (self._go, self._asks):
            with contextlib.suppress(OSError):
                os.close(pipe)

    def _benchmarks(self) -> dict[str, Mapping[str, Any]]:
        try:
            found = json.loads(self._results.read_bytes())["benchmarks"]
        except (OSError, ValueError):
            return {}
        return {
            one["fullname"]: {"data": one["stats"]["data"], **one["extra_info"]}
            for one in found
            if {"control", "wall", "margin"} <= one["extra_info"].keys()
        }

    def _tail(self, most: int = 4000) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")[-most:]


def alternate(processes: Sequence[Measured], limit: float) -> None:
    """Give turns until all have ended: first to last, last to first, and again."""
    asking = [process for process in processes if process.asks(limit)]
    while asking:
        asking = [process for process in asking if process.turn(limit)]
        asking.reverse()


def _folder_of(test: str) -> Path:
    path = Path(test.partition("::")[0])
    return path if path.is_dir() else path.parent


_BYTECODE = shutil.ignore_patterns("__pycache__")
