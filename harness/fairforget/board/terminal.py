"""The ranking on a terminal, for the end of ``fairforget run``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairforget.board import words
from fairforget.board.result_sheets import ranking
from fairforget.board.sheet import Sheet
from fairforget.board.text import plural, shown
from fairforget.board.values import Board, Table
from fairforget.terminal import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table as RichTable

_GAP = 2


def print_board(board: Board, console: Console | None = None) -> None:
    """Print the rankings of a board; a ruled table as wide as the terminal, aligned text where there is no terminal.

    What is too wide for the terminal is left out from the least to the most important column, and said.
    """
    from rich.console import Console

    out = console or Console()
    plain = not out.is_terminal
    for table in board.tables:
        sheet = ranking(table)
        _say(out, f"\n{words.title(table)}: {words.setting(table)}")
        if table.apart:
            _say(out, f"apart, for it differs from the first table in: {', '.join(table.apart)}")
        if plain:
            for line in _aligned(sheet, list(range(len(sheet.heads)))):
                _say(out, line)
        else:
            kept = _fitting(sheet, out.width)
            out.print(_ruled(sheet, kept))
            if hidden := [head.label for i, head in enumerate(sheet.heads) if i not in kept]:
                _say(out, f"too wide for this terminal, see board.md: {', '.join(hidden)}")
        _say(out, sheet.about)
        _say(out, words.summary(table))
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


def _fitting(sheet: Sheet, width: int) -> list[int]:
    """Return the columns that fit; what goes first: views of completeness, remarks, strata from the right, n."""
    names = [head.label for head in sheet.heads]
    kept = list(range(len(names)))
    views = [i for i in kept if names[i].startswith("completeness by")]
    strata = [i for i in kept if 3 <= i < names.index("completeness")]
    order = [*reversed(views), names.index("remarks"), *reversed(strata), names.index("n")]
    for dropped in order:
        if sum(_width(sheet, i) for i in kept) + 3 * len(kept) + 1 <= width:
            break
        kept.remove(dropped)
    return kept


def _width(sheet: Sheet, column: int) -> int:
    # A heading may wrap at its spaces, a figure may not.
    heading = map(len, sheet.heads[column].label.split())
    return max(*heading, *(len(line.cells[column].text) for line in sheet.lines), 1)


def _ruled(sheet: Sheet, kept: list[int]) -> RichTable:
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    ruled = RichTable(box=box.SIMPLE_HEAD, pad_edge=False)
    for i in kept:
        head = sheet.heads[i]
        ruled.add_column(
            Text(head.label), justify="right" if head.numeric else "left", no_wrap=i != len(sheet.heads) - 1
        )
    for line in sheet.lines:
        ruled.add_row(*(Text(printable(line.cells[i].text)) for i in kept), style="dim" if line.reference else None)
    return ruled


def _aligned(sheet: Sheet, kept: list[int]) -> list[str]:
    texts = [[sheet.heads[i].label for i in kept], *([line.cells[i].text for i in kept] for line in sheet.lines)]
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
