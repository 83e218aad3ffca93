"""Which files a submission adds, and adding them."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fairforget.board.files.declarations import LaidSubmission, Statement, Submission, as_json
from fairforget.errors import FairforgetError
from fairforget.store.atomic import write_bytes
from fairforget.store.record import Record
from fairforget.study.yaml_core import to_yaml
from fairforget.submit.offer import Offer, Offered

_CELLS: Final = 5_000
"""Cells of one declaration, so that it stays a file that can be read."""


@dataclass(frozen=True, slots=True)
class Laying:
    """What is added to the published results, and what is there already."""

    new: tuple[Offered, ...]
    kept: tuple[Offered, ...]
    """Cells that are published already; what is published stays."""
    apart: float
    """Largest difference of a score between a kept cell and the published one."""
    declarations: Mapping[str, bytes]
    """By place relative to the results."""


def lay_out(offer: Offer, published: Mapping[str, Record]) -> Laying:
    """Return what publishing an offer would add; it changes nothing."""
    new = tuple(cell for cell in offer.cells if cell.place not in published)
    kept = tuple(cell for cell in offer.cells if cell.place in published)
    apart = max((_apart(cell.record, published[cell.place]) for cell in kept), default=0.0)
    said: dict[str, bytes] = {}
    for folder, cells in itertools.groupby(sorted(new, key=lambda c: c.place), key=lambda c: c.folder):
        of_row = list(cells)
        statement = offer.said.methods.get(of_row[0].record.cell["method"]["name"], offer.said)
        for part in _parts(of_row):
            content = _declaration(offer.said, statement, [cell.record.key for cell in part])
            said[f"{folder}/submission-{hashlib.sha256(content).hexdigest()[:12]}.yaml"] = content
    return Laying(new, kept, apart, said)


def lay(laying: Laying, results: Path) -> None:
    """Write the files of a laying below the folder of results: all of them or none.

    Raises:
        FairforgetError: a file cannot be written, or would lie elsewhere because of a link.
    """
    for folder in {cell.folder for cell in laying.new}:
        if not (results / folder).resolve().is_relative_to(results.resolve()):
            msg = f"{results / folder} leads out of {results} by a link; remove the link"
            raise FairforgetError(msg)
    files = [(cell.place, cell.path) for cell in laying.new]
    written: list[Path] = []
    try:
        for place, content in itertools.chain(laying.declarations.items(), _contents(files)):
            path = results / place
            written.append(path)
            write_bytes(path, content)
    except BaseException:
        for path in reversed(written):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
            for parent in itertools.takewhile(lambda p: p != results, path.parents):
                with contextlib.suppress(OSError):  # not empty, or never made
                    parent.rmdir()
        raise


def _contents(files: Iterable[tuple[str, Path]]) -> Iterable[tuple[str, bytes]]:
    return ((place, path.read_bytes()) for place, path in files)


def _parts(cells: Sequence[Offered]) -> Iterable[Sequence[Offered]]:
    return (cells[i : i + _CELLS] for i in range(0, len(cells), _CELLS))


def _declaration(said: Submission, statement: Statement, keys: Sequence[str]) -> bytes:
    laid = LaidSubmission(
        by=said.by,
        code=said.code,
        notes=said.notes,
        tuning=statement.tuning,
        trained_on_evaluation=statement.trained_on_evaluation,
        cells=tuple(sorted(keys)),
    )
    return to_yaml(as_json(laid)).encode()


def _apart(one: Record, other: Record) -> float:
    """Return the largest difference between the scores of two records of one cell; infinite where one has none."""
    if one.scores.keys() != other.scores.keys():
        return math.inf
    pairs = [(score.value, other.scores[name].value) for name, score in one.scores.items()]
    if any((a is None) != (b is None) for a, b in pairs):
        return math.inf
    return max((abs(a - b) for a, b in pairs if a is not None and b is not None), default=0.0)
