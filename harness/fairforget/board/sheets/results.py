"""The sheets that say how the methods did."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fairforget.board import text, words
from fairforget.board.sheets.sheet import Cell, Head, Line, Sheet, figure
from fairforget.board.values import Column, Figures, Row, Stratum, Table


def ranking(table: Table) -> Sheet:
    """Return the leaderboard itself."""
    counting = [stratum for stratum in table.strata if stratum.weight > 0]
    beside = [stratum for stratum in table.strata if not (len(counting) == 1 and stratum.weight > 0)]
    usual = sum(stratum.draws for stratum in counting)
    views = _views(table)
    heads = [
        Head("rank", "1 + the number of rows that are significantly better, and the 95 % set the true rank is in."),
        Head("method", numeric=False),
        Head(f"{words.score_name(table)}, {words.headline_name(table)}", words.score_about(table)),
        *(
            Head(words.draws_label(s), f"The same on {text.shown(s.label)} forget sets.", stratum=s.label)
            for s in beside
        ),
        Head("completeness", "How completely the forget set is gone: 1 = all of it."),
        *(Head(f"by {name}", f"Completeness as seen by {name} alone.") for name in views),
        Head("utility", "How much of everything else is still there: 1 = all of it."),
        Head("n", "Forget sets × seeds behind the score."),
        *([Head("remarks", numeric=False)] if any(map(_remarks, table.rows)) else []),
    ]
    lines = []
    for row in table.rows:
        of = row.headline
        cells = [
            _rank(row),
            Cell(text.shown(row.label)),
            figure(of.score, usual),
            *(figure(_in(row, s).score, s.draws) for s in beside),
            figure(of.completeness, usual),
            *(figure(getattr(of, f"by_{name}"), usual) for name in views),
            figure(of.utility, usual),
            Cell(f"{of.score.n if of.score else 0} × {row.seeds}", float(of.score.n if of.score else 0)),
            Cell(_remarks(row)),
        ]
        lines.append(Line(tuple(cells[: len(heads)]), row.reference is not None))
    about = "Higher is better. ± is half the 95 % t-interval over forget sets; below three of them there is none."
    return Sheet("ranking", "Ranking", about, tuple(heads), tuple(lines), header=1)


def by_stratum(table: Table) -> Sheet:
    """Return completeness and utility side by side in every stratum."""
    quantities = ("completeness", "utility")
    heads = (
        Head("method", numeric=False),
        *(
            Head(f"{q}, {words.draws_label(stratum)}", stratum=stratum.label)
            for stratum in table.strata
            for q in quantities
        ),
    )
    lines = [
        Line(
            (
                Cell(text.shown(row.label)),
                *(
                    figure(getattr(_in(row, stratum), quantity), stratum.draws)
                    for stratum in table.strata
                    for quantity in quantities
                ),
            ),
            row.reference is not None,
        )
        for row in table.rows
    ]
    about = "Which samples were forgotten decides how well a method looks; here is each kind of forget set by itself."
    return Sheet("strata", "Completeness and utility by forget set", about, heads, tuple(lines))


def measured(table: Table) -> Sheet:
    """Return every column's own mean: a line a column, or a line a row of the board where those are more."""
    about = f"Every column's own mean over forget sets, {words.headline_name(table)}; ↑ higher is better, ↓ lower is."
    if len(table.rows) > len(table.columns):
        return Sheet("columns", "Every measurement", about, *_by_row(table))
    return Sheet("columns", "Every measurement", about, *_by_column(table))


def _by_column(table: Table) -> tuple[tuple[Head, ...], tuple[Line, ...]]:
    usual = _usual(table)
    heads = (
        Head("column", numeric=False),
        Head("role", "An asterisk: it enters the average of its role.", numeric=False),
        Head("items", "Items behind a value in one cell."),
        *(Head(text.shown(row.label)) for row in table.rows),
    )
    lines = [
        Line(
            (
                Cell(_name(column)),
                Cell(_role(column)),
                Cell(_range(column.items), float(column.items[0])),
                *(figure(row.headline.columns.get(column.name), usual) for row in table.rows),
            )
        )
        for column in table.columns
    ]
    return heads, tuple(lines)


def _by_row(table: Table) -> tuple[tuple[Head, ...], tuple[Line, ...]]:
    usual = _usual(table)
    heads = (
        Head("method", numeric=False),
        *(Head(_name(column), _role_told(column)) for column in table.columns),
    )
    lines = [
        Line(
            (
                Cell(text.shown(row.label)),
                *(figure(row.headline.columns.get(column.name), usual) for column in table.columns),
            ),
            row.reference is not None,
        )
        for row in table.rows
    ]
    return heads, tuple(lines)


def _name(column: Column) -> str:
    arrow = {"higher": "↑", "lower": "↓"}.get(column.better or "", "")
    return f"{text.shown(column.name)} {arrow}".strip()


def _role(column: Column) -> str:
    return f"{text.shown(column.role)}{'*' if column.average else ''}"


def _role_told(column: Column) -> str:
    """Return the sentence of a column that stands across: its role and its items."""
    average = ", in its average" if column.average else ""
    return f"{text.shown(column.role).capitalize()}{average}; {_range(column.items)} items behind a value in one cell."


def _usual(table: Table) -> int:
    return sum(stratum.draws for stratum in table.strata if stratum.weight > 0)


def _views(table: Table) -> list[str]:
    return [
        view
        for view in ("probability", "generation")
        if any(getattr(row.headline, f"by_{view}") is not None for row in table.rows)
    ]


def _in(row: Row, stratum: Stratum) -> Figures:
    found = row.strata.get(stratum.label)
    return found.figures if found is not None else Figures(None, None, None, None, None, {})


def _rank(row: Row) -> Cell:
    if row.rank is None:
        return Cell("ref." if row.reference else "–")
    found = row.rank
    return Cell(str(found.rank), found.rank, f"({found.low}–{found.high})")


def _remarks(row: Row) -> str:
    found = []
    if row.unranked:
        found.append(f"no rank: {row.unranked}")
    told = row.unranked or ""
    counts: Iterable[tuple[int, str]] = [(row.failed, "failed"), (row.missing, "missing"), (row.collapsed, "collapsed")]
    found += [f"{text.plural(n, 'cell')} {word}" for n, word in counts if n and word not in told]
    return "; ".join(found)


def _range(items: Sequence[int]) -> str:
    return f"{items[0]:,}" if items[0] == items[1] else f"{items[0]:,}–{items[1]:,}"
