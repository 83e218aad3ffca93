"""Writing the files of a new distribution: all of them or none."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from fairforget.errors import FairforgetError
from fairforget.paths import short
from fairforget.store.atomic import unwritable


def lay(files: Mapping[str, str], folder: Path) -> None:
    """Make `folder` with these files in it.

    They are written into a folder of another name beside it, which is then given its own name in one step.

    Args:
        files: place relative to the folder -> text.
        folder: must not exist; the folders above it are made as needed.

    Raises:
        FairforgetError: something is there already, or cannot be written; nothing half written stays.
    """
    check_absent(folder)
    made = _make(folder.parent)
    partial = folder.parent / f".{secrets.token_hex(8)}.partial"
    try:
        partial.mkdir()
        for place, text in files.items():
            path = partial / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        partial.rename(folder)
    except BaseException as error:
        shutil.rmtree(partial, ignore_errors=True)
        for parent in reversed(made):
            with contextlib.suppress(OSError):  # somebody else has put something there
                parent.rmdir()
        if isinstance(error, OSError):
            raise FairforgetError(unwritable(folder, error)) from error
        raise


def check_absent(folder: Path) -> None:
    """Find out whether a folder can be made new.

    Raises:
        FairforgetError: there is something of its name, be it a link that leads nowhere.
    """
    if os.path.lexists(folder):
        msg = f"{short(folder)} exists already; nothing in it was touched. Name another folder with --out"
        raise FairforgetError(msg)


def _make(folder: Path) -> list[Path]:
    """Make a folder and those above it; return those that were not there, the uppermost first."""
    missing = [path for path in (folder, *folder.parents) if not os.path.lexists(path)][::-1]
    made: list[Path] = []
    try:
        for path in missing:
            if not path.is_dir():  # "new/.." is there as soon as "new" is
                path.mkdir()
                made.append(path)
    except OSError as error:
        for path in reversed(made):
            path.rmdir()
        raise FairforgetError(unwritable(folder, error)) from error
    return made
