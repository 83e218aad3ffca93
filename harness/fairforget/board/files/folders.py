"""The folders that a board file names."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from fairforget.board.files.board_file import OpenBoard
from fairforget.errors import did_you_mean

BOARDS: Final = "boards"
_LONGEST: Final = 255
_MOST: Final = 10_000
"""Folders of one board."""


def home_of(path: Path) -> Path:
    """Return the folder that a board file may not look out of, links resolved."""
    folder = path.resolve().parent
    return folder.parent if folder.name == BOARDS else folder


def folders_of(board: OpenBoard) -> list[Path]:
    """Return the folders of results that the file names, sorted.

    Raises:
        FairforgetError: one of them would lie outside of where the file may look, or none is there; names the line.
    """
    home = home_of(board.path)
    found: set[Path] = set()
    for i in range(len(board.file.results)):
        key, parts = ("results", i), _parts(board, i)
        fitting = [path for path in (home.glob("/".join(parts)) if parts else [home]) if path.is_dir()]
        if outside := [path for path in fitting if not path.resolve().is_relative_to(home)]:
            raise board.error(key, f"{outside[0].name} is a link that leads out of {home.name}")
        if not fitting:
            raise board.error(key, f"no folder fits. {_near(home, parts)}")
        found |= {path.resolve() for path in fitting}
        if len(found) > _MOST:
            raise board.error(key, f"more than {_MOST:,} folders fit; name fewer, higher ones")
    return sorted(found)


def covers(board: OpenBoard, path: Path) -> bool:
    """Return whether a path, which need not exist, is inside what the file names.

    Raises:
        FairforgetError: the file names something outside of where it may look.
    """
    home = home_of(board.path)
    if not path.absolute().is_relative_to(home):
        return False
    inside = path.absolute().relative_to(home).parts
    patterns = [_parts(board, i) for i in range(len(board.file.results))]
    return any(len(inside) >= len(one) and all(map(fnmatchcase, inside, one)) for one in patterns)


def _parts(board: OpenBoard, i: int) -> tuple[str, ...]:
    """Return the names and patterns of one entry, from where the file may look on."""
    home, pattern = home_of(board.path), board.file.results[i]
    inside = Path(os.path.normpath(board.path.resolve().parent / pattern))
    if Path(pattern).is_absolute() or pattern.startswith("~") or not inside.is_relative_to(home):
        raise board.error(("results", i), f"leads out of {home.name}; name folders below it, relative to this file")
    if "**" in pattern:
        raise board.error(("results", i), "'**' is not supported; write one '*' for each folder")
    parts = inside.relative_to(home).parts
    if any(len(os.fsencode(part)) > _LONGEST for part in parts):
        raise board.error(("results", i), f"a name of more than {_LONGEST} bytes, which no folder has")
    return parts


def _near(home: Path, parts: tuple[str, ...]) -> str:
    """Return what there is where a pattern stops to fit."""
    for depth, part in enumerate(parts):
        fitting = [path for path in (home.glob("/".join(parts[:depth])) if depth else [home]) if path.is_dir()]
        names = sorted({inner.name for path in fitting for inner in path.iterdir() if inner.is_dir()})
        if not any(path.is_dir() for path in home.glob("/".join(parts[: depth + 1]))):
            return did_you_mean(part, names)
    return "There are none."
