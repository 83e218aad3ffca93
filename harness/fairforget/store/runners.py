"""Who runs in a folder: several runs of one study side by side, or one command alone."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from fairforget.errors import FairforgetError, MachineFault
from fairforget.store.atomic import unwritable
from fairforget.store.lock import Lock, holder, locked, told, try_lock

DOOR: Final = ".lock"
"""Held for a moment by who comes or goes, and for as long as it works by who wants the folder alone."""
RUNNERS: Final = ".runners"
_PATIENCE: Final = 5.0


@dataclass(frozen=True, slots=True)
class Company:
    """Who else runs in a folder."""

    others: tuple[str, ...]
    """Each as "process 12 on host"."""
    guarded: bool
    """Whether the file system has locks; where it has none nobody is seen, and cells may run twice."""
    tell: Callable[..., None]
    """Writes what this run is at where others that look see it: values of JSON by name, 3 KiB in all."""


@contextmanager
def joined(folder: Path, study: str) -> Iterator[Company]:
    """Run in a folder beside others that run the same study; the folder is made if it is not there.

    Args:
        folder: of the run.
        study: digest of what is run.

    Raises:
        FairforgetError: another study runs there, a command has the folder alone, or it cannot be written.
    """
    with ExitStack() as stack:
        with _door(folder):
            living = _living(folder)
            for path in living:
                if told(path).get("study") != study:
                    raise FairforgetError(_in_use(folder, f"a 'fairforget run' of another study ({holder(path)})"))
            mine = stack.enter_context(_present(folder, study))
        yield Company(tuple(holder(path) for path in living), mine.guards, partial(mine.tell, study=study))


@contextmanager
def run_lock(folder: Path) -> Iterator[None]:
    """Have a folder alone while inside; it is made if it is not there.

    Raises:
        FairforgetError: a run, or another command, is there, or the folder cannot be written.
    """
    with _door(folder):
        if living := _living(folder):
            raise FairforgetError(_in_use(folder, f"a 'fairforget run' ({holder(living[0])})"))
        yield


@contextmanager
def _door(folder: Path) -> Iterator[None]:
    path = folder / DOOR
    with ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            stack.enter_context(locked(path, patience=_PATIENCE))
        except TimeoutError as error:
            raise FairforgetError(_in_use(folder, f"another command ({error})")) from None
        except OSError as error:
            raise MachineFault(unwritable(path, error)) from error
        yield


@contextmanager
def _present(folder: Path, study: str) -> Iterator[Lock]:
    path = folder / RUNNERS / f"{secrets.token_hex(8)}.lock"
    try:
        lock = try_lock(path)
    except OSError as error:
        raise MachineFault(unwritable(path, error)) from error
    if lock is None:
        raise RuntimeError(path)  # a new name, behind the door: nobody else can have it
    lock.tell(study=study)
    try:
        yield lock
    finally:
        lock.release(remove=True)
        with contextlib.suppress(OSError, FairforgetError):
            _sweep(folder)


def _sweep(folder: Path) -> None:
    """Remove the files of dead runners, and the folder of all of them when the last has left."""
    if (door := try_lock(folder / DOOR)) is None:
        return  # whoever is there does it
    try:
        _living(folder)
        (folder / RUNNERS).rmdir()  # not while others are there
    finally:
        door.release()


def _living(folder: Path) -> list[Path]:
    """Return the files of the runners that live; those of the dead are removed."""
    living = []
    for path in sorted((folder / RUNNERS).glob("*.lock")):
        try:
            lock = try_lock(path)
        except OSError as error:
            raise MachineFault(unwritable(path, error)) from error
        if lock is None:
            living.append(path)
        else:
            lock.release(remove=True)
    return living


def _in_use(folder: Path, who: str) -> str:
    return f"{folder} is in use by {who}; wait for it, end it, or choose another folder with --out"
