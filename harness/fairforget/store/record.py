"""The record of one cell, as a value and as a file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from fairforget.errors import FairforgetError
from fairforget.store.atomic import write_text
from fairforget.store.jsonable import jsonable

SCHEMA: Final = 1
KEY: Final = re.compile(r"[0-9a-f]{24}")

Role = Literal["completeness", "utility", "diagnostic"]
WeighBy = Literal["columns", "items"]
Status = Literal["ok", "failed"]


@dataclass(frozen=True, slots=True)
class Score:
    """One column of a cell."""

    value: float | None
    """The aggregate; None where nothing could be measured, and the record says why."""
    n: int
    """Items behind the value."""
    role: Role
    better: Literal["higher", "lower"] | None
    average: bool
    """Whether it enters the average of its role."""
    view: Literal["probability", "generation"] | None
    metric: str = ""
    on: str = ""
    """The set it was measured on."""
    complement: bool = False
    excluded: Mapping[str, str] = field(default_factory=dict)
    """Sample id -> why it has no value."""
    details: Mapping[str, Any] = field(default_factory=dict)
    weigh_by: WeighBy = "columns"
    """Whether it weighs as every other column in the average of its role, or by its items."""

    def to_json(self) -> dict[str, Any]:
        """Return the form it has in a record."""
        return {name: _plain(getattr(self, name)) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that went wrong in a cell."""

    kind: str
    message: str
    traceback: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the form it has in a record."""
        shown = {"kind": self.kind, "message": self.message}
        return shown if self.traceback is None else {**shown, "traceback": self.traceback}


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a cell that was run."""

    key: str
    """The cell's `fairforget.study.cell.cell_key`, and the name of the file."""
    cell: Mapping[str, Any]
    status: Status
    problems: tuple[Problem, ...]
    scores: Mapping[str, Score]
    """By column, in the order of the task."""
    items: Mapping[str, Mapping[str, float | None]]
    """Column -> sample id -> value."""
    item_hashes: Mapping[str, str]
    ledger: Mapping[str, Any]
    environment: Mapping[str, Any]
    extra: Mapping[str, Any] = field(default_factory=dict)
    """What else stands in the record: ``draw_info``, and what later versions add."""

    def to_json(self) -> dict[str, Any]:
        """Return the form of the file."""
        return {
            "schema": SCHEMA,
            "key": self.key,
            "cell": _plain(self.cell),
            "status": self.status,
            "problems": [problem.to_json() for problem in self.problems],
            "scores": {column: score.to_json() for column, score in self.scores.items()},
            "items": _plain(self.items),
            "item_hashes": _plain(self.item_hashes),
            "ledger": _plain(self.ledger),
            "environment": _plain(self.environment),
            **_plain(self.extra),
        }


@dataclass(frozen=True, slots=True)
class Rejected:
    """A file that looks like a record and is not used."""

    path: Path
    reason: str


def record_path(folder: Path, key: str) -> Path:
    """Return where the record with `key` lies in a folder of records.

    Raises:
        ValueError: `key` is no key.
    """
    if KEY.fullmatch(key) is None:
        msg = f"{key!r} is not a cell's key"
        raise ValueError(msg)
    return folder / f"{key}.json"


def write_record(folder: Path, record: Record | Mapping[str, Any]) -> Path:
    """Write a record into `folder`, whole or not at all, and return its path.

    A number that JSON does not have becomes null, and anything else that JSON does not have its text; the record's
    problems then name the places. So a careless plugin loses one value and not the cell.

    Raises:
        FairforgetError: the folder cannot be written.
        ValueError: the key is not that of the cell.
    """
    from fairforget.study.cell import cell_key

    found = record.to_json() if isinstance(record, Record) else record
    if found["key"] != cell_key(found["cell"]):
        msg = f"the key {found['key']!r} is not that of the record's cell"
        raise ValueError(msg)
    clean, faults = jsonable(found)
    for kind, places in sorted(faults.items()):
        shown = ", ".join(places[:5]) + (f" and {len(places) - 5} more" if len(places) > 5 else "")
        clean["problems"].append({"kind": kind, "message": f"not JSON, replaced: {shown}"})
    if folder.is_symlink() and not folder.resolve().is_relative_to(folder.parent.resolve()):
        msg = f"{folder} is a link that leads out of its folder, and nothing is read or written through it; remove it"
        raise FairforgetError(msg)
    path = record_path(folder, clean["key"])
    # The order of the keys is kept: columns stand in the order of their task.
    write_text(path, json.dumps(clean, allow_nan=False, separators=(",", ":")) + "\n")
    return path


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value
