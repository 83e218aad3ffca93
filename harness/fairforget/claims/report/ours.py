"""The numbers of ours that stand beside printed ones, from what statistics hand on."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from fairforget.board.loose import items, mapping, number
from fairforget.claims.beside_file import PAIR

_LARGEST_LOG: Final = 700.0
Sample = tuple[float, float]
"""Attribute and outcome."""


def ours_on(figure: Mapping[str, Any], ours: str) -> float | None:
    """Return the number of ours on one target; None where the figure has not what it takes.

    Args:
        figure: of the effect on the target, as it stands in ``claims.json``; anybody's.
        ours: which number, see `fairforget.claims.beside_file.NamedLine`, and no ``effect``.
    """
    if ours.startswith(PAIR):
        return _of_pair(figure, ours.removeprefix(PAIR).strip())
    low, high = _halves(figure)
    if ours == "low":
        return low
    if ours == "high":
        return high
    ratio = high / low if low is not None and high is not None and low > 0 else math.nan
    return ratio if math.isfinite(ratio) else None


def mean(values: Sequence[float]) -> float:
    """Return the mean of at least one number; what is too large to be added up is no reason to stop."""
    return sum(value / len(values) for value in values)


def _of_pair(figure: Mapping[str, Any], method: str) -> float | None:
    """Return the mean difference of the pair whose name begins with the method; None where several do."""
    found = [
        value
        for pair in map(items, items(figure.get("pairs")))
        if len(pair) > 1 and _begins(pair[0], method) and (value := number(pair[1])) is not None
    ]
    return found[0] if len(found) == 1 else None


def _begins(name: Any, method: str) -> bool:
    """Whether a row is of the method, whatever options stand behind its name."""
    return isinstance(name, str) and (name == method or name.startswith((f"{method} ", f"{method}(")))


def _halves(figure: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Return the mean outcome of samples low and high in the attribute, rows of the study counting alike."""
    rows = list(map(mapping, items(figure.get("rows"))))
    if "split" in figure:  # the statistic has parted them
        grouped = [_grouped(row, logarithmic=figure.get("scale") == "log") for row in rows]
    else:
        grouped = [parted(samples) for samples in [samples_of(row) for row in rows] or [_of_scores(figure)]]
    sides = []
    for side in (0, 1):
        known = [value for pair in grouped if (value := pair[side]) is not None]
        sides.append(mean(known) if known and len(known) == len(grouped) else None)
    return sides[0], sides[1]


def _grouped(row: Mapping[str, Any], *, logarithmic: bool) -> tuple[float | None, float | None]:
    """Return the mean outcomes of the samples of a row that are not high, and that are; of the outcomes themselves."""
    low: list[float] = []
    high: list[float] = []
    for value in map(items, items(row.get("values"))):
        if len(value) > 2 and (y := number(value[1])) is not None:
            # Of what has no place among floats nothing is the mean, and the caller finds that it is not finite.
            outcome = (math.exp(y) if y < _LARGEST_LOG else math.inf) if logarithmic else y
            (high if value[2] is True else low).append(outcome)
    sides = [mean(side) if side else math.nan for side in (low, high)]
    return (sides[0] if math.isfinite(sides[0]) else None), (sides[1] if math.isfinite(sides[1]) else None)


def parted(samples: Sequence[Sample]) -> tuple[float | None, float | None]:
    """Return the mean outcome of samples whose attribute is at its median or below, and of those above it.

    None for a side without a sample: where more than half of them share the highest attribute there is no high one.
    """
    if not samples:
        return None, None
    middle = statistics.median(attribute for attribute, _ in samples)
    low = [outcome for attribute, outcome in samples if attribute <= middle]
    high = [outcome for attribute, outcome in samples if attribute > middle]
    return mean(low) if low else None, mean(high) if high else None


def samples_of(row: Mapping[str, Any]) -> list[Sample]:
    """Return the points of a row of a figure, each of a name, a score and one outcome or several."""
    points = [point for point in map(items, items(row.get("points"))) if len(point) > 2]
    return list(_numbers((p[1], y) for p in points for y in (p[2] if isinstance(p[2], list) else [p[2]])))


def _of_scores(figure: Mapping[str, Any]) -> list[Sample]:
    """Return the points of two scores: the second is the attribute, the first the outcome."""
    points = map(mapping, items(figure.get("points")))
    return list(_numbers((point.get("second"), point.get("first")) for point in points))


def _numbers(found: Iterator[tuple[Any, Any]]) -> Iterator[Sample]:
    for one, other in found:
        x, y = number(one), number(other)
        if x is not None and y is not None:
            yield x, y
