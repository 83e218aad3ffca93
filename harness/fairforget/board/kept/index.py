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
import zlib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from fairforget.board.kept.packing import PARTS, Packed
from fairforget.board.kept.rules import rules
from fairforget.store.files import RecordFile
from fairforget.store.parts import Parts

_TABLES: Final = (
    "CREATE TABLE about (rules TEXT)",
    "CREATE TABLE parts (number INTEGER PRIMARY KEY, text TEXT, sum INTEGER)",
    "CREATE TABLE files (path TEXT PRIMARY KEY, stamp TEXT, cell TEXT, numbers BLOB, sum INTEGER)",
)
_NUMBERS: Final = struct.Struct(f"<{PARTS}I")
_DAMAGED: Final = "a damaged index"
_YOUNG: Final = 2.0
"""Seconds in which a file may change again without a sign: some file systems count time in steps as long."""
_WRONG: Final = (sqlite3.Error, ValueError, TypeError, KeyError, struct.error, RecursionError, OverflowError)
"""What reading an index raises that nobody wrote as `Index.update` does."""


class Index:
    """What is kept of the records below one folder."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._numbers: dict[object, int] = {}
        self._used: dict[str, tuple[int, ...]] = {}
        self._kept: list[Any] = []

    @classmethod
    def of(cls, folder: Path, cache: Path) -> Index:
        """Return the index of `folder` in the folder of what may be lost."""
        name = hashlib.sha256(str(folder.resolve()).encode(errors="surrogateescape")).hexdigest()[:24]
        return cls(cache / "boards" / f"{name}.sqlite")

    def load(self, files: Mapping[str, RecordFile], parts: Parts) -> dict[str, Packed]:
        """Return by path what is kept of those files that are as they were when they were read.

        Nothing, and the index is thrown away, where anything of it is wrong.

        Args:
            files: by path, as they are.
            parts: of the records.
        """
        if not self._path.is_file():
            return {}
        try:
            with contextlib.closing(_open(self._path)) as connection:
                return self._load(connection, files, parts)
        except (*_WRONG, OSError):
            self._throw_away()
            return {}

    def update(self, found: Collection[str], new: Sequence[tuple[RecordFile, Packed]]) -> None:
        """Forget files that are not found any more and take up new ones.

        One that changed a moment ago is not taken up, for it may change again. Where the index cannot be written, or
        another process writes it, it stays as it is.

        Args:
            found: paths of all records of the folder.
            new: what was read of files that `load` did not return.
        """
        gone = [path for path in self._used if path not in found]
        before = time.time() - _YOUNG
        old = [(file, packed) for file, packed in new if file.changed < before and file.stamp]
        if not gone and not old:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.closing(_open(self._path)) as connection:
                self._update(connection, gone, old)
        except (sqlite3.Error, OSError, ValueError):  # a text that is no UTF-8 is a ValueError
            return

    def _load(self, connection: sqlite3.Connection, files: Mapping[str, RecordFile], parts: Parts) -> dict[str, Packed]:
        if connection.execute("SELECT rules FROM about").fetchall() != [(rules(),)]:
            msg = "other code wrote this index"
            raise ValueError(msg)
        objects: dict[int, Any] = {}
        for number, text, checked in connection.execute("SELECT number, text, sum FROM parts"):
            if checked != _sum(text):
                raise ValueError(_DAMAGED)
            objects[number] = parts.shared(json.loads(text))
            self._numbers[_mark(objects[number])] = number
            self._kept.append(objects[number])
        found: dict[str, Packed] = {}
        together: dict[tuple[int, ...], tuple[Any, ...]] = {}  # the seeds of a row on a draw share all their parts
        for path, stamp, cell, numbers, checked in connection.execute("SELECT * FROM files"):
            if checked != _sum(f"{path} {stamp} {cell}", numbers):
                raise ValueError(_DAMAGED)
            used = self._used[path] = _NUMBERS.unpack_from(numbers)
            file = files.get(path)
            if file is None or not stamp or file.stamp != stamp:
                continue
            key, status, seed = cell.split(" ")
            parts_of = together.get(used)
            if parts_of is None:
                parts_of = together[used] = tuple(map(objects.__getitem__, used))
            found[path] = Packed(key, status, int(seed), parts_of, numbers[_NUMBERS.size :])
        return found

    def _update(
        self, connection: sqlite3.Connection, gone: Collection[str], new: Sequence[tuple[RecordFile, Packed]]
    ) -> None:
        connection.execute("BEGIN IMMEDIATE")
        if not self._used:  # there was none, or none that could be used
            for table in ("about", "parts", "files"):
                connection.execute(f"DROP TABLE IF EXISTS {table}")  # a name of three
            for statement in _TABLES:
                connection.execute(statement)
            connection.execute("INSERT INTO about VALUES (?)", (rules(),))
            self._numbers.clear()
        connection.executemany("DELETE FROM files WHERE path = ?", [(path,) for path in gone])
        for path in gone:
            self._used.pop(path, None)
        texts: list[tuple[int, str, int]] = []
        rows = []
        for file, packed in new:
            self._used[file.path] = used = tuple(self._number(part, texts) for part in packed.parts)
            cell, numbers = f"{packed.key} {packed.status} {packed.seed}", _NUMBERS.pack(*used) + packed.numbers
            rows.append((file.path, file.stamp, cell, numbers, _sum(f"{file.path} {file.stamp} {cell}", numbers)))
        # A number that another process took meanwhile is an error, and nothing is written.
        connection.executemany("INSERT INTO parts VALUES (?, ?, ?)", texts)
        connection.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)", rows)
        if gone:
            unused = set(self._numbers.values()).difference(*self._used.values())
            connection.executemany("DELETE FROM parts WHERE number = ?", [(number,) for number in unused])
        connection.execute("COMMIT")

    def _number(self, part: Any, new: list[tuple[int, str, int]]) -> int:
        known = self._numbers.get(_mark(part))
        if known is None:
            known = self._numbers[_mark(part)] = (
                max(self._numbers.values(), default=-1) + 1 if not new else new[-1][0] + 1
            )
            text = json.dumps(part, separators=(",", ":"))
            new.append((known, text, _sum(text)))
            self._kept.append(part)
        return known

    def _throw_away(self) -> None:
        self._numbers.clear()
        self._used.clear()
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


def _sum(text: str, numbers: bytes = b"") -> int:
    return zlib.crc32(numbers, zlib.crc32(text.encode()))
