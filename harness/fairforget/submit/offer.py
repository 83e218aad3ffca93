"""What somebody offers for publication: the cells of a run and what is declared about them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from fairforget.board.files.declarations import NAME, Submission, read_declaration
from fairforget.errors import FairforgetError
from fairforget.store.files import CELLS, record_files
from fairforget.store.reading import read_record
from fairforget.store.record import Record, Rejected
from fairforget.submit.digests import faults_of
from fairforget.submit.findings import Finding
from fairforget.submit.installed import Installed
from fairforget.submit.layout import folder_of

MAX_SUBMISSION: Final = 256 * 1024 * 1024
"""Bytes of all records of one submission."""
TEMPLATE: Final = """\
by: Your Name <you@example.org>          # who answers for the numbers
code: https://example.org/your-code      # of the methods, or: this repository; null = not published
trained_on_evaluation: false             # whether anything but the forget and retain sets was trained on
tuning: {trials: 0, draws: none}         # settings tried by hand, the most for any row; draws: none, separate or same
"""
_HOME: Final = re.compile(rb"/(?:home|Users|root)/[^\"\\\s]{1,80}")


@dataclass(frozen=True, slots=True)
class Offered:
    """One cell."""

    path: Path
    record: Record
    folder: PurePosixPath
    """Where it would lie, relative to the results."""

    @property
    def place(self) -> str:
        """Where its file would lie, relative to the results."""
        return f"{self.folder}/{self.record.key}.json"


@dataclass(frozen=True, slots=True)
class Offer:
    """The cells of a run."""

    said: Submission
    cells: tuple[Offered, ...]
    findings: tuple[Finding, ...]
    notices: tuple[str, ...]
    """What the submitter should know, and what keeps nothing from being published."""


def read_offer(folder: Path, installed: Installed) -> Offer:
    """Read the folder of a run and look at every cell.

    Raises:
        FairforgetError: the folder or its ``submission.yaml`` is not there or wrong, or it has no cells.
    """
    rejected: list[Rejected] = []
    files = sorted(Path(file.path) for file in record_files(folder, rejected))
    inner = (folder / CELLS if (folder / CELLS).is_dir() else folder).resolve()
    if any(path.parent != inner for path in files):
        msg = f"{folder} holds published results; name the folder of a run"
        raise FairforgetError(msg)
    if not files and not rejected:
        msg = f"there are no cells in {folder}; cell files lie in the folder cells/ of a run and are called KEY.json"
        raise FairforgetError(msg)
    said = _said(folder)
    findings = [Finding(r.path.name, r.reason) for r in rejected]
    cells, homes, total = [], 0, 0
    for path in files:
        found = read_record(path)
        if isinstance(found, Rejected):
            findings.append(Finding(path.name, found.reason))
            continue
        content = path.read_bytes()
        total += len(content)
        homes += _HOME.search(content) is not None
        findings += [Finding(path.name, reason) for reason in faults_of(found, len(content))]
        findings += [Finding(path.name, reason) for reason in installed.faults_of(found)]
        cells.append(Offered(path, found, folder_of(found.cell)))
    if total > MAX_SUBMISSION:
        findings.append(Finding(str(folder), f"more than {MAX_SUBMISSION // 1024**2} MiB in all; submit it in parts"))
    findings += _unknown_methods(said, cells)
    return Offer(said, tuple(cells), tuple(findings), tuple(_notices(cells, homes, installed)))


def _said(folder: Path) -> Submission:
    path = folder / NAME
    if not path.is_file():
        msg = f"{path} is missing: what was tuned and trained on has to be declared. Write it as follows\n\n{TEMPLATE}"
        raise FairforgetError(msg)
    return read_declaration(path, Submission)


def _unknown_methods(said: Submission, cells: Sequence[Offered]) -> list[Finding]:
    """Return the methods of the declaration that no cell is of: what is said of them would be lost."""
    names = sorted({cell.record.cell["method"]["name"] for cell in cells})
    odd = [name for name in said.methods if name not in names]
    return [Finding(NAME, f"methods: no cell is of {name!r}; there are {', '.join(names)[:300]}") for name in odd]


def _notices(cells: Sequence[Offered], homes: int, installed: Installed) -> list[str]:
    found = []
    failed = sum(cell.record.status == "failed" for cell in cells)
    if failed:
        found.append(f"{failed:,} of {len(cells):,} cells failed; a board shows them, and their rows have no rank")
    if homes:
        found.append(f"{homes:,} cells show folders of a user of your machine; what is published can be read by all")
    dirty = sum(_dirty(cell.record) for cell in cells)
    if dirty:
        found.append(f"{dirty:,} cells were made with changes that are in no commit; nobody can run them again")
    absent = sorted({name for cell in cells if (name := installed.missing(cell.record)) is not None})
    found += [
        f"the method {name[:80]} is not installed here, so nobody looked at its options; name its file with --plugin"
        for name in absent
    ]
    return found


def _dirty(record: Record) -> bool:
    known = record.environment.get("distributions")
    return isinstance(known, dict) and any(isinstance(d, dict) and d.get("dirty") is True for d in known.values())
