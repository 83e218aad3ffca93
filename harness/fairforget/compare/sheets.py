"""The tables of a comparison, before they are Markdown or a terminal's."""

from __future__ import annotations

from fairforget.board import text
from fairforget.board.sheets.sheet import Cell, Head, Line, Sheet
from fairforget.compare import words
from fairforget.compare.values import Comparison, Difference, Row, Section
from fairforget.stats.intervals import Estimate


def verdicts(found: Comparison, section: Section) -> Sheet:
    """Return a line for every row and stratum of a section; rows of which nothing changed are told in a sentence."""
    rows = [row for row in section.rows if not words.is_unchanged(row)]
    waiting = any(words.takes(d) for row in rows for d in row.differences)
    gone = any(d.lost or d.gained for row in rows for d in row.differences)
    heads = [
        Head("method", numeric=False),
        Head("forget sets", numeric=False),
        Head("BASE"),
        Head("HEAD"),
        Head("difference"),
        Head("completeness", "HEAD minus BASE."),
        Head("utility", "HEAD minus BASE."),
        Head("n", "Forget sets that are whole in both."),
        Head("verdict", numeric=False),
    ]
    if waiting:
        about = "Forget sets that show this difference with 80 % power, or the difference that these sets show."
        heads.append(Head("to tell", about, numeric=False))
    if gone:
        heads.append(Head("remarks", numeric=False))
    lines = [_line(row, d, waiting=waiting, gone=gone) for row in rows for d in row.differences]
    return Sheet("verdicts", words.title(section), words.about(found), tuple(heads), tuple(lines))


def changes(found: Comparison) -> Sheet:
    """Return what else is not the same."""
    heads = (Head("what", numeric=False), Head("BASE", numeric=False), Head("HEAD", numeric=False))
    lines = tuple(
        Line((Cell(change.what), Cell(", ".join(change.base) or "–"), Cell(", ".join(change.head) or "–")))
        for change in found.changes
    )
    about = "Versions, machines and settings that the cells of both sides were made with."
    return Sheet("changes", "What else changed", about, heads, lines)


def _line(row: Row, found: Difference, *, waiting: bool, gone: bool) -> Line:
    n = 0 if found.difference is None else found.difference.n
    cells = [
        Cell(row.label),
        Cell(found.stratum),
        _plain(found.base, n),
        _plain(found.head, n),
        _signed(found.difference, n),
        _signed(found.completeness, n),
        _signed(found.utility, n),
        Cell(str(n), float(n)),
        Cell(found.verdict),
    ]
    if waiting:
        cells.append(Cell(words.takes(found)))
    if gone:
        cells.append(Cell(_remarks(found)))
    return Line(tuple(cells))


def _plain(estimate: Estimate | None, usual: int) -> Cell:
    return Cell("–") if estimate is None else Cell(text.mean(estimate), estimate.mean, text.aside(estimate, usual))


def _signed(estimate: Estimate | None, usual: int) -> Cell:
    if estimate is None:
        return Cell("–")
    plus = "+" if estimate.mean > 0 else ""
    return Cell(f"{plus}{text.mean(estimate)}", estimate.mean, text.aside(estimate, usual))


def _remarks(found: Difference) -> str:
    said = [found.reason] if found.lost and found.reason else []
    if found.gained:
        have = "has" if found.gained == 1 else "have"
        said.append(f"{text.plural(found.gained, 'cell')} with a value in HEAD {have} none in BASE")
    return "; ".join(said)
