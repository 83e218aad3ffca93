"""One seeded case: disturbances, each followed by a look, then an undisturbed run and the comparison."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import looks
from client import Ended, Place, Server
from damage import spoil

KINDS: Mapping[str, int] = {
    "kill": 5, "step": 5, "torn-write": 3, "terminate": 3, "interrupt": 4, "full-disk": 4, "short-disk": 3,
    "damage": 4, "clock": 2, "second": 3,
}  # fmt: skip
"""Kinds of disturbances and their weights."""
SIGNALS: Mapping[str, tuple[str, int]] = {
    "kill": ("SIGKILL", -27), "terminate": ("SIGTERM", 143), "interrupt": ("SIGINT", 130),
}  # fmt: skip
"""Of a kind: what is sent, and what the run ends with. The kill comes as SIGPROF, at an instant of CPU time."""
SECONDS = 10.0
"""A run that is asked to stop has stopped by then, on a busy machine."""


@dataclass(frozen=True)
class Reference:
    """What undisturbed runs of a study are like."""

    result: Mapping[str, Any]
    cpu: float
    """Seconds of CPU time."""
    changes: int
    """Changes of files and folders."""
    largest: int
    """Bytes of the largest file."""


@dataclass
class Case:
    """A case by its seed."""

    seed: int
    study: str = field(init=False)
    kinds: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)
        self.study = self._rng.choices(["plain", "tuned"], [3, 1])[0]
        number = self._rng.choices([1, 2, 3], [6, 3, 1])[0]
        self.kinds = tuple(self._rng.choices(list(KINDS), list(KINDS.values()), k=number))

    def __str__(self) -> str:
        return f"{self.seed}-{self.study}-{'+'.join(self.kinds)}"

    def play(self, server: Server, references: Mapping[str, Reference], root: Path) -> Counter[str]:
        """Run the case below `root`; return how many faults of which kind struck.

        Raises:
            AssertionError: something was lost, counted twice, half written or came out different.
        """
        try:
            return self._play(server, references, root)
        except AssertionError as error:
            error.add_note(f"in the case {self}")
            raise

    def _play(self, server: Server, references: Mapping[str, Reference], root: Path) -> Counter[str]:
        reference, place = references[self.study], Place(root, self.study)
        struck: Counter[str] = Counter()
        written: Counter[str] = Counter()
        spoilt: Counter[str] = Counter()
        retold: Counter[str] = Counter()
        harmed: set[str] = set()
        trials_harmed = False
        for kind in self.kinds:
            before = looks.records(place)
            runs = server.run(*self._requests(kind, place, reference))
            for run in runs:
                struck[kind] += self._check_end(kind, run, place)
                written.update(run.records)
            after = looks.records(place)
            retold.update(looks.retold(before, after))
            assert not (lost := looks.lost(before, after)), f"lost {lost}"
            assert not (lost := {key for run in runs for key in run.records} - set(after)), f"acknowledged, lost {lost}"
            half = [said for name, said in looks.half_written(place).items() if name not in harmed]
            assert not half, half
            if kind == "damage":
                files = spoil(place, self._rng.randrange(1 << 30))
                spoilt.update(path.stem for path in files if path.parent.name == "cells")
                harmed.update(name for path in files for name in (path.name, path.parent.name))
                trials_harmed |= any(path.is_relative_to(place.out / "tuning") for path in files)
                struck[kind] += 1
        before = looks.records(place)
        (last,) = server.run(place.request())
        written.update(last.records)
        after = looks.records(place)
        retold.update(looks.retold(before, after))
        assert not (lost := looks.lost(before, after)), f"lost {lost}"
        assert last.code == 0, last.err
        assert "Traceback" not in last.err, last.err
        found = looks.result(place)
        different = looks.differences(found, reference.result)
        # Of a trial that is known the record is not read again, and stays as it is.
        different = [line for line in different if not line.startswith(tuple(f"/tuning/cells/{n}" for n in harmed))]
        assert not different, f"other than undisturbed: {different[:5]}"
        assert trials_harmed or not retold, f"the cost of tuning changed, and nothing of it was harmed: {retold}"
        twice = {key: n for key, n in written.items() if n > 1 + spoilt[key] + retold[key]}
        assert not twice, f"written more than once: {twice}"
        assert not (left := looks.leftovers(place)), left
        return struck

    def _requests(self, kind: str, place: Place, reference: Reference) -> list[dict[str, Any]]:
        rng = self._rng
        instant = rng.uniform(0.01, 1.0) * reference.cpu
        if kind in SIGNALS:
            return [place.request(fault={"after": instant, "signal": SIGNALS[kind][0]})]
        if kind == "step":
            return [place.request(fault={"step": rng.randint(1, reference.changes)})]
        if kind == "full-disk":
            error = rng.choice(["ENOSPC", "ENOSPC", "EDQUOT", "EROFS"])
            return [place.request(fault={"step": rng.randint(1, reference.changes), "error": error})]
        if kind in {"short-disk", "torn-write"}:
            most = int(reference.largest ** rng.uniform(0.6, 1.0))
            return [place.request(fault={"bytes": most, "dies": kind == "torn-write"})]
        if kind == "clock":
            return [place.request(fault={"clock": rng.randrange(1 << 30), "after": instant, "signal": "SIGKILL"})]
        if kind == "second":
            fault = rng.choice([{}, {"after": instant, "signal": "SIGKILL"}])
            return [place.request(fault=fault), place.request(delay=rng.uniform(0.0, 1.0) * reference.cpu)]
        return (
            [place.request()] if rng.random() < 0.7 else [place.request(fault={"after": instant, "signal": "SIGKILL"})]
        )

    @staticmethod
    def _check_end(kind: str, run: Ended, place: Place) -> bool:
        """Check how a disturbed run ended; return whether its fault struck before its end."""
        assert "Traceback" not in run.err, run.err
        if run.code == 0:
            return False
        if kind in {"terminate", "interrupt"}:
            assert run.code == SIGNALS[kind][1], (run.code, run.err)
            assert run.signalled is not None
            assert run.ended - run.signalled < SECONDS, f"{run.ended - run.signalled:.1f} s until it stopped"
            if run.records:
                assert f"kept in {place.out}" in run.err, run.err
                assert "the same command goes on" in run.err, run.err
        elif kind in {"full-disk", "short-disk"}:
            assert run.code == 2, (run.code, run.err)
            assert "cannot be written" in run.err or "cannot write" in run.err, run.err
        else:
            assert run.code in {-9, -25, -27}, (run.code, run.err)
        return True


def reference_of(server: Server, study: str, root: Path) -> Reference:
    """Return what an undisturbed run gives; made twice, the second time with everything imported."""
    first, second = Place(root / "first", study), Place(root / "second", study)
    modules = root / "modules"
    (run,) = server.run({**first.request(), "modules": str(modules)})
    assert run.code == 0, run.err
    server.preload(modules.read_text(encoding="utf-8").split())
    (run,) = server.run(second.request())
    assert run.code == 0, run.err
    found = looks.result(second)
    assert found == looks.result(first), "two undisturbed runs differ"
    files = [path.stat().st_size for path in second.root.rglob("*") if path.is_file()]
    return Reference(found, run.cpu, run.journal[-1]["changes"], max(files))
