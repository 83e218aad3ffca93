"""Reading the records of folders for a board."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from fairforget.board.cycles import without_search
from fairforget.board.kept.index import Index
from fairforget.board.kept.listing import Listing
from fairforget.board.kept.many import read_packed
from fairforget.board.kept.packing import Packed, Unpacker, pack
from fairforget.paths import cache_folder
from fairforget.store.parts import Parts
from fairforget.store.reading import read_record
from fairforget.store.record import Record, Rejected
from fairforget.store.results import Results, distinct, the_one

INDEXED: Final = 500
"""Folders of fewer records are read from their files alone: that takes no longer than to look into an index."""
_LARGE: Final = 1 << 20
"""Bytes of an index that takes longer to read than a process to start."""
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
    by_key = {one.key: one for one in packed.values()}
    if len(by_key) < len(packed):
        by_key |= _chosen(packed, parts, rejected)
    unpacker = Unpacker()
    records = tuple(unpacker.record(by_key[key]) for key in sorted(by_key))
    return Results(records, distinct(rejected))


def _folder(folder: Path, cache: Path, indexed: int, parts: Parts, rejected: list[Rejected]) -> dict[str, Packed]:
    index = Index.of(folder, cache)
    with Listing(folder, beside=index.size > _LARGE and _processes() > 1) as listing:
        index.load(parts)
        stamps = listing.stamps(rejected)
    found = index.current(stamps)
    new = []
    waiting = sorted(path for path in stamps if path not in found)
    for path, answer in read_packed(waiting, parts, _processes()):
        if isinstance(answer, Rejected):
            rejected.append(answer)
        else:
            found[path] = answer
            new.append(path)
    if len(stamps) >= indexed:
        index.update(stamps, found, new)
    return found


def _chosen(packed: Mapping[str, Packed], parts: Parts, rejected: list[Rejected]) -> dict[str, Packed]:
    """Return the records that stand for the cells of which there are several, which takes the whole of them."""
    paths: dict[str, list[str]] = {}
    for path, one in packed.items():
        paths.setdefault(one.key, []).append(path)
    found = {}
    for key, several in paths.items():
        if len(several) == 1:
            continue
        whole: list[tuple[Path, Record]] = []
        for path in sorted(several):
            record = read_record(Path(path), parts)
            if isinstance(record, Rejected):  # it changed since a moment ago
                rejected.append(record)
            else:
                whole.append((Path(path), record))
        if whole:
            found[key] = pack(the_one(whole, rejected), parts)
    return found


def _processes() -> int:
    found = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(found, _MOST_PROCESSES)
