"""What was kept of the records of a folder, on disk: read again are only files that changed.

The index lies in the cache and never beside the results. A file that looks as it did (size, times, number) is not
opened again; what the index says of it was taken from the checked record, by the same code. An index that is damaged,
or that other code wrote, is thrown away: the files say everything again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import struct
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from fairforget.board.kept.blocks import Block, checksum, in_blocks, read, used_in, written
from fairforget.board.kept.packing import Packed
from fairforget.board.kept.rules import rules
from fairforget.store.files import changed
from fairforget.store.parts import Parts

_TABLES: Final = (
    "CREATE TABLE about (rules TEXT)",
    "CREATE TABLE parts (number INTEGER PRIMARY KEY, text TEXT, sum INTEGER)",
    "CREATE TABLE blocks (number INTEGER PRIMARY KEY, texts TEXT, numbers BLOB, sum INTEGER)",
)
_DAMAGED: Final = "a damaged index"
_YOUNG: Final = 2.0
"""Seconds in which a file may change again without a sign: some file systems count time in steps as long."""
_WRONG: Final = (
    *(sqlite3.Error, ValueError, TypeError, KeyError, AttributeError),
    *(struct.error, RecursionError, OverflowError),
)
"""What reading an index raises that nobody wrote as `Index.update` does."""


class Index:
    """What is kept of the records below one folder."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._numbers: dict[object, int] = {}
        self._blocks: dict[int, Block] = {}
        self._stale: list[int] = []
        """Blocks of which a file is gone or changed."""
        self._kept: list[Any] = []

    @classmethod
    def of(cls, folder: Path, cache: Path) -> Index:
        """Return the index of `folder` in the folder of what may be lost."""
        name = hashlib.sha256(str(folder.resolve()).encode(errors="surrogateescape")).hexdigest()[:24]
        return cls(cache / "boards" / f"{name}.sqlite")

    @property
    def size(self) -> int:
        """Bytes on disk; 0 where there is none."""
        try:
            return self._path.stat().st_size
        except OSError:
            return 0

    def load(self, parts: Parts) -> None:
        """Read the index; where anything of it is wrong it is thrown away.

        Args:
            parts: of the records.
        """
        if not self.size:
            return
        try:
            with contextlib.closing(_open(self._path)) as connection:
                self._load(connection, parts)
        except (*_WRONG, OSError):
            self._throw_away()

    def current(self, stamps: Mapping[str, str]) -> dict[str, Packed]:
        """Return by path what is kept of those files that are as they were when they were read.

        Args:
            stamps: path -> stamp of the files as they are; empty where one cannot be looked at.
        """
        found: dict[str, Packed] = {}
        for number, block in self._blocks.items():
            now = [stamps.get(path) for path in block.paths]
            if now == block.stamps and "" not in now:
                found.update(zip(block.paths, block.cells, strict=True))
                continue
            self._stale.append(number)
            each = zip(block.paths, now, block.stamps, block.cells, strict=True)
            found |= {path: cell for path, stamp, then, cell in each if stamp and stamp == then}
        return found

    def update(self, stamps: Mapping[str, str], found: Mapping[str, Packed], new: Collection[str]) -> None:
        """Forget files that are not found any more and take up new ones.

        One that changed a moment ago is not taken up, for it may change again. Where the index cannot be written, or
        another process writes it, it stays as it is.

        Args:
            stamps: path -> stamp of the files of the folder.
            found: path -> what is kept, of all records of the folder.
            new: paths of those that `current` did not return.
        """
        before = time.time() - _YOUNG
        old = [path for path in new if stamps[path] and changed(stamps[path]) < before]
        if not self._stale and not old:
            return
        fresh = set(new)
        left = [path for number in self._stale for path in self._blocks[number].paths]
        still = [path for path in dict.fromkeys(left) if path in found and path not in fresh]
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.closing(_open(self._path)) as connection:
                self._update(connection, [(path, stamps[path], found[path]) for path in (*still, *old)])
        except (sqlite3.Error, OSError, ValueError):  # a text that is no UTF-8 is a ValueError
            return

    def _load(self, connection: sqlite3.Connection, parts: Parts) -> None:
        if connection.execute("SELECT rules FROM about").fetchall() != [(rules(),)]:
            msg = "other code wrote this index"
            raise ValueError(msg)
        objects: dict[int, Any] = {}
        for number, text, checked in connection.execute("SELECT number, text, sum FROM parts"):
            if checked != checksum(text):
                raise ValueError(_DAMAGED)
            objects[number] = parts.shared(json.loads(text))
            self._numbers[_mark(objects[number])] = number
            self._kept.append(objects[number])
        together: dict[tuple[int, ...], tuple[Any, ...]] = {}
        for number, texts, numbers, checked in connection.execute("SELECT number, texts, numbers, sum FROM blocks"):
            if checked != checksum(texts, numbers):
                raise ValueError(_DAMAGED)
            used = used_in(numbers)
            parts_of = together.get(used)
            if parts_of is None:
                parts_of = together[used] = tuple(map(objects.__getitem__, used))
            self._blocks[number] = read(texts, numbers, parts_of)

    def _update(self, connection: sqlite3.Connection, taken: Collection[tuple[str, str, Packed]]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        if not self._blocks:  # there was none, or none that could be used
            for table in ("about", "parts", "blocks"):
                connection.execute(f"DROP TABLE IF EXISTS {table}")  # a name of three
            for statement in _TABLES:
                connection.execute(statement)
            connection.execute("INSERT INTO about VALUES (?)", (rules(),))
            self._numbers.clear()
        connection.executemany("DELETE FROM blocks WHERE number = ?", [(number,) for number in self._stale])
        texts: list[tuple[int, str, int]] = []
        used = (tuple(self._number(part, texts) for part in cell.parts) for _, _, cell in taken)
        blocks = in_blocks((numbers, *one) for numbers, one in zip(used, taken, strict=True))
        # A number that another process took meanwhile is an error, and nothing is written.
        connection.executemany("INSERT INTO parts VALUES (?, ?, ?)", texts)
        connection.executemany("INSERT INTO blocks (texts, numbers, sum) VALUES (?, ?, ?)", map(written, blocks))
        if self._stale:
            connection.executemany("DELETE FROM parts WHERE number = ?", [(n,) for n in self._unused(blocks)])
        connection.execute("COMMIT")

    def _unused(self, new: Collection[Block]) -> Iterator[int]:
        """Yield the numbers of parts that no block uses any more."""
        stale = set(self._stale)
        live = {block.used for number, block in self._blocks.items() if number not in stale}
        yield from set(self._numbers.values()).difference(*live, *(block.used for block in new))

    def _number(self, part: Any, new: list[tuple[int, str, int]]) -> int:
        known = self._numbers.get(_mark(part))
        if known is None:
            known = self._numbers[_mark(part)] = (
                max(self._numbers.values(), default=-1) + 1 if not new else new[-1][0] + 1
            )
            text = json.dumps(part, separators=(",", ":"))
            new.append((known, text, checksum(text)))
            self._kept.append(part)
        return known

    def _throw_away(self) -> None:
        self._numbers.clear()
        self._blocks.clear()
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=1.0, isolation_level=None)
    # What a power cut damages is noticed by its sums, and made again.
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _mark(part: Any) -> object:
    """Return what stands for a part that `Parts.shared` returned; plain values have no identity."""
    return id(part) if isinstance(part, dict | list) else (type(part), part)
