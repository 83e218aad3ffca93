"""Versions of a project, each a folder whose code can be run without installing it."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairforget.errors import FairforgetError
from fairforget.testing.speed.measured.foreign import FOREIGN, OWN

_CLEARED = ("FAIRFORGET_", "PYTEST_", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED")
"""Beginnings of variables that are the caller's alone. With pytest's, a worker of xdist would measure nothing."""
_OF_A_HOOK = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"})
_PLAIN = ("-c", "core.sparseCheckout=false", "-c", "core.fsmonitor=false", "-c", "submodule.recurse=false")
"""All files of a commit, whatever the repository is set to show."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A version that can be measured."""

    name: str
    folder: Path
    sources: tuple[str, ...]
    """Folders of importable code, relative to `folder`."""
    others: tuple[Path, ...] = ()
    """Folders with code of other versions: nothing that is measured may come from there."""
    allowed: tuple[Path, ...] = ()
    """Folders in them that may be read all the same."""

    @property
    def holds_fairforget(self) -> bool:
        """Whether it is a version of fairforget itself."""
        return any((self.folder / source / "fairforget").is_dir() for source in self.sources)

    def environment(self, first: Path, scratch: Path) -> dict[str, str]:
        """Return the environment of a process that runs this version whatever is installed.

        Args:
            first: a folder to import from before all others.
            scratch: a folder of its own, for what stands in for installed metadata, and for the cache where another
                version of fairforget would share it.
        """
        metadata = scratch / "metadata"
        cache = scratch / "cache" if self.holds_fairforget else os.environ.get("FAIRFORGET_CACHE")
        describe(self.folder, metadata)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_CLEARED)}
        paths = [first, *(self.folder / source for source in self.sources), metadata]
        return {
            **kept,
            **({"FAIRFORGET_CACHE": str(cache)} if cache else {}),
            "PYTHONPATH": os.pathsep.join(map(str, paths)),
            FOREIGN: os.pathsep.join(map(str, self.others)),
            OWN: os.pathsep.join(map(str, (self.folder, *self.allowed) if self.others else ())),
            "PYTHONHASHSEED": "0",  # sets and dictionaries cost the same in every process
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "OMP_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
            "TOKENIZERS_PARALLELISM": "false",
            "HF_HUB_OFFLINE": "1",
        }


def describe(folder: Path, into: Path) -> None:
    """Write the metadata that an installation of a project would have, as far as its plugins need them.

    The entry points of this version count, and not those of the version that happens to be installed.
    """
    path = folder / "pyproject.toml"
    project: dict[str, Any] = tomllib.loads(path.read_text("utf-8")).get("project", {}) if path.is_file() else {}
    into.mkdir(parents=True, exist_ok=True)
    if "name" not in project:
        return
    version = str(project.get("version", "0"))
    name = re.sub(r"[-_.]+", "_", project["name"])
    info = into / f"{name}-{version}.dist-info"
    info.mkdir(exist_ok=True)
    about = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {version}\n"
    (info / "METADATA").write_text(about, encoding="utf-8")
    groups = {"console_scripts": project.get("scripts", {}), **project.get("entry-points", {})}
    lines = [f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in points.items()) for group, points in groups.items()]
    (info / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")


@contextlib.contextmanager
def opened(commit: str | None, repository: Path, sources: Sequence[str]) -> Iterator[Tree]:
    """Yield a commit as `checked_out` does; the working tree as it is where there is none.

    Raises:
        FairforgetError: see `checked_out`.
    """
    if commit is not None:
        with checked_out(commit, repository, sources) as tree:
            yield tree
        return
    check_sources(tree := Tree("working tree", repository, tuple(sources)))
    yield tree


@contextlib.contextmanager
def checked_out(commit: str, repository: Path, sources: Sequence[str]) -> Iterator[Tree]:
    """Yield the files of a commit in a folder of their own, which is removed afterwards.

    The repository does not know of the folder: a run that is killed leaves nothing in it.

    Raises:
        FairforgetError: there is no such commit, or no git, or the commit has no such folder of code.
    """
    full = git(repository, "rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}")
    if full is None:
        msg = (
            f"{repository} has no commit {commit!r}; fetch it (a shallow clone lacks the history: fetch-depth: 0), or "
            "name one that git log shows"
        )
        raise FairforgetError(msg)
    name = f"{commit} ({full[:9]})" if not full.startswith(commit) else full[:9]
    with tempfile.TemporaryDirectory(prefix="speed-gate-") as scratch:
        folder = Path(scratch) / "tree"
        folder.mkdir()
        inside = ("--git-dir", git(repository, "rev-parse", "--absolute-git-dir") or "", "--work-tree", str(folder))
        index = {"GIT_INDEX_FILE": str(Path(scratch) / "index")}  # and not that of the repository
        if git(folder, *_PLAIN, *inside, "read-tree", "--reset", "-u", full, **index) is None:
            msg = f"git cannot write the files of {commit!r} into {folder}; is there space? Try git checkout {commit}"
            raise FairforgetError(msg)
        check_sources(tree := Tree(name, folder, tuple(sources)))
        yield tree


def check_sources(tree: Tree) -> None:
    """Find out whether a version has its code where it is looked for; else what is installed would run in its place.

    Raises:
        FairforgetError: it has not.
    """
    if lacking := [source for source in tree.sources if not (tree.folder / source).is_dir()]:
        msg = f"{tree.name} has no folder {lacking[0]!r} of code (--source); name one that both versions have"
        raise FairforgetError(msg)


def repository_of(folder: Path) -> Path:
    """Return the root of the repository that holds `folder`.

    Raises:
        FairforgetError: none does.
    """
    found = git(folder, "rev-parse", "--show-toplevel")
    if found is None:
        msg = (
            f"{folder} is in no git repository that git reads here, so there is no base to compare with; run the gate "
            "in a clone, and look at what git status says there"
        )
        raise FairforgetError(msg)
    return Path(found)


def git(folder: Path, *arguments: str, **variables: str) -> str | None:
    """Return what a git command prints; None where it fails or there is no git.

    Args:
        folder: where it runs. In a hook of git, variables would name another repository; they are left out.
        arguments: of git.
        variables: of its environment.
    """
    kept = {name: value for name, value in os.environ.items() if name not in _OF_A_HOOK}
    try:
        run = subprocess.run(
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - the user's git
            capture_output=True,
            env={**kept, **variables},
            text=True,
            errors="replace",
            check=False,
        )
    except OSError:
        return None
    return run.stdout.strip() if run.returncode == 0 else None
