"""What lies at a path that a user has written, and where the cache is."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

LONGEST: Final = 4096
"""Characters of a path; longer ones are cut in messages."""


def expanded(path: str | Path) -> Path:
    """Return the path with a leading ``~`` replaced; as it stands where there is no such user."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def short(path: str | Path) -> str:
    """Return the path quoted for a message, its middle left out where it is longer than any that a system takes."""
    text = str(path)
    return repr(text if len(text) <= LONGEST else f"{text[:40]}…{text[-20:]}")


def lies_at(path: Path) -> Literal["file", "folder", "other"] | None:
    """Return what lies at a path, links followed; None where nothing does.

    Nothing lies where nothing can: a name that is too long for the system, or has a character that no name has.

    Raises:
        PermissionError: a folder on the way may not be looked into.
    """
    try:
        mode = path.stat().st_mode
    except PermissionError:
        raise
    except (OSError, ValueError):
        return None
    return "file" if stat.S_ISREG(mode) else "folder" if stat.S_ISDIR(mode) else "other"


def cache_folder(environ: Mapping[str, str] | None = None) -> Path:
    """Return the folder for targets, oracles, scores and indexes: ``FAIRFORGET_CACHE``, or the user's cache folder."""
    named = (environ if environ is not None else os.environ).get("FAIRFORGET_CACHE")
    if named:
        return Path(named).expanduser().absolute()
    import platformdirs

    return Path(platformdirs.user_cache_dir("fairforget"))
