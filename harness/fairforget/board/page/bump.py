"""Rank by draw: lines that cross are rows that change places with the forget set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fairforget.board import words
from fairforget.board.page.axes import heading
from fairforget.board.page.labels import spread
from fairforget.board.page.scene import (
    MOST_STRATA,
    WIDTH,
    Dot,
    Drawing,
    Group,
    Line,
    Panel,
    Path,
    Shape,
    Text,
    joined,
    left_out_strata,
)
from fairforget.board.sheets.sheet import Cell, Head, Sheet
from fairforget.board.sheets.sheet import Line as Printed
from fairforget.board.text import number, plural, shown
from fairforget.board.values import Row, Stratum, Table

MOST_ROWS = 20
MOST_DRAWS = 30
MOST_LINES = 120
"""Draws in the table; what has more is in ``board.json``."""
_STEP = 17.0
_COLOURED = 6


@dataclass(frozen=True, slots=True)
class Ranked:
    """The rows on one forget set."""

    index: int
    scores: Mapping[str, float]
    """By the identity of the row."""
    ranks: Mapping[str, float]
    """Ties share the mean of their ranks."""

    @property
    def ahead(self) -> list[str]:
        """The rows with the first of the ranks."""
        first = min(self.ranks.values())
        return [row for row, rank in self.ranks.items() if rank == first]


def scored_draws(rows: Sequence[Row], stratum: Stratum) -> list[tuple[int, dict[str, float]]]:
    """Return the draws of a stratum on which every row has a score: their indices, and the scores by row."""
    scores: dict[int, dict[str, float]] = {}
    for row in rows:
        found = row.strata.get(stratum.label)
        for point in found.points if found is not None else ():
            if point.score is not None:
                scores.setdefault(point.index, {})[row.id] = point.score
    return [(i, found) for i, found in sorted(scores.items()) if len(found) == len(rows)]


def ranked_draws(rows: Sequence[Row], stratum: Stratum) -> list[Ranked]:
    """Return the draws of a stratum on which every row has a score, with the ranks there."""
    return [Ranked(i, scores, _ranks(scores)) for i, scores in scored_draws(rows, stratum)]


def bump_drawing(table: Table) -> Drawing | None:
    """Return a panel a stratum; None with fewer than two whole rows or without a stratum of two draws."""
    rows = [row for row in table.competing if row.rank is not None] or list(table.competing)
    draws = {stratum.label: ranked_draws(rows, stratum) for stratum in table.strata}
    shown_strata = [stratum for stratum in table.strata if len(draws[stratum.label]) > 1]
    if len(rows) < 2 or not shown_strata:
        return None
    panels = tuple(_panel(rows, stratum, draws[stratum.label]) for stratum in shown_strata[:MOST_STRATA])
    first, second = shown(rows[0].label, 40), shown(rows[1].label, 40)
    about = (
        f"Every column is one forget set, every line a row by its {words.score_name(table)} there; where lines cross, "
        f"the forget set decides who is ahead. Crosses below mark forget sets on which {second} beats {first}."
    )
    most = max(len(found) for found in draws.values())
    caps = [
        *([f"The first {MOST_ROWS} of {len(rows)} rows are drawn."] if len(rows) > MOST_ROWS else []),
        *left_out_strata(len(shown_strata)),
        *([f"The first {MOST_DRAWS} of {most} forget sets are drawn."] if most > MOST_DRAWS else []),
    ]
    numbers = _numbers(rows, [(s, draws[s.label]) for s in shown_strata])
    return Drawing("draws", "Rank by forget set", about, panels, numbers, " ".join(caps))


def _panel(rows: Sequence[Row], stratum: Stratum, found: Sequence[Ranked]) -> Panel:
    drawn, draws = rows[:MOST_ROWS], found[:MOST_DRAWS]
    deepest = max(draw.ranks[row.id] for draw in draws for row in drawn)
    left, right, top = 26.0, 228.0, 34.0
    bottom = top + _STEP * (deepest - 1)
    gap = (right - left - 12) / max(len(draws) - 1, 1)

    def x(i: int) -> float:
        return round(left + 6 + gap * i, 2)

    def y(rank: float) -> float:
        return round(top + _STEP * (rank - 1), 2)

    reversals = [i for i, draw in enumerate(draws) if draw.scores[rows[1].id] > draw.scores[rows[0].id]]
    of_all = sum(draw.scores[rows[1].id] > draw.scores[rows[0].id] for draw in found)
    title = f"{shown(stratum.label, 20)}, n = {len(found)}: reversed on {of_all} of {len(found)}"
    shapes: list[Shape | Group] = [heading(title)]
    for rank in range(1, int(deepest) + 1):
        shapes += [
            Line(left, y(rank), right, y(rank), "grid"),
            Text(left - 6, y(rank) + 3.5, f"{rank}", "tick", "end"),
        ]
    every = max(1, -(-len(draws) // 12))
    shapes += [
        Text(x(i), bottom + 34, f"{draw.index}", "tick", "middle") for i, draw in enumerate(draws) if i % every == 0
    ]
    shapes.append(Text(right + 10, bottom + 34, "forget set", "tick"))
    ends = spread([y(draws[-1].ranks[row.id]) for row in drawn], 11.5, top, max(bottom, top + 11.5 * len(drawn)))
    # The rows that are ahead come last, so that they lie on top.
    for i, row in reversed(list(enumerate(drawn))):
        points = [(x(j), y(draw.ranks[row.id])) for j, draw in enumerate(draws)]
        last = points[-1]
        kind = f"series s{i}" if i < _COLOURED else "series faint"
        told = f"{shown(row.label)}: ranks {', '.join(f'{draw.ranks[row.id]:g}' for draw in draws)}"
        shapes.append(
            Group(
                (
                    Path(joined(points), "step"),
                    *(Dot(*point, 3, "knot") for point in points),
                    Line(last[0] + 5, last[1], right + 6, ends[i], "leader"),
                    Text(right + 10, ends[i] + 3.5, shown(row.label, 22), "name"),
                ),
                kind,
                told,
                shown(row.label),
            )
        )
    for i in reversals:
        at, low = x(i), bottom + 14
        told = f"{shown(rows[1].label)} beats {shown(rows[0].label)} on forget set {draws[i].index}"
        cross = Path(f"M{at - 3:g} {low - 3:g}l6 6m0 -6l-6 6", "cross")
        shapes.append(Group((cross,), "", told))
    height = max(bottom + 42, ends[-1] + 12 if ends else 0.0)
    told = f"Rank of {plural(len(drawn), 'row')} on each of {len(draws)} {shown(stratum.label)} forget sets."
    return Panel(told, round(height, 2), tuple(shapes), width=WIDTH, title=title, stratum=stratum.label)


def _ranks(scores: Mapping[str, float]) -> dict[str, float]:
    """Return ranks, 1 = highest; ties share the mean."""
    ordered = sorted(scores.values(), reverse=True)
    first: dict[float, int] = {}
    for i, value in enumerate(ordered):
        first.setdefault(value, i)
    count = Counter(ordered)
    return {row: first[value] + (count[value] + 1) / 2 for row, value in scores.items()}


def _numbers(rows: Sequence[Row], strata: Sequence[tuple[Stratum, Sequence[Ranked]]]) -> Sheet:
    drawn = rows[:MOST_ROWS]
    names = {row.id: shown(row.label) for row in rows}
    heads = (
        Head("forget set", numeric=False),
        Head("ahead", numeric=False),
        *(Head(names[row.id], "Rank, and the score in brackets.") for row in drawn),
    )
    draws = [(shown(stratum.label), draw) for stratum, found in strata for draw in found]
    lines = [
        Printed(
            (
                Cell(f"{kind} {draw.index}"),
                Cell(", ".join(names[row] for row in draw.ahead)),
                *(
                    Cell(f"{draw.ranks[row.id]:g}", draw.ranks[row.id], f"({number(draw.scores[row.id])})")
                    for row in drawn
                ),
            )
        )
        for kind, draw in draws[:MOST_LINES]
    ]
    about = f"The first {MOST_LINES} of {len(draws)} forget sets; board.json has all." * (len(draws) > MOST_LINES)
    return Sheet("draws-numbers", "Rank by forget set", about, heads, tuple(lines))
