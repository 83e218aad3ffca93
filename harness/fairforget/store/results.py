"""All records of some folders."""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fairforget.errors import FairforgetError
from fairforget.store.reading import read_record
from fairforget.store.record import Record, Rejected

if TYPE_CHECKING:
    import pandas as pd  # type: ignore[import-untyped]

CELLS: Final = "cells"
"""The folder of the records inside the folder of a run."""
_NAME: Final = re.compile(r"[0-9a-f]{24}\.json")
LAID: Final = tuple(map(re.compile, (r"[\w.-]+-v[0-9]+", r"[\w.-]+", r"[\w.-]+__[\w.-]+")))
"""Folders of published results, from the outside: task with version, target, distribution with method."""


class Results(NamedTuple):
    """What `Results.read` found; unpacks as ``records, rejected``."""

    records: tuple[Record, ...]
    """One a cell, by key."""
    rejected: tuple[Rejected, ...]
    """Files that are called like records and are not used, by path."""

    @classmethod
    def read(cls, folders: Iterable[Path | str]) -> Results:
        """Read every record in the folders of runs (their ``cells/``) or in folders that hold records themselves.

        Published results are read from any of their folders (``<task>-v<version>/<target>/<distribution>__<method>``).
        Files with other names than a key are passed over. Where several folders hold the same cell, one record is
        used, the same one in whatever order the folders are named: one that went well before one that failed.

        Raises:
            FairforgetError: a folder does not exist or cannot be read.
        """
        found: dict[str, list[tuple[Path, Record]]] = {}
        rejected: list[Rejected] = []
        for path in sorted({path for folder in folders for path in _files(Path(folder), rejected)}):
            record = read_record(path)
            if isinstance(record, Rejected):
                rejected.append(record)
            else:
                found.setdefault(record.key, []).append((path, record))
        records = tuple(_one(found[key], rejected) for key in sorted(found))
        return cls(records, tuple(sorted(set(rejected), key=lambda r: (str(r.path), r.reason))))

    def frame(self, *, items: bool = False) -> pd.DataFrame:
        """Return a pandas DataFrame with one row a cell and column; with `items` one row a cell, column and sample.

        A cell that failed has one row, whose column and value are missing.
        """
        import pandas as pd

        return pd.DataFrame([row for record in self.records for row in _rows(record, items=items)])


def _files(folder: Path, rejected: list[Rejected]) -> Iterator[Path]:
    """Yield the files called like records; links that lead out of the folder are rejected."""
    root = _existing(folder)
    inner = root / CELLS if (root / CELLS).is_dir() else root
    try:
        below = [] if inner != root else [f for level in range(len(LAID)) for f in _laid(root, LAID[level:])]
        paths = sorted(one / entry.name for one in {inner, *below} for entry in os.scandir(one))
    except OSError as error:
        msg = f"cannot read {folder}: {error.strerror or error}"
        raise FairforgetError(msg) from error
    for path in paths:
        if _NAME.fullmatch(path.name) is None:
            continue
        try:
            inside = path.resolve().is_relative_to(root)
        except (OSError, RuntimeError):  # a link that leads to itself
            inside = False
        if inside:
            yield path
        else:
            rejected.append(Rejected(path, "a link that leads out of the folder"))


def _laid(folder: Path, levels: Sequence[re.Pattern[str]]) -> Iterator[Path]:
    """Yield the innermost folders of published results; folders behind links are none."""
    if not levels:
        yield folder
        return
    for entry in os.scandir(folder):
        if levels[0].fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
            yield from _laid(folder / entry.name, levels[1:])


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


def _one(same: Sequence[tuple[Path, Record]], rejected: list[Rejected]) -> Record:
    """Return the record that stands for a cell, and note the others if they say something else."""
    if len(same) == 1:
        return same[0][1]
    texts = [json.dumps(record.to_json(), sort_keys=True) for _, record in same]
    best = min(range(len(same)), key=lambda i: (same[i][1].status != "ok", texts[i]))
    for i, (path, _) in enumerate(same):
        if texts[i] != texts[best]:
            rejected.append(Rejected(path, f"another record of the cell {same[best][1].key} is used"))
    return same[best][1]


def _rows(record: Record, *, items: bool) -> Iterator[dict[str, Any]]:
    cell = record.cell
    curriculum = cell["curriculum"]
    about = {
        "key": record.key,
        "status": record.status,
        "task": cell["task"]["name"],
        "task_version": cell["task"]["version"],
        "target": cell["target"]["id"],
        "sampler": cell["draw"]["sampler"]["name"],
        "stratum": cell["draw"]["stratum"],
        "draw": cell["draw"]["index"],
        "draw_digest": cell["draw"]["digest"],
        "method": cell["method"]["name"],
        "label": cell["method"].get("label") or cell["method"]["name"].rpartition("/")[2],
        "curriculum": None if curriculum is None else curriculum["name"],
        "seed": cell["seed"],
    }
    columns = ("role", "better", "average", "view", "metric", "on", "n")
    if not record.scores:
        yield {**about, "column": None, "value": None, **dict.fromkeys(columns)}
    for column, score in record.scores.items():
        row = {**about, "column": column, "value": score.value, **{name: getattr(score, name) for name in columns}}
        if not items:
            yield row
            continue
        for sample, value in record.items.get(column, {}).items():
            yield {**row, "sample": sample, "item": value, "item_hash": record.item_hashes.get(sample)}
