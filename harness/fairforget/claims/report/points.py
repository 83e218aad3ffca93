"""Figures of points: a score against an outcome, one score against another."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from fairforget.board.loose import items, mapping, number
from fairforget.board.page.scene import Panel
from fairforget.board.text import shown
from fairforget.claims.report import words
from fairforget.claims.report.logarithmic import spread_out
from fairforget.claims.report.plots import Axes, Point, cloud_panel


def of_rows(figure: Mapping[str, Any], where: str, asked: Mapping[str, Any]) -> Iterator[Panel | None]:
    """Yield a panel for each row whose points are a sample's score, its outcome, and whether the budget ended it."""
    del asked
    for row in map(mapping, items(figure.get("rows"))):
        full, hollow = _split(items(row.get("points")))
        points = [*full, *hollow]
        slope, intercept = number(row.get("slope")), number(row.get("intercept"))
        line: list[Point] = []
        if slope is not None and intercept is not None and points and min(map(min, points)) > 0:
            line = [(x, _exp(intercept + slope * math.log(x))) for x in (min(points)[0], max(points)[0])]
        axes = Axes(
            shown(figure.get("score", "score"), 50),
            shown(figure.get("outcome", "outcome"), 30),
            bool(line) or spread_out([x for x, _ in points]),
            bool(line) or spread_out([y for _, y in points]),
        )
        told = _told(row, slope)
        title = f"{where}{shown(row.get('row', ''), 24)}{f', {told}' if told else ''}"
        yield cloud_panel(title, f"{title}: {axes.y} against {axes.x}", axes, full, hollow, line)


def of_residuals(figure: Mapping[str, Any], where: str, asked: Mapping[str, Any]) -> Iterator[Panel | None]:
    """Yield a panel of scores in standard deviations and outcomes freed of what else is known."""
    del asked
    points = _pairs(items(figure.get("points")))
    slopes = items(figure.get("slopes"))
    slope = number(items(slopes[0])[1]) if slopes and len(items(slopes[0])) > 1 else None
    line: list[Point] = []
    if slope is not None and points:
        x0, y0 = (sum(values) / len(points) for values in zip(*points, strict=True))
        line = [(x, y0 + slope * (x - x0)) for x in (min(points)[0], max(points)[0])]
    score, outcome = shown(figure.get("score", "score"), 30), shown(figure.get("outcome", "outcome"), 20)
    axes = Axes(f"{score}, in standard deviations", f"{outcome}, freed")
    title = f"{where}slope {words.number(slope)}" if slope is not None else where.rstrip(": ")
    yield cloud_panel(title, f"{title}: {axes.y} against {axes.x}", axes, points, (), line)


def of_scores(figure: Mapping[str, Any], where: str, asked: Mapping[str, Any]) -> Iterator[Panel | None]:
    """Yield a panel of one score against another, sample by sample; where they should be equal, with that line."""
    found = [mapping(point) for point in items(figure.get("points"))]
    both = [(number(point.get("second")), number(point.get("first"))) for point in found]
    points = [(x, y) for x, y in both if x is not None and y is not None]
    if not points:
        return
    ratio, rho = number(figure.get("regression")), number(mapping(figure.get("raw")).get("rho"))
    logs = [spread_out([point[i] for point in points], 10.0) for i in (0, 1)]
    line: list[Point] = []
    if ratio is not None:
        logs = [all(logs)] * 2
        ends = [value for point in points for value in point]
        line = [(min(ends), min(ends)), (max(ends), max(ends))]
    told = (
        f"slope {words.number(ratio)}" if ratio is not None else f"ρ = {words.number(rho)}" if rho is not None else ""
    )
    second = asked.get("over", asked.get("beside", "second score"))
    first = asked.get("of", "first score")
    axes = Axes(shown(words.flow(second), 50), shown(words.flow(first), 30), *logs)
    title = f"{where}{told}"
    yield cloud_panel(title, f"{title}: {axes.y} against {axes.x}", axes, points, (), line)


def _told(row: Mapping[str, Any], slope: float | None) -> str:
    if slope is not None:
        return f"slope {words.number(slope)}"
    raw = number(row.get("raw"))
    return "" if raw is None else f"ρ = {words.number(raw)}"


def _split(found: Sequence[Any]) -> tuple[list[Point], list[Point]]:
    """Return the points of runs that reached their goal, and of those that the budget ended."""
    full: list[Point] = []
    hollow: list[Point] = []
    for point in found:
        if not isinstance(point, list) or len(point) < 3 or (x := number(point[1])) is None:
            continue
        several = isinstance(point[2], list)
        values = point[2] if several else [point[2]]
        cut = point[3] if len(point) > 3 else False
        for value, late in zip_longest(values, items(cut) if several else [cut]):
            if (y := number(value)) is not None:
                (hollow if late is True else full).append((x, y))
    return full, hollow


def _pairs(found: Sequence[Any]) -> list[Point]:
    pairs = [(number(point[0]), number(point[1])) for point in found if isinstance(point, list) and len(point) > 1]
    return [(x, y) for x, y in pairs if x is not None and y is not None]


def _exp(value: float) -> float:
    return math.exp(min(max(value, -690.0), 690.0))
