"""The side of the tests: a server of runs, and the folder of one case."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

HERE = Path(__file__).parent
WORLD = HERE / "world.py"
STUDIES = {
    "plain": """\
name: faults
task: small
samplers: [{name: binned, by: loss, bins: 2, match: none}]
draws: 2
forget_size: 1
methods: [untouched, {name: retrain, draws: 1}, fragile, npo]
budget: {updates: 2}
optimizer: {lr: 1.0e-3, batch_size: 2}
engine: inline
""",
    "tuned": """\
name: faults-tuned
task: small
samplers: [random]
draws: 2
forget_size: 1
methods: [untouched, {name: retrain, draws: 1}, npo]
curricula: [uniform, {name: mrd-weighted, by: {name: mrd, max_forwards: 5}}]
budget: {updates: 2}
optimizer: {lr: 1.0e-3, batch_size: 2}
tuning: {trials: 2, draws: 1}
engine: inline
""",
}


@dataclass(frozen=True)
class Ended:
    """How one run ended."""

    code: int
    """Exit code; negative: the signal it died of."""
    cpu: float
    """Seconds, in user and system mode."""
    ended: float
    """Monotonic clock."""
    err: str
    """What it wrote to standard error."""
    journal: tuple[Mapping[str, Any], ...]
    """What the injector saw of it."""

    @property
    def records(self) -> list[str]:
        """Keys of the records that are known to have been put in their places."""
        return [line["record"] for line in self.journal if "record" in line]

    @property
    def signalled(self) -> float | None:
        """When a signal was sent, by the monotonic clock."""
        return next((line["at"] for line in self.journal if "signal" in line), None)


@dataclass
class Place:
    """Where the runs of one case work: a study file, a folder for results, a cache."""

    root: Path
    study: str
    runs: int = 0

    @property
    def out(self) -> Path:
        """The folder of the run."""
        return self.root / "out"

    @property
    def cache(self) -> Path:
        """The folder of targets and scores."""
        return self.root / "cache"

    def request(self, *arguments: str, fault: Mapping[str, Any] | None = None, delay: float = 0.0) -> dict[str, Any]:
        """Return the description of one more run."""
        self.root.mkdir(parents=True, exist_ok=True)
        file = self.root / "study.yaml"
        file.write_text(STUDIES[self.study], encoding="utf-8")
        self.runs += 1
        names = {name: str(self.root / f"{self.runs}.{name}") for name in ("out", "err", "journal")}
        return {
            "argv": ["run", str(file), "--out", str(self.out), "--plugin", str(WORLD), *arguments],
            "environ": {"FAIRFORGET_CACHE": str(self.cache), "FAULTS_TROUBLE": str(self.root / "trouble")},
            "root": str(self.root),
            "fault": dict(fault or {}),
            "delay": delay,
            **names,
        }


class Server:
    """A `server.py` that is running; use it as a context manager."""

    def __enter__(self) -> Self:
        environ = {**os.environ, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "server.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environ,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    def run(self, *requests: dict[str, Any]) -> list[Ended]:
        """Run commands side by side, each in a process of its own."""
        found = self._ask({"runs": requests})
        return [
            Ended(**one, err=_text(asked["err"]), journal=_lines(asked["journal"]))
            for asked, one in zip(requests, found, strict=True)
        ]

    def preload(self, modules: Sequence[str]) -> None:
        """Import modules once, for all runs to come."""
        self._ask({"imports": list(modules)})

    def _ask(self, what: Mapping[str, Any]) -> Any:
        print(json.dumps(what), file=self._process.stdin, flush=True)
        if not (line := self._process.stdout.readline()):
            msg = f"the server of runs ended with {self._process.wait()}"
            raise RuntimeError(msg)
        return json.loads(line)


def _text(path: str) -> str:
    return Path(path).read_text(encoding="utf-8", errors="replace") if Path(path).exists() else ""


def _lines(path: str) -> tuple[dict[str, Any], ...]:
    return tuple(json.loads(line) for line in _text(path).splitlines())
