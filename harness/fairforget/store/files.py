"""The files of records in the folders that a user names."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from fairforget.errors import FairforgetError
from fairforget.store.record import Rejected

CELLS: Final = "cells"
"""The folder of the records inside the folder of a run."""
LAID: Final = tuple(map(re.compile, (r"[\w.-]+-v[0-9]+", r"[\w.-]+", r"[\w.-]+__[\w.-]+")))
"""Folders of published results, from the outside: task with version, target, distribution with method."""
_NAME: Final = re.compile(r"[0-9a-f]{24}\.json")


class RecordFile(NamedTuple):
    """A file that is called like a record."""

    path: str
    """Absolute; links in the folder that was named are resolved."""
    stamp: str
    """Size, time of the last change of content and of anything, and number of the file: another stamp, another file.
    Empty where the file cannot be looked at."""


def changed(stamp: str) -> float:
    """Return when anything of a file changed last, seconds since the epoch."""
    _, content, anything, _ = map(int, stamp.split())
    return max(content, anything) / 1e9


def record_files(folder: Path, rejected: list[Rejected]) -> Iterator[RecordFile]:
    """Yield the files called like records; links that lead out of the folder are rejected.

    Raises:
        FairforgetError: the folder does not exist or cannot be read.
    """
    root = _existing(folder)
    inner = root / CELLS if (root / CELLS).is_dir() else root
    try:
        for place in laid_folders(root) if inner == root else [inner]:
            here = _inside(str(place), root)
            with os.scandir(place) as entries:
                for entry in entries:
                    if _NAME.fullmatch(entry.name) is None:
                        continue
                    if _inside(entry.path, root) if entry.is_symlink() else here:
                        yield _looked_at(entry)
                    else:
                        rejected.append(Rejected(Path(entry.path), "a link that leads out of the folder"))
    except OSError as error:
        msg = f"cannot read {folder}: {error.strerror or error}"
        raise FairforgetError(msg) from error


def laid_folders(folder: Path) -> list[Path]:
    """Return the folders where published results lie, `folder` itself and below it.

    Raises:
        OSError: a folder cannot be read.
    """
    return sorted({folder, *(found for level in range(len(LAID)) for found in _laid(folder, LAID[level:]))})


def _laid(folder: Path, levels: Sequence[re.Pattern[str]]) -> Iterator[Path]:
    """Yield the innermost folders of published results; folders behind links are none."""
    if not levels:
        yield folder
        return
    for entry in os.scandir(folder):
        if levels[0].fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
            yield from _laid(folder / entry.name, levels[1:])


def _inside(path: str, root: Path) -> bool:
    try:
        return Path(path).resolve().is_relative_to(root)
    except (OSError, RuntimeError):  # a link that leads to itself
        return False


def _looked_at(entry: os.DirEntry[str]) -> RecordFile:
    try:
        about = entry.stat()
    except OSError:
        return RecordFile(entry.path, "")
    return RecordFile(entry.path, f"{about.st_size} {about.st_mtime_ns} {about.st_ctime_ns} {about.st_ino}")


def _existing(folder: Path) -> Path:
    if folder.is_dir():
        return folder.resolve()
    if folder.exists():
        msg = f"{folder} is not a folder; name the folder of a run, or one that holds cell files"
        raise FairforgetError(msg)
    parent = folder.parent
    names = sorted(path.name for path in parent.iterdir() if path.is_dir()) if _readable(parent) else []
    near = difflib.get_close_matches(folder.name, names, n=3, cutoff=0.5)
    guess = f" Did you mean {' or '.join(str(parent / name) for name in near)}?" if near else ""
    msg = f"there is no folder {folder}.{guess} Name the folder of a run (runs/NAME), or one that holds cell files"
    raise FairforgetError(msg)


def _readable(folder: Path) -> bool:
    return folder.is_dir() and os.access(folder, os.R_OK | os.X_OK)
