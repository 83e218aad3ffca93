"""From values to places, and the lines that say so."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fairforget.board.page.scene import Line, Shape, Text
from fairforget.stats.intervals import Estimate

LARGEST: Final = 1e100
"""What is further from 0 is drawn as this: no measurement, and its differences might be no numbers."""
HALF: Final = 0.5
"""What an axis of shares may start at instead of 0, or above."""
SMALLEST: Final = 1e-100
"""What lies closer together is drawn as equal."""


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to units. The ends are at least `SMALLEST` apart and within `LARGEST`, as the ranges below are."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the place of a value, rounded to a hundredth; of a far one, a place that far outside."""
        share = (bounded(value) - self.low) / (self.high - self.low)
        return round(self.start + min(max(share, -9.0), 9.0) * (self.end - self.start), 2)

    def held(self, value: float) -> float:
        """Return the place of a value, kept inside the figure: intervals may reach further."""
        return self(min(max(value, self.low), self.high))

    def ticks(self, most: int = 5) -> list[tuple[float, str]]:
        """Return places and texts of a few round values."""
        step = _step((self.high - self.low) / most)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [(self(i * step), f"{i * step:.4g}") for i in range(first, last + 1)]


def _step(width: float) -> float:
    """Return the smallest round step that is at least as wide: 1, 2, 2.5 or 5 times a power of ten."""
    power: float = 10.0 ** math.floor(math.log10(width))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= width * (1 - 1e-9))


def bounded(value: float) -> float:
    """Return a value, or `LARGEST` with its sign; 0 for what is no number."""
    return 0.0 if math.isnan(value) else min(max(value, -LARGEST), LARGEST)


def unit_range(values: Sequence[float]) -> tuple[float, float]:
    """Return 0 … 1, or as much more as the values need."""
    near = [bounded(value) for value in values]
    return min(0.0, *near, 0.0), max(1.0, *near, 1.0)


def upper_range(values: Sequence[float]) -> tuple[float, float]:
    """Return the range of `unit_range`, from half where nothing is below: rows that keep most would lie on a heap."""
    low, high = unit_range(values)
    lowest = min((bounded(value) for value in values), default=0.0)
    # A round start with some room left of the lowest.
    start = math.floor(10 * (lowest - 0.05) + 1e-9) / 10
    return (min(start, 0.8), high) if start >= HALF else (low, high)


def close_range(values: Sequence[float], margin: float = 0.06) -> tuple[float, float]:
    """Return the range of the values with some room; never of no width."""
    low, high = bounded(min(values)), bounded(max(values))
    size = max(abs(low), abs(high))
    # Where the digits of a float end there is no width to draw.
    width = high - low if high - low > max(1e-9 * size, SMALLEST) else max(size, 1.0)
    return low - margin * width, high + margin * width


def ends(scale: Scale, estimate: Estimate) -> tuple[float, float] | None:
    """Return the places of the ends of an interval; None where there is none."""
    if estimate.low is None or estimate.high is None:
        return None
    return scale.held(estimate.low), scale.held(estimate.high)


def across(scale: Scale, top: float, bottom: float, name: str = "", most: int = 5) -> list[Shape]:
    """Return the grid of a horizontal axis, its ticks below it, and its name below them."""
    shapes: list[Shape] = []
    for place, told in scale.ticks(most):
        shapes += [
            Line(place, top, place, bottom, "grid"),
            Text(place, bottom + 13, told, "tick", "middle"),
        ]
    if name:
        shapes.append(Text(scale.end, bottom + 28, f"{name} →", "axis", "end"))
    return shapes


def upward(scale: Scale, left: float, right: float, name: str = "", most: int = 5) -> list[Shape]:
    """Return the grid of a vertical axis, its ticks left of it, and its name along it."""
    shapes: list[Shape] = []
    for place, told in scale.ticks(most):
        shapes += [
            Line(left, place, right, place, "grid"),
            Text(left - 6, place + 3.5, told, "tick", "end"),
        ]
    if name:
        shapes.append(Text(8, min(scale.start, scale.end), f"{name} →", "axis", "end", -90))
    return shapes


def heading(title: str) -> Text:
    """Return the title of a panel, at its top."""
    return Text(4, 14, title, "panel")
