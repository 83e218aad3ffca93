"""Base and head in one job: measured in turns, compared, and looked at twice before anything fails."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from fairforget.errors import FairforgetError
from fairforget.testing.speed.processes import Measured, alternate
from fairforget.testing.speed.trees import Tree, opened, repository_of
from fairforget.testing.speed.verdict import Judged, judge

_NO_TESTS = 5
"""pytest's exit status where nothing was collected."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a gate measures, and how long."""

    tests: Path
    """Folder or file of the benchmarks, relative to the root of the repository. The head's are run on both."""
    sources: tuple[str, ...] = (".",)
    """Folders of importable code, relative to the root."""
    rounds: int = 15
    limit: float = 300.0
    """Seconds after which a gate gives up on a process that does not end its turn."""
    only: tuple[str, ...] = ()
    """Parts of names; benchmarks that have none of them are left out. All where there are none."""
    update_counts: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a gate found."""

    base: str
    head: str
    judged: tuple[Judged, ...]
    counts: str = ""
    """What pytest said of counts that are not the committed ones; empty where all are."""
    complaints: Mapping[str, str] = field(default_factory=dict)
    """What pytest said, by the version that did not run everything."""
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether nothing is slower, every benchmark of the head ran, and all counts are the committed ones."""
        return not self.counts and "head" not in self.complaints and all(j.word not in _BAD for j in self.judged)


_BAD = frozenset({"slower", "failed"})


def run_gate(base: str, head: str | None, settings: Settings, *, where: Path | None = None) -> Outcome:
    """Compare two versions of the project in the repository around `where`.

    A benchmark whose median is beyond its threshold, be it sure or not, is measured again, in new processes and in
    twice as many rounds, and the second look decides.

    Args:
        base: a commit.
        head: likewise; None = the working tree as it is.
        settings: what is measured.
        where: a folder of the repository; the current one where None.

    Raises:
        FairforgetError: a commit or the benchmarks do not exist, or a turn does not end.
    """
    if settings.update_counts and head is not None:
        msg = f"counts are written into the working tree, and {head} is a commit; check it out and leave it out here"
        raise FairforgetError(msg)
    begin = time.monotonic()
    repository = repository_of(where or Path.cwd())
    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="speed-gate-")))
        old, new = (stack.enter_context(opened(one, repository, settings.sources)) for one in (base, head))
        tests = new.folder / settings.tests
        if not tests.exists():
            msg = f"{new.name} has no {settings.tests}; --tests names the folder of the benchmarks, from the root"
            raise FairforgetError(msg)
        old, new = _apart(old, new, repository, tests)
        counts = count(new, [str(tests)], scratch / "counts", settings)
        judged, complaints = compare(old, new, [str(tests)], scratch / "first", settings)
        suspects = [one.name for one in judged if one.suspect]
        if suspects:
            ids = [f"{tests if tests.is_dir() else tests.parent}/{name}" for name in suspects]
            longer = replace(settings, rounds=2 * settings.rounds)
            again = {one.name: one for one in compare(old, new, ids, scratch / "second", longer)[0]}
            judged = [again.get(one.name, one) for one in judged]
    return Outcome(old.name, new.name, tuple(judged), counts, complaints, time.monotonic() - begin)


def _apart(old: Tree, new: Tree, repository: Path, tests: Path) -> tuple[Tree, Tree]:
    """Return both versions, each knowing that the code of the other, and of the working tree, is not its own."""
    allowed = (tests if tests.is_dir() else tests.parent,)

    def alone(tree: Tree, other: Tree) -> Tree:
        folders = {other.folder, repository} - {tree.folder}
        return replace(tree, others=tuple(f / s for f in sorted(folders) for s in tree.sources), allowed=allowed)

    return alone(old, new), alone(new, old)


def count(tree: Tree, tests: Sequence[str], folder: Path, settings: Settings) -> str:
    """Compare the counts of a version with the committed ones; return what is wrong with them."""
    update = {"FAIRFORGET_SPEED_UPDATE": "1"} if settings.update_counts else {}
    with _started([tree], tests, folder, settings, only="counts", **update) as (process,):
        alternate([process], settings.limit)
        done = process.finish()
    return "" if done.returncode in {0, _NO_TESTS} else done.output


def compare(
    base: Tree, head: Tree, tests: Sequence[str], folder: Path, settings: Settings
) -> tuple[list[Judged], dict[str, str]]:
    """Measure both versions in turns; return the verdicts, and what pytest said where it did not run everything."""
    rounds = {"FAIRFORGET_SPEED_ROUNDS": str(settings.rounds)}
    with _started([base, head], tests, folder, settings, only="speed", **rounds) as processes:
        alternate(processes, settings.limit)
        old, new = (process.finish() for process in processes)
    told = {"base": old, "head": new}
    complaints = {name: done.complaint for name, done in told.items() if done.complaint is not None}
    names = list(dict.fromkeys([*new.benchmarks, *old.benchmarks]))
    if not names and new.returncode == _NO_TESTS:
        return [], {}
    return [judge(name, old.benchmarks.get(name), new.benchmarks.get(name)) for name in names], complaints


@contextlib.contextmanager
def _started(
    trees: Sequence[Tree], tests: Sequence[str], folder: Path, settings: Settings, **variables: str
) -> Iterator[list[Measured]]:
    only = variables.pop("only")
    processes: list[Measured] = []
    copied = any(tree.holds_fairforget for tree in trees)
    try:
        for i, tree in enumerate(trees):
            place = folder / str(i)
            place.mkdir(parents=True)
            processes.append(Measured(tree, tests, place, only=only, copied=copied, names=settings.only, **variables))
        yield processes
    finally:
        for process in processes:
            process.close()
