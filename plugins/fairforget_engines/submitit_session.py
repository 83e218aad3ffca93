"""The files of one run on a cluster, and those that earlier runs have left.

A session is a folder: what submitit writes (the calls, the logs), ``outcomes/`` and ``live/``, which names the jobs
that have been submitted. Its lock ends with the process that holds it, so a session without an owner is known as one.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fairforget.errors import FairforgetError
from fairforget.store.atomic import unwritable, write_text
from fairforget.store.lock import Lock, try_lock

_NAME: Final = re.compile(r"[0-9a-f]{24}-[0-9]{1,9}")
_JOB: Final = re.compile(r"[0-9]{1,12}(_[0-9]{1,8})?")


@dataclass(frozen=True, slots=True)
class Left:
    """A call that an earlier run has submitted."""

    name: str
    job: str
    folder: Path
    """Of its session."""


class Session:
    """The folder of one run, which holds its lock until `close`."""

    def __init__(self, root: Path) -> None:
        """Name the session; `begin` makes its folder.

        Args:
            root: where sessions lie.
        """
        self.root = root
        self.folder = root / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}"
        self._locks: list[Lock] = []

    @property
    def outcomes(self) -> Path:
        """Where the jobs of this session write what came of them."""
        return self.folder / "outcomes"

    def begin(self) -> list[Left]:
        """Make the folder and lock it; return the calls of sessions that have lost their owner.

        Raises:
            FairforgetError: the folder cannot be written, or its file system has no locks.
        """
        try:
            left = [call for folder in self._abandoned() for call in _calls(folder)]
            self.outcomes.mkdir(parents=True)
            (self.folder / "live").mkdir()
            self._lock(self.folder)
        except OSError as error:
            raise FairforgetError(unwritable(self.folder, error)) from error
        return left

    def submitted(self, name: str, job: str) -> None:
        """Note the job of a call."""
        write_text(self.folder / "live" / f"{name}.json", json.dumps({"job": job}) + "\n")

    def close(self) -> None:
        """Give the locks back; of sessions without a live job only the logs stay."""
        for lock in self._locks:
            folder = lock.path.parent
            over = not any((folder / "live").glob("*.json"))
            if over:
                _tidy(folder)
            lock.release(remove=over)

    def _abandoned(self) -> Iterator[Path]:
        for path in sorted(self.root.glob("*/live")):
            if self._lock(path.parent):
                yield path.parent

    def _lock(self, folder: Path) -> bool:
        lock = try_lock(folder / ".lock")
        if lock is None:
            return False
        if not lock.guards:
            msg = f"the file system of {folder} has no locks; choose a folder on another disk with engine.folder"
            raise FairforgetError(msg)
        self._locks.append(lock)
        return True


def forget(folder: Path, name: str) -> None:
    """Note that a call has ended.

    Its outcome stays as long as the session: a job that is preempted once more has to know what it has done.
    """
    (folder / "live" / f"{name}.json").unlink(missing_ok=True)


def _tidy(folder: Path) -> None:
    for path in (*folder.glob("*.pkl"), *folder.glob("*_submission.sh"), *folder.glob(".submission_file_*.sh")):
        path.unlink(missing_ok=True)
    shutil.rmtree(folder / "outcomes", ignore_errors=True)
    shutil.rmtree(folder / "live", ignore_errors=True)


def _calls(folder: Path) -> Iterator[Left]:
    """Yield the calls of a session; a file that says nothing of use is removed."""
    for path in sorted((folder / "live").glob("*.json")):
        try:
            job = json.loads(path.read_bytes())["job"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            job = None
        if isinstance(job, str) and _JOB.fullmatch(job) and _NAME.fullmatch(path.stem):
            yield Left(path.stem, job, folder)
        else:
            path.unlink(missing_ok=True)
