"""The printed numbers that a claim file names: found, checked, and computed from the table."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from fairforget.claims.beside_file import PAIR, BesideFile, NamedLine
from fairforget.claims.confined import confined
from fairforget.claims.printed.table import Table, read_table
from fairforget.claims.read import ReadClaim
from fairforget.errors import FairforgetError, did_you_mean
from fairforget.paths import lies_at
from fairforget.study.places import Fault, KeyPath, shown

_SETS: Final = frozenset({"variance-share", "reversal", "paired-difference"})
"""Statistics that hand on a value of every forget set."""
_LEVELS: Final = frozenset({"sensitivity-slope"})
"""Those whose figure has a place for a printed value."""
_HALVES: Final = frozenset({"score-agreement", "rank-correlation", "group-difference"})
"""Those that hand on samples with an attribute and an outcome."""
_PAIRS: Final = frozenset({"paired-difference"})


def table_of(read: ReadClaim, file: str) -> Table:
    """Read a table that a claim names.

    Raises:
        FairforgetError: it lies elsewhere than where the claim's paths stay, is not there, or is wrong.
    """
    if not file.startswith(("./", "../")):
        msg = f"write ./FILE.yaml, from the folder of the claim, not {shown(file)}"
        raise FairforgetError(msg)
    made, faults = confined(file, read.path.absolute().parent, read.root)
    path = Path(made)
    if faults:
        raise FairforgetError(faults[0].message)
    if lies_at(path) != "file":
        msg = f"there is no file {path}"
        raise FairforgetError(msg)
    return read_table(path)


def printed_number(table: Table, line: NamedLine) -> float:
    """Return the number that a line is about, from what is printed.

    Raises:
        FairforgetError: the table has no such row or column, does not print one of the numbers, or it is divided by 0.
    """
    _known(line.column, table.columns, "column")
    rows = [_printed(table, row, line.column) for row in line.rows]
    value = math.fsum(rows) / len(rows)
    if line.less:
        value -= math.fsum(_printed(table, row, line.column) for row in line.less) / len(line.less)
    if line.by is None:
        return value
    _known(line.by, table.columns, "column")
    if not (below := math.fsum(_printed(table, row, line.by) for row in line.rows) / len(line.rows)):
        msg = f"the column {line.by!r} is 0 there, and nothing is divided by it"
        raise FairforgetError(msg)
    return value / below


def beside_faults(read: ReadClaim) -> Iterator[Fault]:
    """Yield what is wrong with what stands beside a claim: tables, rows, columns, and what its statistic has not."""
    beside, statistic = read.file.beside, read.file.statistic
    if beside is None:
        return
    yield from _of_figures(beside, statistic.name)
    for i, named in enumerate(beside.tables):
        at: KeyPath = ("beside", "tables", i)
        try:
            table = table_of(read, named.file)
        except FairforgetError as error:
            yield Fault((*at, "file"), str(error))
            continue
        for label, line in named.lines.items():
            try:
                printed_number(table, line)
            except FairforgetError as error:
                yield Fault((*at, "lines", label), f"{table.source.where}: {error}")
            if why := _lacks(line.ours, statistic.name, statistic.options):
                yield Fault((*at, "lines", label, "ours"), why)


def _of_figures(beside: BesideFile, statistic: str) -> Iterator[Fault]:
    for i, figure in enumerate(beside.figures):
        at: KeyPath = ("beside", "figures", i)
        if figure.drawn != "statistic" and statistic not in _SETS:
            yield Fault((*at, "drawn"), _needs("hands on no value of every forget set", statistic, _SETS))
        if figure.value is not None and (statistic not in _LEVELS or figure.drawn != "statistic"):
            yield Fault((*at, "value"), _needs("draws no line across", statistic, _LEVELS))


def _lacks(ours: str, statistic: str, options: Mapping[str, Any]) -> str | None:
    """Return why a statistic has no such number of ours; None where it has."""
    if ours == "effect":
        return None
    if ours.startswith(PAIR):
        return None if statistic in _PAIRS else _needs("has no pairs of rows", statistic, _PAIRS)
    if statistic not in _HALVES:
        return _needs("has no samples low and high in an attribute", statistic, _HALVES)
    if statistic == "group-difference" and options.get("scale", "raw") == "rank":
        return "the means of ranks stand beside no mean; write scale: raw, or scale: log"
    return None


def _needs(lacks: str, statistic: str, having: frozenset[str]) -> str:
    return f"the statistic {statistic!r} {lacks}; {', '.join(sorted(having))} can"


def _printed(table: Table, row: str, column: str) -> float:
    _known(row, table.rows, "row")
    if column not in table.rows[row]:
        msg = f"row {row!r} prints no {column!r}; it prints {', '.join(table.rows[row])}"
        raise FairforgetError(msg)
    return table.rows[row][column]


def _known(name: str, among: Mapping[str, Any], what: str) -> None:
    if name not in among:
        msg = f"there is no {what} {name!r}. {did_you_mean(name, among, most=40)}"
        raise FairforgetError(msg)
