"""All records of some folders."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from fairforget.store.files import CELLS, LAID, laid_folders, record_files
from fairforget.store.parts import Parts
from fairforget.store.reading import read_record
from fairforget.store.record import Record, Rejected

if TYPE_CHECKING:
    import pandas as pd  # type: ignore[import-untyped]

__all__ = ["CELLS", "LAID", "Results", "distinct", "laid_folders", "the_one"]


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
        parts = Parts()
        for path in sorted({file.path for folder in folders for file in record_files(Path(folder), rejected)}):
            record = read_record(Path(path), parts)
            if isinstance(record, Rejected):
                rejected.append(record)
            else:
                found.setdefault(record.key, []).append((Path(path), record))
        records = tuple(the_one(found[key], rejected) for key in sorted(found))
        return cls(records, distinct(rejected))

    def frame(self, *, items: bool = False) -> pd.DataFrame:
        """Return a pandas DataFrame with one row a cell and column; with `items` one row a cell, column and sample.

        A cell that failed has one row, whose column and value are missing.
        """
        import pandas as pd

        return pd.DataFrame([row for record in self.records for row in _rows(record, items=items)])


def distinct(rejected: Iterable[Rejected]) -> tuple[Rejected, ...]:
    """Return rejected files once each, by path."""
    return tuple(sorted(set(rejected), key=lambda r: (str(r.path), r.reason)))


def the_one(same: Sequence[tuple[Path, Record]], rejected: list[Rejected]) -> Record:
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
