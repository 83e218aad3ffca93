"""``board.md``: the board for terminals, pull requests and GitHub."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fairforget.board import words
from fairforget.board.sheets.order import all_sheets
from fairforget.board.sheets.sheet import Cell, Sheet
from fairforget.board.text import plural, shown
from fairforget.board.values import Board, Table

_SPECIAL = re.compile(r"[\\`*\[\]<>|~$&]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")


def render_markdown(board: Board) -> str:
    """Return the text of ``board.md``; GitHub's Markdown, everything of others escaped."""
    return "\n".join(_document(board)) + "\n"


def escape(text: str) -> str:
    """Return text that stands for itself in a table of GitHub's Markdown: no markup, link, mention or HTML."""
    safe = _SPECIAL.sub(lambda m: f"\\{m[0]}", text)
    # GitHub makes links of addresses, @names and #numbers, escaped or not; an empty comment parts them.
    return re.sub(r"(@|#|://|www\.)(?=\S)", r"\1<!-- -->", safe)


def _document(board: Board) -> Iterator[str]:
    about = board.about
    yield "# Leaderboard" if about is None else f"# {escape(shown(about.title, 120))}"
    yield ""
    if about is not None:
        yield from (
            line for text in (about.summary, " ".join(about.asks)) if text for line in (escape(shown(text, 1000)), "")
        )
    yield f"{escape(words.standing(board))}."
    if not board.tables:
        yield ""
        yield "There is nothing to compare yet."
    for table in board.tables:
        yield from _table(table)
    if board.left_out:
        yield from ("", "## Left out", "")
        yield from (f"- {plural(len(left.keys), 'cell')}: {escape(left.reason)}" for left in board.left_out)
    if board.rejected:
        yield from ("", "## Files not used", "")
        yield from (f"- {escape(shown(name))}: {escape(shown(reason, 200))}" for name, reason in board.rejected)


def _table(table: Table) -> Iterator[str]:
    yield from ("", f"## {escape(words.title(table))}", "")
    if table.apart:
        yield f"A table of its own, for it differs from the first in: {escape(', '.join(table.apart))}."
        yield ""
    yield f"**{escape(words.summary(table))}**"
    yield ""
    if stability := words.stability(table):
        yield escape(stability)
        yield ""
    yield escape(words.setting(table))
    for note in table.notes:
        yield from ("", escape(shown(note, 500)))
    for sheet in all_sheets(table):
        yield from sheet_lines(sheet)


def sheet_lines(sheet: Sheet) -> Iterator[str]:
    """Yield the lines of a sheet with its heading, which begin with an empty one."""
    yield from ("", f"### {escape(sheet.title)}", "", escape(sheet.about), "")
    heads = [escape(head.label) for head in sheet.heads]
    lines = [[_cell(cell) for cell in line.cells] for line in sheet.lines]
    # Padded columns read well in a terminal too; one long remark does not widen every line.
    widths = [max(3, min(40, max(len(cell) for cell in column))) for column in zip(heads, *lines, strict=True)]
    yield _line(heads, widths, sheet)
    rules = ["-" * (w - 1) + ":" if head.numeric else "-" * w for w, head in zip(widths, sheet.heads, strict=True)]
    yield f"| {' | '.join(rules)} |"
    yield from (_line(line, widths, sheet) for line in lines)


def _cell(cell: Cell) -> str:
    return f"[{escape(cell.whole)}](#{cell.link})" if cell.link else escape(cell.whole)


def _line(cells: list[str], widths: list[int], sheet: Sheet) -> str:
    padded = [
        cell.rjust(width) if head.numeric else cell.ljust(width)
        for cell, width, head in zip(cells, widths, sheet.heads, strict=True)
    ]
    return f"| {' | '.join(padded)} |"
