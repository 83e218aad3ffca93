"""``board.tex``: the tables of a board for a paper."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from fairforget.board import words
from fairforget.board.forms.latex_text import escape, number, stacked
from fairforget.board.forms.paper import ROLES, groups, paper
from fairforget.board.sheets.pairs import pairs, reversals, standing
from fairforget.board.sheets.results import by_stratum, ranking
from fairforget.board.sheets.sheet import Cell, Line, Sheet
from fairforget.board.sheets.way import matched
from fairforget.board.text import shown
from fairforget.board.values import Board, Table

_BOLD: Final = "In bold: rows that no other row is significantly better than."
MOST_LINES: Final = 24
"""Lines of a table that fit on a page with an interval below every figure; the others follow in a next part."""
_HEAD: Final = r"""% Tables of a leaderboard, made by fairforget. In the preamble of the paper: \usepackage{booktabs}
% Every figure is a mean over forget sets; below it stands half its 95 % t-interval.
% Bold: rows that no other row is significantly better than."""


def render_latex(board: Board) -> str:
    r"""Return the text of ``board.tex``, to be read by ``\input``; it needs the package booktabs and no other.

    A table of the board is its ranking, who reached the goal where there is one, each row among the others, the columns
    papers print (every measurement of completeness with their average, every one of utility with theirs), completeness
    and utility by kind of forget set, the kinds that turn the order, and pairs. Everything of others is escaped.
    """
    parts = [_HEAD, *(part for i, table in enumerate(board.tables, 1) for part in _table(board, table, i))]
    if not board.tables:
        parts.append("% There is nothing to compare yet.")
    return "\n\n".join(parts) + "\n"


def _table(board: Board, table: Table, place: int) -> Iterator[str]:
    best = {shown(row.label) for row in table.rows if row.rank is not None and row.rank.rank == 1}
    first = ""
    for sheet in (make(table) for make in (ranking, matched, standing, paper, by_stratum, reversals, pairs)):
        bold = best if sheet.heads[sheet.header].label == "method" else frozenset[str]()
        about = escape(f"{sheet.title}. {sheet.about}") + (f" {_BOLD}" if bold else "")
        if not first:
            about += f" {escape(' '.join(_head(board, table)))}"
        else:
            about += f" {escape(words.title(table))}, with the same settings as Table~\\ref{{{first}}}."
        spans = _spans(table) if sheet.name == "paper" else []
        chunks = [sheet.lines[i : i + MOST_LINES] for i in range(0, len(sheet.lines), MOST_LINES)]
        for part, lines in enumerate(chunks, 1):
            several = len(chunks) > 1
            label = f"tab:fairforget-{place}-{sheet.name}{f'-{part}' if several else ''}"
            first = first or label
            caption = f"{about} Part {part} of {len(chunks)}." if several else about
            yield "\n".join(_float(sheet, lines, spans, bold, caption, label))


def _head(board: Board, table: Table) -> Iterator[str]:
    """Yield the sentences that the first caption alone has."""
    yield words.summary(table)
    if stability := words.stability(table):
        yield stability
    yield f"{words.title(table)}. {words.setting(table)}"
    if table.apart:
        yield f"It stands apart, for it differs from the first in: {', '.join(table.apart)}."
    if board.about is not None:
        yield f"{shown(board.about.title, 120)}."
        yield from (shown(ask, 1000) for ask in board.about.asks)
    if board.failed or board.missing or board.rejected:
        yield f"{words.standing(board)}."


def _float(
    sheet: Sheet,
    lines: Sequence[Line],
    spans: Sequence[tuple[str, int]],
    best: Collection[str],
    caption: str,
    label: str,
) -> Iterator[str]:
    # Remarks are long: they stand below the table instead of widening it.
    kept = [i for i, head in enumerate(sheet.heads) if head.label != "remarks"]
    yield "\\begin{table}[tbp]"
    yield f"\\caption{{{caption}}}"
    yield f"\\label{{{label}}}"
    yield "\\centering\\footnotesize\\setlength{\\tabcolsep}{3pt}"
    yield f"\\begin{{tabular}}{{@{{}}{''.join('r' if sheet.heads[i].numeric else 'l' for i in kept)}@{{}}}}"
    yield "\\toprule"
    if spans:
        yield from _over(spans)
    yield f"{' & '.join(stacked(sheet.heads[i].label) for i in kept)} \\\\"
    for reference in (False, True):
        of_kind = [line for line in lines if line.reference is reference]
        if of_kind:
            yield "\\midrule"
        for line in of_kind:
            cells = [line.cells[i] for i in kept]
            yield f"{' & '.join(_upper(cell, i, sheet, best) for i, cell in zip(kept, cells, strict=True))} \\\\"
            if any(cell.aside for cell in cells):
                yield f"{' & '.join(_lower(cell) for cell in cells)} \\\\[2pt]"
    yield "\\bottomrule"
    yield "\\end{tabular}"
    yield from _remarks(sheet, lines)
    yield "\\end{table}"


def _over(spans: Sequence[tuple[str, int]]) -> Iterator[str]:
    """Yield the line that says which columns belong together, and the rules below it."""
    names = [f"\\multicolumn{{{n}}}{{c}}{{{escape(name)}}}" for name, n in spans]
    yield f"{' & '.join(['', *names])} \\\\"
    first = 2
    for _, n in spans:
        yield f"\\cmidrule(lr){{{first}-{first + n - 1}}}"
        first += n


def _spans(table: Table) -> list[tuple[str, int]]:
    return [(ROLES[role].capitalize(), len(columns) + 1) for role, columns in groups(table) if columns]


def _upper(cell: Cell, place: int, sheet: Sheet, best: Collection[str]) -> str:
    text = number(cell.text) if sheet.heads[place].numeric else escape(cell.text)
    return f"\\textbf{{{text}}}" if place == sheet.header and cell.text in best else text


def _lower(cell: Cell) -> str:
    return f"{{\\scriptsize {number(cell.aside)}}}" if cell.aside else ""


def _remarks(sheet: Sheet, lines: Sequence[Line]) -> Iterator[str]:
    for i, head in enumerate(sheet.heads):
        if head.label == "remarks":
            said = [f"{line.cells[sheet.header].text}: {line.cells[i].text}" for line in lines if line.cells[i].text]
            if said:
                yield f"\n\\smallskip\n\\parbox{{\\linewidth}}{{\\scriptsize {escape('. '.join(said))}.}}"
