"""The numbers that a paper printed, with ours beside them, as a table of the report."""

from __future__ import annotations

from fairforget.board.sheets.sheet import Cell, Head, Line, Sheet
from fairforget.board.text import number, shown
from fairforget.claims.printed.beside import Beside, laid_beside
from fairforget.claims.printed.measured import Numbers
from fairforget.claims.printed.table import Table
from fairforget.claims.report import words
from fairforget.claims.values import Effect


def beside(table: Table, ours: Numbers) -> Sheet:
    """Return one line for every printed number, whether we have one or not.

    Args:
        table: what is printed.
        ours: what was measured, in the units of the table.
    """
    heads = (
        Head("row", numeric=False),
        Head("column", numeric=False),
        Head("printed"),
        Head("ours", "With its 95 % interval; the printed numbers have none."),
        Head("ours − printed"),
    )
    source = f"{shown(table.source.paper, 80)}, {shown(table.source.where, 80)}"
    about = f"{source}: {shown(table.title, 200)}. Printed numbers are as they stand there."
    left = "".join(f" Not in the table: {shown(text, 300)}." for text in table.left_out)
    rows = tuple(_line(row) for row in laid_beside(table, ours))
    return Sheet("printed", "What the paper printed, and ours", f"{about}{left}", heads, rows)


def _line(row: Beside) -> Line:
    ours, difference = row.ours.estimate, row.difference
    cell = Cell(shown(row.ours.problem or "–"))
    if ours is not None:
        low, high = (float("nan") if end is None else end for end in (ours.low, ours.high))
        cell = words.effect_cell(Effect(ours.mean, low, high, ours.n))
    less = None if difference is None else difference.mean
    return Line(
        (
            Cell(shown(row.row)),
            Cell(shown(row.column)),
            Cell(f"{row.printed:.{row.of.decimals}f}", row.printed),
            cell,
            Cell(number(less), less),
        )
    )
