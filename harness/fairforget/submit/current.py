"""The published results as they are: every file in its place, and new ones looked at whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from fairforget.board.files.declarations import LAID, LaidSubmission, read_declaration
from fairforget.errors import FairforgetError
from fairforget.store.parts import Parts
from fairforget.store.reading import read_record
from fairforget.store.record import KEY, Record, Rejected
from fairforget.submit.digests import MAX_CELL, faults_of
from fairforget.submit.findings import Finding
from fairforget.submit.installed import Installed
from fairforget.submit.layout import RESULTS, folder_of
from fairforget.submit.offer import MAX_SUBMISSION
from fairforget.submit.published import slim
from fairforget.submit.trees import FolderTree

DEPTH: Final = 5
"""Parts of the path of a published file, ``results`` among them."""


@dataclass(frozen=True, slots=True)
class Current:
    """What is read."""

    records: dict[str, Record]
    """By place relative to the results."""
    said: dict[str, LaidSubmission]
    findings: list[Finding]
    parts: Parts
    """What the records share."""


def read_current(new: FolderTree, fresh: set[str], installed: Installed) -> Current:
    """Read records and declarations; findings are about the `fresh` files, and about whatever cannot be read."""
    now = Current({}, {}, [], Parts())
    total = 0
    for path in sorted(new.digests):
        parts = PurePosixPath(path).parts
        if parts[0] != RESULTS or (path not in fresh and len(parts) != DEPTH):
            continue
        name, place = parts[-1], "/".join(parts[1:])
        if len(parts) == DEPTH and KEY.fullmatch(name.removesuffix(".json")) and name.endswith(".json"):
            size = (new.home / path).stat().st_size
            total += size if path in fresh else 0
            _record(now, new.home / path, place, installed if path in fresh else None, size)
        elif len(parts) == DEPTH and LAID.fullmatch(name):
            _declaration(now, new, path, place)
        elif path in fresh:
            reason = "has no place here; results are <task>-v<version>/<target>/<distribution>__<method>/<key>.json"
            now.findings.append(Finding(path, reason))
    if total > MAX_SUBMISSION:
        now.findings.append(Finding(RESULTS, f"more than {MAX_SUBMISSION // 1024**2} MiB are added; do it in parts"))
    return now


def _record(now: Current, path: Path, place: str, installed: Installed | None, size: int) -> None:
    """Read a record; a new one (`installed` given) is looked at whole."""
    where = f"{RESULTS}/{place}"
    if installed is not None and size > MAX_CELL:  # not worth the memory it would take
        now.findings.append(Finding(where, f"larger than {MAX_CELL // 1024**2} MiB"))
        return
    found = read_record(path, now.parts)
    if isinstance(found, Rejected):
        now.findings.append(Finding(where, found.reason))
        return
    now.records[place] = slim(found, now.parts)
    if installed is None:
        return
    wanted = f"{folder_of(found.cell)}/{path.name}"
    if wanted != place:
        now.findings.append(Finding(where, f"lies in the wrong folder; its place is {RESULTS}/{wanted}"))
    now.findings.extend(Finding(where, reason) for reason in faults_of(found, size))
    now.findings.extend(Finding(where, reason) for reason in installed.faults_of(found))


def _declaration(now: Current, new: FolderTree, path: str, place: str) -> None:
    try:
        now.said[place] = read_declaration(new.home / path, LaidSubmission)
    except FairforgetError as error:
        now.findings.append(Finding(path, str(error)))


def undeclared(now: Current, fresh: set[str]) -> Iterator[Finding]:
    """Yield new cells without a declaration, and declarations about cells that are not theirs."""
    about: dict[str, list[str]] = {}
    for place, said in now.said.items():
        for key in said.cells:
            about.setdefault(f"{PurePosixPath(place).parent}/{key}.json", []).append(place)
    for place in now.records:
        if f"{RESULTS}/{place}" in fresh and place not in about:
            yield Finding(f"{RESULTS}/{place}", "no submission-….yaml beside it is about this cell")
    for cell, places in about.items():
        new = [place for place in places if f"{RESULTS}/{place}" in fresh]
        if new and cell not in now.records:
            yield Finding(f"{RESULTS}/{new[0]}", f"about a cell that is not beside it: {PurePosixPath(cell).stem}")
        elif new and len(places) > 1:
            yield Finding(f"{RESULTS}/{new[0]}", "about a cell that another declaration is about already")
        elif new and f"{RESULTS}/{cell}" not in fresh:
            yield Finding(f"{RESULTS}/{new[0]}", "about a cell that was published before")
