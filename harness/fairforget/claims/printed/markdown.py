"""Printed numbers and ours as a table in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from fairforget.board.forms.markdown import escape
from fairforget.board.text import figure, number, plural, shown
from fairforget.claims.printed.beside import Beside
from fairforget.claims.printed.table import Table


def markdown(table: Table, rows: Sequence[Beside]) -> str:
    """Return a table with one line for every printed number, and under it what has to be known to read it."""
    lines = [
        "| row | column | printed | ours | ours − printed |",
        "|---|---|---|---|---|",
        *(_line(row) for row in rows),
        "",
    ]
    over = sorted({row.ours.unit for row in rows if row.ours.estimate is not None})
    if over:
        lines.append(f"± is half the 95 % interval over {' or over '.join(over)}; the printed numbers have none.")
    if lost := sum(row.ours.missing for row in rows):
        lines.append(f"{plural(lost, 'number')} of ours could not be measured, and forget sets without are left out.")
    lines += [f"Not in the table: {escape(shown(words, 400))}." for words in table.left_out]
    return "\n".join(lines) + "\n"


def _line(row: Beside) -> str:
    arrow = {"higher": " ↑", "lower": " ↓", None: ""}[row.of.better]
    difference = row.difference
    cells = [
        escape(shown(row.row)),
        f"{escape(shown(row.column))}{arrow}",
        f"{row.printed:.{row.of.decimals}f}",
        figure(row.ours.estimate) if difference is not None else row.ours.problem or "–",
        "–" if difference is None else number(difference.mean),
    ]
    return f"| {' | '.join(cells)} |"
