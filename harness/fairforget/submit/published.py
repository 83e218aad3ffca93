"""The results that are published already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, Final

from fairforget.board.files.declarations import (
    LaidSubmission,
    declared,
    laid_declarations,
    parse_declaration,
    read_declaration,
)
from fairforget.board.identity import Declared, comparison, draw_of
from fairforget.errors import FairforgetError
from fairforget.store.files import laid_folders, record_files
from fairforget.store.parts import Parts
from fairforget.store.reading import read_record
from fairforget.store.record import Record, Rejected
from fairforget.study.cell import canonical_json, scoring_part
from fairforget.study.yaml_lines import parse_yaml
from fairforget.submit.claims import FILE
from fairforget.submit.findings import Finding
from fairforget.switches import normal

_RANKED_BY: Final = ("matched", "tuning")
"""What a rank depends on of the parts of a record that no schema has."""


@dataclass(frozen=True, slots=True)
class Published:
    """Records and declarations below a folder of results."""

    records: Mapping[str, Record]
    """By place relative to the results, with what boards rank by and without samples."""
    declared: Mapping[str, Declared]
    """By key."""
    unusable: tuple[Finding, ...]


def read_published(results: Path) -> Published:
    """Read everything that is published; an empty value where there is no such folder yet."""
    if not results.is_dir():
        return Published({}, {}, ())
    rejected: list[Rejected] = []
    root = results.resolve()
    records: dict[str, Record] = {}
    parts = Parts()
    for file in sorted(record_files(results, rejected)):
        path = Path(file.path)
        found = read_record(path, parts)
        if isinstance(found, Rejected):
            rejected.append(found)
        else:
            records[path.relative_to(root).as_posix()] = slim(found, parts)
    said: dict[str, Declared] = {}
    for path in sorted(path for leaf in laid_folders(root) for path in laid_declarations(leaf)):
        try:
            laid = read_declaration(path, LaidSubmission)
        except FairforgetError as error:
            rejected.append(Rejected(path, str(error)))
            continue
        said |= dict.fromkeys(laid.cells, declared(laid))
    unusable = [Finding(_short(found.path, root), found.reason) for found in rejected]
    return Published(records, said, tuple(sorted(unusable)))


def declarations_of(laid: Mapping[str, bytes]) -> dict[str, Declared]:
    """Return what the declarations that `fairforget.submit.laying` made say, by key of the cell."""
    found: dict[str, Declared] = {}
    for place, content in laid.items():
        said = parse_declaration(parse_yaml(content, place), LaidSubmission)
        found |= dict.fromkeys(said.cells, declared(said))
    return found


def slim(record: Record, parts: Parts) -> Record:
    """Return a record without what no rank depends on, to hold many of them; `parts` has what they share."""
    scores = {name: replace(score, details={}, excluded={}) for name, score in record.scores.items()}
    # Where the data of a task lay is different on every machine.
    task = scoring_part({"task": record.cell["task"]})["task"]
    return replace(
        record,
        cell=parts.cell({**record.cell, "task": task}),
        scores=scores,
        items={},
        item_hashes={},
        ledger={},
        environment={},
        extra={name: record.extra[name] for name in _RANKED_BY if name in record.extra},
    )


def other_draws(published: Iterable[Record], offered: Iterable[tuple[str, Record]]) -> Iterator[Finding]:
    """Yield the cells on a forget set that differs from the published one of the same stratum and index.

    Rows are compared on the same forget sets. A second one of the same index would leave a gap in every row.
    """
    known: dict[str, set[str]] = {}
    for record in published:
        known.setdefault(_index_of(record), set()).add(record.cell["draw"]["digest"])
    for where, record in offered:
        there = known.get(_index_of(record))
        if there is not None and record.cell["draw"]["digest"] not in there:
            draw = record.cell["draw"]
            yield Finding(
                where,
                f"forget set {draw['index']} of the stratum {draw['stratum'][:40]} is not the one that the published "
                "results have; draw as they do, their study has the same task, samplers, forget_size and disjoint",
            )


def taken_names(published: Iterable[Record], offered: Iterable[tuple[str, Record]]) -> Iterator[Finding]:
    """Yield the cells of a plugin file that calls itself like a distribution whose results are published."""
    known = {normal(dist) for dist, version in map(_made_by, published) if not version.startswith(FILE)}
    for where, record in offered:
        dist, version = _made_by(record)
        if version.startswith(FILE) and normal(dist) in known:
            yield Finding(where, f"made by a file that calls itself {dist[:60]}, as a published distribution does")


def _made_by(record: Record) -> tuple[str, str]:
    """Return distribution and version of a cell's method."""
    method = record.cell["method"]
    return method["name"].rpartition("/")[0], str(method.get("dist_version"))


def _index_of(record: Record) -> str:
    """Return what decides which forget set a cell should have."""
    common = comparison(record)
    wanted: dict[str, Any] = {
        name: common[name]
        for name in ("task", "task version", "task options", "task data", "forget size", "unit of a draw")
    }
    # Scores of a difficulty are those of the target, and so are the strata that are made of them.
    draw = draw_of(record)
    return canonical_json({**wanted, "target": common["target"], "stratum": draw.stratum, "index": draw.index})


def _short(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else PurePosixPath(path.name).as_posix()
