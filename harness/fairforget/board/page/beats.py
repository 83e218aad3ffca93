"""Who beats whom: the probability of improvement of every pair on a new forget set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fairforget.board.compared import Chance, Compared, Pair, Share
from fairforget.board.page.ranks import LEVEL
from fairforget.board.page.scene import WIDTH, Box, Drawing, Group, Line, Panel, Shape, Text
from fairforget.board.sheets.sheet import Cell, Head, Sheet, figure
from fairforget.board.sheets.sheet import Line as Printed
from fairforget.board.text import number, probability, share, shown
from fairforget.board.values import Table

MOST = 20
MOST_LINES = 150
_LEFT = 132.0
_WIDER = 176.0
"""Room for names where a figure is wider than usual: it scrolls on a phone, and what lies outside it is cut."""
_SIDE = 26.0
"""Of a square where they are too many for the usual width."""
_NARROWEST = 18.0
"""A square that still holds its number."""


def beats_drawing(table: Table) -> Drawing | None:
    """Return the matrix; None where rows are not compared."""
    found = table.compared
    if found is None or len(found.order) < 2:
        return None
    labels = {row.id: row.label for row in table.rows}
    pairs = {(pair.first, pair.second): pair for pair in found.pairs}
    drawn = [row for row in found.order if row in labels][:MOST]
    about = (
        f"How likely the row beats the column on a new forget set, in percent, from {_sets(found)}: 100 is always, "
        "50 a coin. Framed pairs are told apart by the paired tests (Holm, 5 %), all others are not; the intervals are "
        "in the table."
    )
    hidden = len(found.order) - len(drawn)
    cap = f"The first {MOST} of {len(found.order)} rows are drawn; the table has more." if hidden else ""
    panel = _panel(drawn, labels, pairs)
    return Drawing("beats", "The chance to beat another row", about, (panel,), _numbers(found, labels), cap)


def _sets(found: Compared) -> str:
    """Return how many forget sets are behind the chances: the fewest and the most of any pair."""
    counts = {pair.improvement.n for pair in found.pairs}
    return f"n = {min(counts)} forget sets" if len(counts) == 1 else f"n = {min(counts)} to {max(counts)} forget sets"


def _panel(rows: Sequence[str], labels: Mapping[str, str], pairs: Mapping[tuple[str, str], Pair]) -> Panel:
    side = round(min(30.0, (WIDTH - _LEFT - 4) / len(rows)), 2)
    wide = side < _NARROWEST
    side, left, letters = (_SIDE, _WIDER, 24) if wide else (side, _LEFT, 20)
    width = max(WIDTH, round(left + side * len(rows) + 4, 2))
    top = 22.0
    shapes: list[Shape | Group] = [
        Text(round(left + side * (j + 0.5), 2), top - 8, f"{j + 1}", "tick", "middle") for j in range(len(rows))
    ]
    for i, row in enumerate(rows):
        y = round(top + side * i, 2)
        middle = round(y + side / 2 + 3.5, 2)
        inner: list[Shape] = [Text(left - 8, middle, f"{shown(labels[row], letters)}  {i + 1}", "name", "end")]
        shapes.append(Group(tuple(inner), "strip", "", shown(labels[row])))
        for j, column in enumerate(rows):
            x = round(left + side * j, 2)
            if i == j:
                shapes.append(Line(x + 4, y + side - 4, x + side - 4, y + 4, "grid"))
                continue
            pair = pairs.get((row, column)) or pairs.get((column, row))
            if pair is not None:
                shapes.append(_square(pair, row, labels, (x, y, side)))
    told = "Probability that a row beats a column on a new forget set, for every pair; the numbers are in the table."
    return Panel(told, round(top + side * len(rows) + 4, 2), tuple(shapes), width)


def _square(pair: Pair, row: str, labels: Mapping[str, str], at: tuple[float, float, float]) -> Group:
    x, y, side = at
    value = pair.improvement.value if pair.first == row else 1 - pair.improvement.value
    apart = pair.p < LEVEL
    kind = "heat ahead" if value >= 0.5 else "heat behind"
    shapes: list[Shape] = [
        Box(x + 1, y + 1, side - 2, side - 2, kind, round(abs(value - 0.5) * 1.1, 3)),
        Text(
            round(x + side / 2, 2),
            round(y + side / 2 + 3.3, 2),
            f"{100 * value:.0f}",
            "value" if side > 22 else "value small",
            "middle",
        ),
    ]
    if apart:
        shapes.append(Box(x + 1.5, y + 1.5, side - 3, side - 3, "frame"))
    other = pair.second if pair.first == row else pair.first
    told = (
        f"{shown(labels[row], 40)} beats {shown(labels[other], 40)}: {_chance(pair.improvement, pair.first != row)}, "
        f"n = {pair.improvement.n}; {'told apart' if apart else 'not told apart'}, p = {probability(pair.p)}"
    )
    return Group(tuple(shapes), "", told)


def _chance(found: Chance, turned: bool) -> str:
    """Return a probability in percent with its interval, of the other side where it is turned."""
    value, low, high = found.value, found.low, found.high
    if turned:
        value, low, high = 1 - value, None if high is None else 1 - high, None if low is None else 1 - low
    return share(value) if low is None or high is None else f"{share(value)} ({share(low)}–{share(high)})"


def _numbers(found: Compared, labels: Mapping[str, str]) -> Sheet:
    heads = (
        Head("pair", numeric=False),
        Head("P(first beats second)", "On a new forget set, with its 95 % interval; a tie counts half."),
        Head("difference", "First minus second, paired, with its 95 % interval."),
        Head("p", "One-sided, Holm-corrected over all pairs."),
        Head("reversed on", "Forget sets on which the second is ahead, with the exact 95 % interval of their share."),
        Head("n", "Forget sets."),
    )
    lines = [
        Printed(
            (
                Cell(f"{shown(labels[pair.first], 40)} – {shown(labels[pair.second], 40)}"),
                Cell(share(pair.improvement.value), pair.improvement.value, _ends(pair.improvement)),
                figure(pair.difference, pair.difference.n),
                Cell(probability(pair.p), pair.p),
                Cell(
                    f"{number(pair.reversals.count).rstrip('0').rstrip('.')} of {pair.reversals.n}",
                    pair.reversals.value,
                    _ends(pair.reversals),
                ),
                Cell(f"{pair.difference.n:,}", float(pair.difference.n)),
            )
        )
        for pair in found.pairs[:MOST_LINES]
    ]
    more = len(found.pairs) - len(lines)
    about = f"The first {MOST_LINES:,} of {len(found.pairs):,} pairs; board.json has all." if more else ""
    return Sheet("beats-numbers", "Every pair", about, heads, tuple(lines))


def _ends(found: Chance | Share) -> str:
    return "" if found.low is None or found.high is None else f"({share(found.low)}–{share(found.high)})"
