"""Columns measured along the way, and the end of a run at a completeness."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from fairforget.run.looks.matched import Point, matched
from fairforget.run.looks.path import Moment
from fairforget.store.record import Score

Measure = Callable[[Collection[str]], Mapping[str, Mapping[str, Any]]]
"""Measures columns of the task on the model as it is; returns them as in a record's ``scores``."""


@dataclass(eq=False)
class TrajectoryWatch:
    """A `fairforget.run.looks.path.Watch`: measures columns at the target, every so many updates, and at the end.

    The last point is made of the scores of the record, so that the end is measured once.
    """

    measure: Measure
    columns: Collection[str]
    every: int | None
    """Updates between two looks; None = once an epoch."""
    goal: float | None = None
    """The run ends where the average of the completeness columns, all of them among `columns`, reaches it."""
    reason: str = field(default="completeness", init=False)
    _points: list[Point] = field(default_factory=list, init=False)
    _end: Moment | None = field(default=None, init=False)

    def due(self, updates: int, updates_per_epoch: int) -> bool:
        """Return whether to look after this many updates: at the target, and every so many."""
        return updates % (self.every or updates_per_epoch) == 0

    def look(self, now: Moment) -> bool:
        """Measure; return whether the goal is reached."""
        point = Point(now, {name: Score(**score) for name, score in self.measure(self.columns).items()})
        self._points.append(point)
        return self._reached(point)

    def end(self, now: Moment) -> None:
        """Note when the end was."""
        self._end = now

    def record(self, scores: Mapping[str, Mapping[str, Any]], /) -> dict[str, Any]:
        """Return ``trajectory``, and where there is a goal ``matched`` with a problem where it was not reached."""
        points = self._whole(scores)
        found: dict[str, Any] = {"trajectory": [point.to_json() for point in points]}
        if self.goal is None:
            return found
        found["matched"] = match = matched(points, self.goal)
        if not match["reached"]:
            best = "no completeness was measured" if match["best"] is None else f"the highest was {match['best']:.3g}"
            last = points[-1].moment.update if points else 0
            message = f"completeness {self.goal:g} was not reached in {last} updates; {best}"
            found["problems"] = [{"kind": "completeness-not-reached", "message": message}]
        return found

    def _whole(self, scores: Mapping[str, Mapping[str, Any]]) -> list[Point]:
        """Return the looks with the end, which takes the place of a look after the same update.

        Only the target's look stays beside an end without updates: a method may have changed the model all the same.
        """
        found = {name: Score(**scores[name]) for name in self.columns if name in scores}
        if self._end is None or not found:
            return self._points
        last = self._points[-1] if self._points else None
        same = last is not None and last.moment.update == self._end.update
        if same and last is not None and (self._end.update > 0 or self._reached(last)):
            return [*self._points[:-1], Point(self._end, found)]
        return [*self._points, Point(self._end, found)]

    def _reached(self, point: Point) -> bool:
        return self.goal is not None and point.average("completeness") >= self.goal
