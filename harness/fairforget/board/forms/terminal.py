"""The ranking on a terminal, for the end of ``fairforget run``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fairforget.board import words
from fairforget.board.sheets.results import ranking
from fairforget.board.sheets.sheet import Sheet
from fairforget.board.text import plural, shown
from fairforget.board.values import Board, Table
from fairforget.terminal import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table as RichTable

_GAP = 2


def print_board(board: Board, console: Console | None = None) -> None:
    """Print the rankings of a board; a ruled table as wide as the terminal, aligned text where there is no terminal.

    Where the terminal is too narrow for all columns the table goes on below, the methods named again.
    """
    from rich.console import Console

    out = console or Console()
    plain = not out.is_terminal
    if board.about is not None:
        _say(out, f"\n{shown(board.about.title, 120)}")
    for table in board.tables:
        sheet = ranking(table)
        _say(out, f"\n{words.title(table)}: {words.setting(table)}")
        if table.apart:
            _say(out, f"apart, for it differs from the first table in: {', '.join(table.apart)}")
        if plain:
            for line in _aligned(sheet, list(range(len(sheet.heads)))):
                _say(out, line)
        else:
            for columns in _parts(sheet, out.width):
                out.print(_ruled(sheet, columns))
        _say(out, sheet.about)
        _say(out, words.summary(table))
        if stability := words.stability(table):
            _say(out, stability)
        for note in table.notes:
            _say(out, note)
        _say_problems(out, table)
    for left in board.left_out:
        _say(out, f"left out, {len(left.keys):,} of the cells: {left.reason}")
    _say(out, words.standing(board))


def _say(console: Console, text: str) -> None:
    console.print(printable(text, keep="\n"), markup=False, highlight=False, soft_wrap=True)


def _say_problems(console: Console, table: Table) -> None:
    failed = [problem for problem in table.problems if problem.failed]
    for problem in failed[:3]:
        number = plural(len(problem.cells), "cell")
        _say(console, f"failed: {problem.row}, {number}: {shown(problem.message, 200)}")
    if len(failed) > 3:
        _say(console, f"… and {len(failed) - 3:,} more, see board.md")


def _parts(sheet: Sheet, width: int) -> list[list[int]]:
    """Return the columns of each part of the table; the method leads every part, and rank and score the first.

    Completeness and utility stay together, for neither means anything alone.
    """
    names = [head.label for head in sheet.heads]
    pair = (names.index("completeness"), names.index("utility"))
    single = [(i,) for i in range(len(names)) if i not in {0, sheet.header, 2, *pair}]
    views = [one for one in single if names[one[0]].startswith("by ")]
    parts: list[list[int]] = [[0, sheet.header]]
    for block in [(2,), pair, *(one for one in single if one not in views), *views]:
        roomy = [p for p in parts if sum(_width(sheet, i) + _GAP + 1 for i in (*p, *block)) <= width]
        if roomy:
            roomy[0].extend(block)
        else:
            parts.append([sheet.header, *block])
    return [sorted(part, key=lambda i: (i != sheet.header and part[0] == sheet.header, i)) for part in parts]


def _width(sheet: Sheet, column: int) -> int:
    """Return how narrow a column may be: words may be parted, figures not."""
    numeric = sheet.heads[column].numeric
    parts = [part for line in sheet.lines for part in _lines(line.cells[column].whole)]
    uncut = parts if numeric else [word for part in parts for word in part.split()]
    return max(map(len, [*_lines(sheet.heads[column].label), *uncut]), default=1)


def _lines(text: str) -> list[str]:
    """Return a cell as lines; how many forget sets there are goes below."""
    return printable(re.sub(r",? \((?=n)", "\n(", text), keep="\n").splitlines() or [""]


def _ruled(sheet: Sheet, kept: list[int]) -> RichTable:
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    ruled = RichTable(box=box.SIMPLE_HEAD, pad_edge=False)
    for i in kept:
        head = sheet.heads[i]
        narrow = _width(sheet, i)
        ruled.add_column(
            Text("\n".join(_lines(head.label))), justify="right" if head.numeric else "left", min_width=narrow
        )
    for line in sheet.lines:
        cells = (Text("\n".join(_lines(line.cells[i].whole))) for i in kept)
        ruled.add_row(*cells, style="dim" if line.reference else None)
    return ruled


def _aligned(sheet: Sheet, kept: list[int]) -> list[str]:
    texts = [[sheet.heads[i].label for i in kept], *([line.cells[i].whole for i in kept] for line in sheet.lines)]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    return [
        (" " * _GAP)
        .join(
            cell.rjust(width) if sheet.heads[i].numeric else cell.ljust(width)
            for i, cell, width in zip(kept, line, widths, strict=True)
        )
        .rstrip()
        for line in texts
    ]
