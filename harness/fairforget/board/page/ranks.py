"""The ranking as a picture: scores, rank intervals, and which rows cannot be told apart."""

from __future__ import annotations

from collections.abc import Sequence

from fairforget.board import words
from fairforget.board.compared import Compared
from fairforget.board.page.axes import Scale, across, close_range, ends, heading
from fairforget.board.page.scene import WIDTH, Dot, Drawing, Group, Line, Panel, Shape, Text
from fairforget.board.sheets.sheet import Cell, Head, Sheet, figure
from fairforget.board.sheets.sheet import Line as Printed
from fairforget.board.text import figure as written
from fairforget.board.text import plural, share, shown
from fairforget.board.values import Row, Table

MOST = 40
LEVEL = 0.05
_STEP = 20.0
_LEFT = 150.0


def ranks_drawing(table: Table) -> Drawing | None:
    """Return scores and rank intervals of the ranked rows; None where fewer than two have a rank."""
    ranked = [row for row in table.competing if row.rank is not None and row.headline.score is not None]
    if len(ranked) < 2:
        return None
    drawn = ranked[:MOST]
    groups = ties(table.compared) if table.compared is not None else ()
    about = (
        "Left the mean with its 95 % interval over forget sets. Right the rank: the thin bar holds the true ranks of "
        "all rows at once in 95 % of studies"
        + (
            ", the thick one is how far new forget sets and runs could move this row; upright lines join rows that the "
            "paired tests cannot tell apart."
            if table.compared is not None
            else "."
        )
    )
    hidden = len(ranked) - len(drawn)
    cap = f"{plural(hidden, 'row')} of lower rank not drawn; the table has all." if hidden else ""
    panels = (_scores(table, drawn), _ranks(table, drawn, len(ranked), groups))
    return Drawing("ranks", "Scores and ranks with their intervals", about, panels, _numbers(table, ranked), cap)


def ties(found: Compared) -> tuple[tuple[str, ...], ...]:
    """Return the longest runs of neighbours in the order of which no two are told apart at 5 %, Holm-corrected."""
    apart = {(pair.first, pair.second) for pair in found.pairs if pair.p < LEVEL}
    runs: list[tuple[int, int]] = []
    start = 0
    for end in range(len(found.order)):
        while any((found.order[i], found.order[end]) in apart for i in range(start, end)):
            start += 1
        if runs and runs[-1][0] == start:
            runs[-1] = (start, end)
        else:
            runs.append((start, end))
    return tuple(found.order[low : high + 1] for low, high in runs if high > low)


def _scores(table: Table, rows: Sequence[Row]) -> Panel:
    estimates = [row.headline.score for row in rows if row.headline.score is not None]
    edges = [v for e in estimates for v in (e.mean, e.low, e.high) if v is not None]
    x = Scale(*close_range(edges), _LEFT, WIDTH - 10)
    name = words.score_name(table)
    title = f"{name}, {words.headline_name(table)}"
    bottom = 26 + _STEP * len(rows)
    shapes: list[Shape | Group] = [heading(title), *across(x, 22, bottom, most=4)]
    for i, (row, estimate) in enumerate(zip(rows, estimates, strict=True)):
        y = 36 + _STEP * i
        bar = ends(x, estimate)
        shapes.append(
            Group(
                (
                    Text(_LEFT - 8, y + 3.5, shown(row.label, 26), "name", "end"),
                    *([Line(bar[0], y, bar[1], y, "interval")] if bar else []),
                    Dot(x(estimate.mean), y, 4, "mean"),
                ),
                "strip",
                f"{shown(row.label)}: {written(estimate, estimate.n)}, n = {estimate.n}",
                shown(row.label),
            )
        )
    return Panel(f"{title} with 95 % intervals; the numbers are in the table.", bottom + 20, tuple(shapes), title=title)


def _ranks(table: Table, rows: Sequence[Row], total: int, groups: Sequence[Sequence[str]]) -> Panel:
    brackets = groups[:8]
    right = WIDTH - 14 - 7.0 * len(brackets)
    x = Scale(1.0, float(max(total, 2)), _LEFT + 10, right - 10)
    title = f"rank of {total}, 95 % interval"
    bottom = 26 + _STEP * len(rows)
    shapes: list[Shape | Group] = [heading(title)]
    for tick in _whole(total):
        shapes += [Line(x(tick), 22, x(tick), bottom, "grid"), Text(x(tick), bottom + 13, f"{tick}", "tick", "middle")]
    place = {row.id: 36 + _STEP * i for i, row in enumerate(rows)}
    for row in rows:
        shapes.append(_rank(table, row, x, place[row.id], total))
    for i, members in enumerate(brackets):
        inside = [place[row] for row in members if row in place]
        if len(inside) > 1:
            at = round(right + 7.0 * i + 6, 2)
            names = ", ".join(shown(row.label, 30) for row in rows if row.id in members)
            line = Line(at, min(inside) - 5, at, max(inside) + 5, "tie")
            shapes.append(Group((line,), "", f"Not told apart: {names}"))
    told = f"Rank of every row among {total}, with its 95 % interval; the numbers are in the table."
    return Panel(told, bottom + 20, tuple(shapes), title=title)


def _rank(table: Table, row: Row, x: Scale, y: float, total: int) -> Group:
    found = row.rank
    shapes: list[Shape] = [Text(_LEFT - 8, y + 3.5, shown(row.label, 26), "name", "end")]
    if found is None:
        return Group(tuple(shapes), "strip", "", shown(row.label))
    shapes.append(Line(x(found.low), y, x(found.high), y, "interval"))
    told = f"{shown(row.label)}: rank {found.rank}, between {found.low} and {found.high} of {total}"
    standing = table.compared.rows.get(row.id) if table.compared is not None else None
    if standing is not None:
        shapes.append(Line(x(standing.low), y, x(standing.high), y, "thick"))
        told += f"; bootstrap {standing.low}–{standing.high}, first in {share(standing.first)} of resamples"
    shapes.append(Dot(x(found.rank), y, 4, "mean"))
    return Group(tuple(shapes), "strip", told, shown(row.label))


def _whole(total: int) -> list[int]:
    """Return a few whole ranks from first to last."""
    step = max(1, -(-(total - 1) // 8))
    # Two numbers side by side would touch.
    return [rank for rank in range(1, total, step) if total - rank > step / 2] + [total]


def _numbers(table: Table, rows: Sequence[Row]) -> Sheet:
    usual = sum(stratum.draws for stratum in table.strata if stratum.weight > 0)
    compared = table.compared
    heads = (
        Head("method", numeric=False),
        Head(f"{words.score_name(table)}, {words.headline_name(table)}"),
        Head("rank"),
        Head("95 % set", "Holds the true ranks of all rows at once."),
        *([Head("bootstrap", "95 % interval of this row's rank.")] if compared else []),
        *([Head("P(rank 1)", "Share of resamples in which the row is first.")] if compared else []),
        Head("n", "Forget sets × seeds."),
    )
    lines = []
    for row in rows:
        score, rank = row.headline.score, row.rank
        if score is None or rank is None:
            continue
        standing = compared.rows.get(row.id) if compared is not None else None
        extra = (
            [Cell("–"), Cell("–")]
            if standing is None
            else [
                Cell(f"{standing.low}–{standing.high}", float(standing.low)),
                Cell(share(standing.first), standing.first),
            ]
        )
        lines.append(
            Printed(
                (
                    Cell(shown(row.label)),
                    figure(score, usual),
                    Cell(f"{rank.rank}", float(rank.rank)),
                    Cell(f"{rank.low}–{rank.high}", float(rank.low)),
                    *(extra if compared is not None else ()),
                    Cell(f"{score.n} × {row.seeds}", float(score.n)),
                )
            )
        )
    return Sheet("ranks-numbers", "Ranks with their intervals", "", heads, tuple(lines))
