"""The files of leaderboards at one time: a folder, or a commit of git."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from fairforget.board.files.folders import BOARDS
from fairforget.errors import FairforgetError
from fairforget.submit.layout import RESULTS

KEPT: Final = (RESULTS, BOARDS)
"""What is compared."""
DEEPEST: Final = 8
"""Folders below each other that are looked into; results have five."""
_LINK: Final = "120000"
_FILE: Final = ("100644", "100755")


class Tree(Protocol):
    """What was there."""

    @property
    def digests(self) -> Mapping[str, str]:
        """Digest of every file by its path relative to the leaderboards, as git has it (blob)."""
        ...

    def read(self, path: str) -> bytes:
        """Return the content of a file."""
        ...


@dataclass(frozen=True)
class FolderTree:
    """The files below a folder now."""

    home: Path
    algorithm: str = "sha1"
    """With which git names its objects."""
    digests: dict[str, str] = field(init=False, default_factory=dict)
    odd: dict[str, str] = field(init=False, default_factory=dict)
    """What is no plain file, and what it is."""

    def __post_init__(self) -> None:
        for path in _walk(self.home):
            name = path.relative_to(self.home).as_posix()
            if not stat.S_ISREG(path.lstat().st_mode):
                deep = path.is_dir() and not path.is_symlink()
                self.odd[name] = "a link" if path.is_symlink() else "a folder too deep" if deep else "no plain file"
                continue
            self.digests[name] = _blob_of(path, self.algorithm)

    def read(self, path: str) -> bytes:
        """Return the content of a file."""
        return (self.home / path).read_bytes()


@dataclass(frozen=True)
class GitTree:
    """The files of a commit."""

    home: Path
    """A folder of the work tree."""
    commit: str
    algorithm: str
    digests: dict[str, str]

    def read(self, path: str) -> bytes:
        """Return the content of a file.

        Raises:
            FairforgetError: git has lost it.
        """
        return _git(self.home, "cat-file", "blob", self.digests[path])

    def is_merged(self) -> bool:
        """Return whether what is checked out has the commit in its history; so it is taken to be where git cannot say.

        A branch that lacks it looks as if it removed whatever was published there meanwhile.
        """
        try:
            missing = _git(self.home, "rev-list", "--max-count=1", self.commit, "^HEAD", "--")
        except FairforgetError:
            return True
        return not missing.strip()


def open_base(base: str, home: Path) -> FolderTree | GitTree:
    """Return the tree that a user names: a folder of leaderboards, or a commit, branch or tag of the repository.

    Raises:
        FairforgetError: it is neither.
    """
    folder = Path(base)
    if folder.is_dir():
        if not any((folder / part).is_dir() for part in KEPT):
            msg = f"{base} has neither results nor boards; name the folder of the leaderboards as they were"
            raise FairforgetError(msg)
        return FolderTree(folder.resolve())
    commit = _git(home, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}", base=base)
    name = commit.decode().strip()
    listed = _git(home, "ls-tree", "-r", "-z", name, "--", *KEPT)
    digests = {}
    for line in filter(None, listed.split(b"\0")):
        about, _, path = line.partition(b"\t")
        mode, _, digest = about.decode().split(" ")
        if mode in _FILE or mode == _LINK:
            digests[os.fsdecode(path)] = digest
    return GitTree(home, name, "sha1" if len(name) == 40 else "sha256", digests)


def _blob_of(path: Path, algorithm: str) -> str:
    """Return the name that git gives to the content of a file, however large it is."""
    with path.open("rb") as file:
        hashed = hashlib.new(algorithm, b"blob %d\0" % os.fstat(file.fileno()).st_size, usedforsecurity=False)
        while part := file.read(1 << 20):
            hashed.update(part)
    return hashed.hexdigest()


def _walk(home: Path) -> Iterator[Path]:
    """Yield what lies below the folders that are compared, by name; links and what lies too deep as they are."""
    left = [(home / part, 1) for part in reversed(KEPT) if (home / part).is_symlink() or (home / part).is_dir()]
    while left:
        path, depth = left.pop()
        if depth > DEEPEST or path.is_symlink() or not path.is_dir():
            yield path
        else:
            left.extend((inner, depth + 1) for inner in sorted(path.iterdir(), reverse=True))


def _git(home: Path, *arguments: str, base: str = "") -> bytes:
    program = shutil.which("git")
    if program is None:
        raise FairforgetError("git is not installed; name a folder with the leaderboards as they were")
    # What the environment says of another repository does not count.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run([program, "-C", str(home), *arguments], capture_output=True, check=False, env=environment)
    if done.returncode != 0:
        if base:
            msg = f"{base!r} is neither a folder nor a commit, branch or tag of the repository of {home}"
            raise FairforgetError(msg)
        msg = f"git {arguments[0]} failed in {home}: {done.stderr.decode(errors='replace').strip()[:300]}"
        raise FairforgetError(msg)
    return done.stdout
