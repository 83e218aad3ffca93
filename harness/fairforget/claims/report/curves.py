"""Figures of what changes with a quantity: the number of draws, sigma, a fact of the parts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from fairforget.board.loose import items, mapping, number
from fairforget.board.page.scene import Panel
from fairforget.board.text import shown
from fairforget.claims.report import words
from fairforget.claims.report.plots import Axes, OnCurve, Point, curve_panel

PRINTED: Final = "printed value"
"""Key beside the statistic's options, none of which has a space: what a paper prints for all of a figure."""


def of_draws(figure: Mapping[str, Any], where: str, asked: Mapping[str, Any]) -> Iterator[Panel | None]:
    """Yield the relative error by the number of draws, with its law."""
    del asked
    points, law = [], []
    for row in map(mapping, items(figure.get("by_draws"))):
        x, y = number(row.get("draws")), number(row.get("relative_error"))
        if x is None or y is None:
            continue
        points.append(_on_curve(x, y, row.get("low"), row.get("high")))
        if (expected := number(row.get("law"))) is not None:
            law.append((x, expected))
    slope = number(figure.get("slope"))
    title = where.rstrip(": ") if slope is None else f"{where}slope {words.number(slope)}"
    axes = Axes("draws K", "relative error", log_x=True, log_y=True)
    yield curve_panel(title, f"{title}: relative error against the number of draws", axes, points, law)


def of_levels(figure: Mapping[str, Any], where: str, asked: Mapping[str, Any]) -> Iterator[Panel | None]:
    """Yield the median score by the level of an option, a panel a reading."""
    by = shown(asked.get("by", "sigma"), 40)
    derived = number(figure.get("derived"))
    for i, reading in enumerate(map(mapping, items(figure.get("readings")))):
        found = [(number(level.get("level")), number(level.get("median"))) for level in _levels(reading)]
        points = [OnCurve(x, y) for x, y in found if x is not None and y is not None]
        law: list[Point] = []
        if derived is not None and i == 0 and points and min(min(p.x, p.y) for p in points) > 0:
            middle = points[len(points) // 2]
            law = [(p.x, _power(middle.y, p.x / middle.x, derived)) for p in points]
        slope = number(reading.get("slope"))
        name = words.flow(reading.get("difficulty", ""))
        part = reading.get("part")
        told = [name, *([f"part {part}"] if part else []), *([f"slope {words.number(slope)}"] if slope else [])]
        title = f"{where}{', '.join(told)}"
        axes = Axes(by, "median score", log_x=True, log_y=True)
        about = f"{shown(title, 300)}: median score against {by}"
        yield curve_panel(title, about, axes, points, law, number(asked.get(PRINTED)))


def of_parts(figure: Mapping[str, Any], where: str, asked: Mapping[str, Any]) -> Iterator[Panel | None]:
    """Yield the value of every part against its fact, with the straight line through them."""
    points = []
    for part in map(items, items(figure.get("parts"))):
        if len(part) < 5 or (x := number(part[1])) is None or (y := number(part[2])) is None or x <= 0:
            continue
        points.append(_on_curve(x, y, part[3], part[4]))
    points.sort(key=lambda point: point.x)
    line: list[Point] = []
    if len({point.x for point in points}) > 1:
        logs = [math.log(point.x) for point in points]
        x0, y0 = sum(logs) / len(logs), sum(point.y for point in points) / len(points)
        squares = sum((x - x0) ** 2 for x in logs)
        slope = sum((x - x0) * (point.y - y0) for x, point in zip(logs, points, strict=True)) / squares
        line = [(point.x, y0 + slope * (math.log(point.x) - x0)) for point in points]
    inner = mapping(asked.get("statistic")).get("name", "value")
    axes = Axes(shown(asked.get("over", "fact of the part"), 50), shown(inner, 30), log_x=True)
    title = where.rstrip(": ")
    yield curve_panel(title, f"{title}: {axes.y} against {axes.x}", axes, points, line)


def _on_curve(x: float, y: float, low: Any, high: Any) -> OnCurve:
    ends = [math.nan if (end := number(found)) is None else end for found in (low, high)]
    return OnCurve(x, y, *ends)


def _levels(reading: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return map(mapping, items(reading.get("levels")))


def _power(at: float, ratio: float, exponent: float) -> float:
    return math.exp(min(max(math.log(at) + exponent * math.log(ratio), -690.0), 690.0))
