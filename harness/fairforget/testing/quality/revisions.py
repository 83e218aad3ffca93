"""Base and head in one job: the same study run by two versions of a project, and its results compared."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fairforget.errors import FairforgetError
from fairforget.testing.speed.trees import Tree, opened, repository_of

if TYPE_CHECKING:
    from fairforget.compare.values import Comparison


@dataclass(frozen=True, slots=True)
class Runs:
    """What both versions run."""

    study: str
    """A file of the head, or the name of a study."""
    sources: tuple[str, ...] = (".",)
    """Folders of importable code, relative to the root."""
    settings: tuple[str, ...] = ()
    """``key=value`` each, as ``--set``."""
    margin: float = 0.0
    score: str = "score"


def compare_revisions(base: str, head: str | None, runs: Runs, *, where: Path | None = None) -> Comparison:
    """Run a study by two versions of the project in the repository around `where`, and compare the results.

    Both run in processes of their own, with the code and the entry points of their version, whatever is installed; all
    else comes from the environment, so that the project is the only difference.

    Args:
        base: a commit.
        head: likewise; None = the working tree as it is.
        runs: what is run, and how it is compared.
        where: a folder of the repository; the current one where None.

    Raises:
        FairforgetError: a commit does not exist, or a version cannot run the study.
    """
    from fairforget.compare.folders import compare_folders

    here = where or Path.cwd()
    repository = repository_of(here)
    file = here / runs.study
    study = str(file.absolute()) if file.is_file() else runs.study
    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="quality-gate-")))
        old, new = (stack.enter_context(opened(one, repository, runs.sources)) for one in (base, head))
        folders = [_run(tree, study, runs.settings, scratch / side) for tree, side in ((old, "base"), (new, "head"))]
        return compare_folders(*folders, score=runs.score, margin=runs.margin)


def _run(tree: Tree, study: str, settings: Sequence[str], scratch: Path) -> Path:
    """Run the study by one version; return the folder of its results."""
    first, out = scratch / "first", scratch / "run"
    first.mkdir(parents=True)
    command = [sys.executable, "-m", "fairforget", "run", study, "--out", str(out)]
    for setting in settings:
        command += ["--set", setting]
    done = subprocess.run(
        command, cwd=tree.folder, env=tree.environment(first, scratch), capture_output=True, text=True, check=False
    )
    # 1: cells failed. They are in the results, and the comparison says what it means for them.
    if done.returncode not in {0, 1} or not out.is_dir():
        told = "\n".join((done.stderr or done.stdout).strip().splitlines()[-5:])
        msg = f"{tree.name} cannot run {study}: {told}"
        raise FairforgetError(msg)
    return out
