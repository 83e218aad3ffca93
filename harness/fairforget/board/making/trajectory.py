"""The way of a row from the target to its end."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from statistics import fmean

from fairforget.board.grouping import Place
from fairforget.board.kept.columns import different
from fairforget.board.loose import items, mapping, number
from fairforget.board.making.rows import standardised
from fairforget.board.way import Look
from fairforget.stats.averages import enters_average, role_average
from fairforget.store.record import Record, Score

MOST_LOOKS = 60
"""More points than this are thinned out evenly."""
_GONE = ("forget", "completeness", True)
"""Set, role and complement of a column that is 1 − memory."""


@dataclass(frozen=True, slots=True)
class _Point:
    update: float
    forward_equivalents: float | None
    completeness: float
    utility: float


@dataclass(frozen=True, slots=True)
class _Way:
    points: tuple[_Point, ...]
    """By rising update."""
    updates: tuple[float, ...]
    """Of the points."""
    failed: bool

    def at(self, update: float) -> _Point | None:
        """Return the last point up to then. A run that ended keeps what it delivered; one that failed delivers none."""
        i = bisect_right(self.updates, update)
        if i == 0 or (self.failed and update > self.updates[-1]):
            return None
        return self.points[i - 1]


def columns_on_the_way(records: Sequence[Record]) -> dict[str, Score]:
    """Return the columns that make completeness and utility on the way, with what the record of a cell says of each.

    Those of the averages that cells looked at; for a role of which they looked at none, its other columns of which
    higher is better; and for utility in the end what measures on the retain set, as a diagnostic, the memory that a
    column of completeness measures on the forget set.
    """
    seen = {
        name
        for record in records
        for point in items(record.extra.get("trajectory"))
        for name in mapping(mapping(point).get("scores"))
    }
    kinds: dict[str, Score] = {}
    for scores in different(record.scores for record in records) if seen else ():
        for name, score in scores.items():
            if name in seen:
                kinds.setdefault(name, score)
    found: dict[str, Score] = {}
    for role in ("completeness", "utility"):
        averaged = {name: kind for name, kind in kinds.items() if enters_average(kind, role)}
        others = {n: replace(k, average=True) for n, k in kinds.items() if k.role == role and k.better == "higher"}
        found |= averaged or others or (_twins(kinds) if role == "utility" else {})
    return found


def _twins(kinds: Mapping[str, Score]) -> dict[str, Score]:
    memory = {kind.metric for kind in kinds.values() if (kind.on, kind.role, kind.complement) == _GONE}
    return {
        name: replace(kind, role="utility", better="higher", average=True)
        for name, kind in kinds.items()
        if kind.role == "diagnostic" and kind.on == "retain" and kind.metric in memory
    }


def way_of(
    cells: Mapping[Place, Record],
    expected: Mapping[str, Sequence[Place]],
    weights: Mapping[str, float],
    kinds: Mapping[str, Score],
    overlap: Mapping[str, float],
) -> tuple[Look, ...]:
    """Return the means of a row at every update where one of its cells was looked at, over the strata that count.

    Args:
        cells: of the row, by draw and seed.
        expected: label of a stratum -> the places a row should have there.
        weights: label of a stratum that counts -> its share.
        kinds: the columns that were looked at, see `columns_on_the_way`.
        overlap: label of a stratum -> that of its draws.
    """
    if not any("trajectory" in record.extra for record in cells.values()):
        return ()
    counting = set(chain.from_iterable(expected.get(label, ()) for label in weights))
    ways = {place: way for place in counting if place in cells and (way := _way(cells[place], kinds)).points}
    updates = sorted({update for way in ways.values() for update in way.updates})

    def look(update: float) -> Look:
        paid = [
            p.forward_equivalents for w in ways.values() if (p := w.at(update)) and p.forward_equivalents is not None
        ]
        return Look(
            update,
            fmean(paid) if paid else None,
            standardised(ways, expected, weights, _value(update, lambda point: point.completeness), overlap),
            standardised(ways, expected, weights, _value(update, lambda point: point.utility), overlap),
        )

    return tuple(look(update) for update in thinned(updates, MOST_LOOKS))


def thinned(updates: Sequence[float], most: int) -> list[float]:
    """Return at most so many of the updates, evenly, the first and the last among them."""
    if len(updates) <= most:
        return list(updates)
    return [updates[round(i * (len(updates) - 1) / (most - 1))] for i in range(most)]


def _value(update: float, pick: Callable[[_Point], float]) -> Callable[[_Way], float]:
    def value(way: _Way) -> float:
        point = way.at(update)
        return math.nan if point is None else pick(point)

    return value


def _way(record: Record, kinds: Mapping[str, Score]) -> _Way:
    points = []
    for found in map(mapping, items(record.extra.get("trajectory"))):
        update = number(found.get("update"))
        if update is None:
            continue
        values = mapping(found.get("scores"))
        scores = [replace(kind, value=number(values[name])) for name, kind in kinds.items() if name in values]
        points.append(
            _Point(
                update,
                number(found.get("forward_equivalents")),
                role_average(scores, "completeness"),
                role_average(scores, "utility"),
            )
        )
    points.sort(key=lambda point: point.update)
    return _Way(tuple(points), tuple(point.update for point in points), record.status == "failed")
