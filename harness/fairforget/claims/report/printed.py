"""Printed numbers that a claim names, with ours beside them, as tables of the report."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

from fairforget.board.sheets.sheet import Cell, Head, Line, Sheet
from fairforget.board.text import plural, shown
from fairforget.claims.beside_file import NamedLine, NamedTable
from fairforget.claims.printed.named import printed_number, table_of
from fairforget.claims.printed.table import Table
from fairforget.claims.report import words
from fairforget.claims.report.ours import mean, ours_on
from fairforget.claims.report.told import Told
from fairforget.claims.values import Effect
from fairforget.errors import FairforgetError

_MOST_TARGETS: Final = 8
"""Whose numbers stand in a line one by one."""


def printed(told: Told) -> Iterator[Sheet]:
    """Yield a table for each one that the claim names; nothing for one that is not there any more or is wrong."""
    read = told.read
    if read is None or read.file.beside is None:
        return
    for i, named in enumerate(read.file.beside.tables):
        try:
            table = table_of(read, named.file)
            lines = tuple(_line(told, table, label, line) for label, line in named.lines.items())
        except FairforgetError:
            continue
        heads = (
            Head("number", numeric=False),
            Head("printed"),
            Head("ours", "The mean of all targets, with its 95 % interval where it is the claim's effect."),
            Head("on each target", "In the order of the targets.", numeric=False),
        )
        yield Sheet(f"named-{i}" if i else "named", _title(table), _about(named, table), heads, lines)


def lacking(told: Told) -> tuple[str, ...]:
    """Return what is wrong with tables that the claim names, in words."""
    read, faults = told.read, []
    if read is None or read.file.beside is None:
        return ()
    for named in read.file.beside.tables:
        try:
            table = table_of(read, named.file)
            for line in named.lines.values():
                printed_number(table, line)
        except FairforgetError as error:
            faults.append(f"the printed numbers are not shown: {error}")
    return tuple(faults)


def _title(table: Table) -> str:
    return f"{shown(table.source.where, 80)}: what the paper printed, and ours"


def _about(named: NamedTable, table: Table) -> str:
    said = [
        f"{shown(table.source.paper, 80)}, {shown(table.source.where, 80)}: {shown(table.title, 200)}. Printed numbers "
        "are as they stand there, or computed from those."
    ]
    if table.n is not None:
        said.append(f"Behind them: {shown(table.n, 300)}.")
    if any(line.ours in {"low", "high", "high/low"} for line in named.lines.values()):
        said.append(
            "Ours are means of samples. Low in the attribute are those at its median or below, high those above it, "
            "unless the statistic says where it parts them."
        )
    said += [f"Not in the table: {shown(text, 300)}." for text in table.left_out]
    return " ".join(said)


def _line(told: Told, table: Table, label: str, line: NamedLine) -> Line:
    value = printed_number(table, line)
    effect, each = _ours(told, line.ours)
    # A quotient of two printed numbers has no decimals of its own.
    text = f"{value:.3g}" if line.by is not None else f"{value:.{table.columns[line.column].decimals}f}"
    numbers = ["–" if one is None else words.number(one) for one in each[:_MOST_TARGETS]]
    more = [f"and {plural(len(each) - _MOST_TARGETS, 'more')}"] if len(each) > _MOST_TARGETS else []
    cells = (
        Cell(shown(label, 120)),
        Cell(text, value),
        words.effect_cell(effect),
        Cell(", ".join([*numbers, *more])),
    )
    return Line(cells)


def _ours(told: Told, ours: str) -> tuple[Effect, Sequence[float | None]]:
    """Return our number over all targets and on each: a mean over the targets that happen to have it is another one."""
    effects = [one.judged.effect for one in told.outcome.targets]
    if ours == "effect":
        return told.outcome.judged.effect, [one.value if math.isfinite(one.value) else None for one in effects]
    each = [ours_on(one.figure, ours) for one in effects]
    known = [one for one in each if one is not None]
    if not known or len(known) < len(each):
        return Effect.unknown("a target has no such number"), each
    return Effect(mean(known), math.nan, math.nan, len(known), "targets"), each
