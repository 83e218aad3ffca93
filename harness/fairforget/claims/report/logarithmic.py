"""Axes of logarithms, labelled with the numbers themselves."""

from __future__ import annotations

import math
from collections.abc import Sequence

from fairforget.board.page.axes import Scale, close_range

_LARGEST = 300.0
"""Power of ten beyond which nothing is drawn."""
_STEPS = (1.0, 2.0, 5.0)


class Powers(Scale):
    """A scale whose ends are powers of ten; it takes numbers above 0."""

    __slots__ = ()

    def __call__(self, value: float) -> float:
        """Return the place of a number; of one that is 0 or less, a place far outside."""
        return super().__call__(_power(value))

    def held(self, value: float) -> float:
        """Return the place of a number, kept inside the figure."""
        return super().__call__(min(max(_power(value), self.low), self.high))

    def ticks(self, most: int = 5) -> list[tuple[float, str]]:
        """Return places and texts of whole powers of ten; of 1, 2 and 5 times them where that is too few."""
        low, high = max(self.low, -_LARGEST), min(self.high, _LARGEST)
        first, last = math.ceil(low - 1e-9), math.floor(high + 1e-9)
        step = max(1, math.ceil((last - first + 1) / most))
        found = [10.0**power for power in range(first, last + 1, step)]
        if len(found) < 3:
            found = [
                factor * 10.0**power
                for power in range(math.floor(low), last + 1)
                for factor in _STEPS
                if low - 1e-9 <= math.log10(factor) + power <= high + 1e-9
            ]
        if len(found) < 2:
            plain = Scale(10.0**low, 10.0**high, self.start, self.end).ticks(most)
            found = [float(told) for _, told in plain if float(told) > 0]
        return [(self(value), f"{value:.4g}") for value in found]


def axis(values: Sequence[float], start: float, end: float, *, logarithmic: bool = False) -> Scale:
    """Return the scale of an axis on which all values lie; a logarithmic one only where all are above 0."""
    if logarithmic and min(values) > 0:
        return Powers(*close_range([_power(value) for value in values]), start, end)
    return Scale(*close_range(values), start, end)


def spread_out(values: Sequence[float], ratio: float = 30.0) -> bool:
    """Return whether values are so far apart that only their logarithms can be seen beside each other."""
    return bool(values) and min(values) > 0 and max(values) / ratio >= min(values)


def _power(value: float) -> float:
    return min(max(math.log10(value), -_LARGEST), _LARGEST) if value > 0 else -_LARGEST
