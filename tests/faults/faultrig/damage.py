"""What power cuts, full disks and careless people do to files at rest."""

from __future__ import annotations

import random
from pathlib import Path

from client import Place

WAYS = ("cut", "empty", "zeros", "zero-tail", "gone", "garbage", "twice", "flip")


def spoil(place: Place, seed: int) -> list[Path]:
    """Spoil a few files of a run and of its cache; return which."""
    rng = random.Random(seed)
    files = sorted(
        path
        for folder in (place.out, place.cache)
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in {".lock", ".sqlite"} and path.name != ".lock"
    )
    chosen = rng.sample(files, min(len(files), rng.randint(1, 4)))
    for path in chosen:
        # A record has no sum over its numbers: a digit that became another one is not to be seen.
        ways = [way for way in WAYS if way != "flip" or path.parent.name != "cells"]
        _spoil(path, rng.choice(ways), rng)
    return chosen


def _spoil(path: Path, way: str, rng: random.Random) -> None:
    content = path.read_bytes()
    at = rng.randrange(len(content)) if content else 0
    if way == "gone":
        path.unlink()
        return
    made = {
        "cut": content[:at],
        "empty": b"",
        "zeros": bytes(len(content)),
        "zero-tail": content[:at] + bytes(len(content) - at),
        "garbage": rng.randbytes(max(1, len(content))),
        "twice": content + content,
        "flip": content[:at] + bytes([content[at] ^ (1 << rng.randrange(8))]) + content[at + 1 :] if content else b"",
    }
    path.write_bytes(made[way])
