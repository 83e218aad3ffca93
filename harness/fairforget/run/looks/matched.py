"""Utility at equal completeness."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fairforget.run.looks.path import Moment
from fairforget.stats.averages import enters_average, role_average
from fairforget.store.record import Score


@dataclass(frozen=True, eq=False)
class Point:
    """What one look found."""

    moment: Moment
    scores: Mapping[str, Score]

    def average(self, role: str) -> float:
        """Return the average of a role; NaN where it has none."""
        return role_average(self.scores.values(), role)

    def to_json(self) -> dict[str, Any]:
        """Return the form it has in a record's ``trajectory``."""
        values = {column: score.value for column, score in self.scores.items()}
        at = self.moment
        return {
            "update": at.update,
            "forward_equivalents": at.forward_equivalents,
            "seconds": at.seconds,
            "scores": values,
        }


def matched(points: Sequence[Point], goal: float) -> dict[str, Any]:
    """Return what a method is worth where its completeness first reaches `goal`.

    Updates, cost and utility are interpolated linearly in completeness between the last look before and the first look
    that finds the goal reached; a look without a completeness is passed over. A path that starts at or above the goal
    is there at its start.

    Args:
        points: the looks in their order, the target first.
        goal: completeness, in (0, 1].

    Returns:
        The record's ``matched``: ``completeness``, ``reached``, ``best`` (the highest completeness seen), and where it
        was reached ``update``, ``forward_equivalents``, ``utility`` by column and ``utility_average``; these are None
        where it never was, and a utility is None where a look on either side has none.
    """
    seen = [(point, point.average("completeness")) for point in points]
    seen = [(point, value) for point, value in seen if math.isfinite(value)]
    best = max((value for _, value in seen), default=None)
    found: dict[str, Any] = {"completeness": goal, "reached": False, "best": best}
    nowhere = dict.fromkeys(("update", "forward_equivalents", "utility", "utility_average"))
    after = next((i for i, (_, value) in enumerate(seen) if value >= goal), None)
    if after is None:
        return {**found, **nowhere}
    (first, low), (second, high) = seen[max(after - 1, 0)], seen[after]
    share = (goal - low) / (high - low) if high > low else 1.0
    columns = [name for name, score in second.scores.items() if enters_average(score, "utility")]
    return {
        **found,
        "reached": True,
        "update": _between(first.moment.update, second.moment.update, share),
        "forward_equivalents": _between(first.moment.forward_equivalents, second.moment.forward_equivalents, share),
        "utility": {name: _between(_value(first, name), _value(second, name), share) for name in columns},
        "utility_average": _between(first.average("utility"), second.average("utility"), share),
    }


def _value(point: Point, column: str) -> float:
    score = point.scores.get(column)
    return math.nan if score is None or score.value is None else score.value


def _between(low: float, high: float, share: float) -> float | None:
    # Without the product at the end points: a look that is exactly at the goal needs no other.
    value = high if share == 1 else low + share * (high - low)
    return value if math.isfinite(value) else None
