"""Reading the records of folders for a board."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from fairforget.board.cycles import without_search
from fairforget.board.kept.index import Index
from fairforget.board.kept.many import read_packed
from fairforget.board.kept.packing import Packed, Unpacker, pack
from fairforget.run.runtime import cache_folder
from fairforget.store.files import record_files
from fairforget.store.parts import Parts
from fairforget.store.reading import read_record
from fairforget.store.record import Record, Rejected
from fairforget.store.results import Results, distinct, the_one

INDEXED: Final = 500
"""Folders of fewer records are read from their files alone: that takes no longer than to look into an index."""
_MOST_PROCESSES: Final = 8


def read_for_board(folders: Iterable[Path | str], *, cache: Path | None = None, indexed: int = INDEXED) -> Results:
    """Return what `Results.read` would, with of every record what a board needs, see `fairforget.board.kept.packing`.

    A file is read and checked whole when it is first seen, and again when it changed. What a board needs of it is kept
    in the cache.

    Args:
        folders: of runs, of records, or of published results.
        cache: where the index lies; by default ``FAIRFORGET_CACHE`` or the user's cache folder.
        indexed: folders of at least so many records have an index.

    Raises:
        FairforgetError: a folder does not exist or cannot be read.
    """
    with without_search():
        return _read(folders, cache_folder() if cache is None else cache, indexed)


def _read(folders: Iterable[Path | str], cache: Path, indexed: int) -> Results:
    rejected: list[Rejected] = []
    parts = Parts()
    packed: dict[str, Packed] = {}
    for folder in folders:
        packed |= _folder(Path(folder), cache, indexed, parts, rejected)
    by_key: dict[str, list[str]] = {}
    for path, one in packed.items():
        by_key.setdefault(one.key, []).append(path)
    unpacker = Unpacker()
    records = []
    for key in sorted(by_key):
        paths = by_key[key]
        chosen = packed[paths[0]] if len(paths) == 1 else _chosen(sorted(paths), parts, rejected)
        if chosen is not None:
            records.append(unpacker.record(chosen))
    return Results(tuple(records), distinct(rejected))


def _folder(folder: Path, cache: Path, indexed: int, parts: Parts, rejected: list[Rejected]) -> dict[str, Packed]:
    files = {file.path: file for file in record_files(folder, rejected)}
    index = Index.of(folder, cache) if len(files) >= indexed else None
    known = {} if index is None else index.load(parts)
    found = {
        path: known[path][1]
        for path, file in files.items()
        if path in known and file.stamp and known[path][0] == file.stamp
    }
    new = []
    for path, answer in read_packed([path for path in sorted(files) if path not in found], parts, _processes()):
        if isinstance(answer, Rejected):
            rejected.append(answer)
        else:
            found[path] = answer
            new.append((files[path], answer))
    if index is not None:
        index.update([path for path in known if path not in found], new)
    return found


def _chosen(paths: list[str], parts: Parts, rejected: list[Rejected]) -> Packed | None:
    """Return the record that stands for a cell of which there are several, which takes the whole of them."""
    whole: list[tuple[Path, Record]] = []
    for path in paths:
        record = read_record(Path(path), parts)
        if isinstance(record, Rejected):  # it changed since a moment ago
            rejected.append(record)
        else:
            whole.append((Path(path), record))
    return pack(the_one(whole, rejected), parts) if whole else None


def _processes() -> int:
    found = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(found, _MOST_PROCESSES)
