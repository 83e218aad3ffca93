"""What code decided what is kept of a record."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Final

from fairforget.store.record import SCHEMA
from fairforget.study.cell import KEY_VERSION

_DECIDING: Final = (
    "board/making/costs.py",
    "board/making/coverage.py",
    "board/kept",
    "board/loose.py",
    "board/making/scores.py",
    "board/making/worst.py",
    "stats/averages.py",
    "store/parts.py",
    "store/reading.py",
    "store/record.py",
    "store/strict_json.py",
    "study/cell.py",
)


@functools.cache
def rules() -> str:
    """Return a digest of all code that reads, checks and packs records: nobody has to think of raising a version.

    Raises:
        OSError: the code does not lie in files.
    """
    root = Path(__file__).parents[2]
    found = hashlib.sha256(f"{SCHEMA} {KEY_VERSION}".encode())
    for name in _DECIDING:
        place = root / name
        for file in sorted(place.glob("*.py")) if place.is_dir() else [place]:
            content = file.read_bytes()
            found.update(f"{file.name} {len(content)} ".encode() + content)
    return found.hexdigest()
