"""The figures of one row."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from fairforget.board.grouping import Place
from fairforget.board.identity import DrawId
from fairforget.board.making.cells import QUANTITIES, WIDE, Cells, Strip
from fairforget.board.values import Figures, InStratum, Point
from fairforget.stats.intervals import Estimate, draw_means
from fairforget.stats.strata import standardised_mean, standardised_means

T = TypeVar("T")


def by_draw(cells: Mapping[Place, T], expected: Sequence[Place], pick: Callable[[T], float]) -> dict[DrawId, float]:
    """Return one number a draw, the mean over its expected seeds; NaN where one of them is missing or failed."""
    draws = _by_draw(expected)
    numbers = [pick(cells[place]) if place in cells else math.nan for mine in draws.values() for place in mine]
    return dict(zip(draws, _means(np.array(numbers), 1, list(map(len, draws.values())))[0].tolist(), strict=True))


def _by_draw(expected: Sequence[Place]) -> dict[DrawId, list[Place]]:
    found: dict[DrawId, list[Place]] = {}
    for place in expected:
        found.setdefault(place[0], []).append(place)
    return found


def _means(numbers: np.ndarray, wide: int, seeds: Sequence[int]) -> np.ndarray:
    """Return the means over the seeds of each draw, (wide, draws).

    Args:
        numbers: (cells, wide), draw by draw.
        wide: numbers of a cell.
        seeds: cells of each draw.
    """
    values = numbers.reshape(-1, wide)
    of = np.array(seeds, dtype=np.int64)
    first = np.cumsum(of) - of
    means = np.empty((wide, len(of)))
    for n in np.unique(of):
        alike = np.flatnonzero(of == n)
        lines = np.ascontiguousarray(values[first[alike][:, None] + np.arange(n)].transpose(2, 0, 1))
        means[:, alike] = draw_means(lines.reshape(-1, n)).reshape(wide, -1)
    return means


@dataclass(frozen=True, eq=False)
class Drawn:
    """The numbers of one row in one stratum, a draw a line; seeds averaged."""

    draws: tuple[DrawId, ...]
    values: Mapping[str, np.ndarray]
    """Quantity of `Figures` -> (draws,); NaN where an expected seed is missing or failed."""
    worst_quarter: np.ndarray
    """The same of `fairforget.board.making.worst.worst_quarter`."""
    columns: Mapping[str, np.ndarray]
    """The same of every column."""
    seeds: tuple[int, ...]
    """Cells with a score, by draw."""


def drawn(cells: Cells, strip: Strip, columns: Sequence[str]) -> Drawn:
    """Return a row's numbers in a stratum, all quantities of a cell at once.

    Args:
        cells: of the row.
        strip: of the stratum.
        columns: of the table.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        values = _means(cells.numbers[strip.lines], WIDE + len(columns), strip.seeds)
    scored = strip.counts(~np.isnan(cells.scores))
    by_name = dict(zip(QUANTITIES, values[: len(QUANTITIES)], strict=True))
    by_column = dict(zip(columns, values[WIDE:], strict=True))
    return Drawn(strip.draws, by_name, values[WIDE - 1], by_column, tuple(scored.tolist()))


def in_stratum(found: Drawn, overlap: float) -> InStratum:
    """Return a row's figures in one stratum; `overlap` is that of its draws."""
    figures = _figures(list(found.columns), _estimates([found], [1.0], [overlap]))
    shown = zip(*(found.values[name].tolist() for name in ("score", "completeness", "utility")), strict=True)
    points = [
        Point(draw.index, draw.digest, _known(score), _known(completeness), _known(utility), seeds)
        for draw, (score, completeness, utility), seeds in zip(found.draws, shown, found.seeds, strict=True)
    ]
    order = sorted(range(len(points)), key=found.draws.__getitem__)
    return InStratum(figures, tuple(points[i] for i in order))


def over_strata(found: Mapping[str, Drawn], weights: Mapping[str, float], overlap: Mapping[str, float]) -> Figures:
    """Return a row's figures over the strata that count, with their weights; nothing where one of them is not there.

    Args:
        found: label of a stratum -> the row's numbers there.
        weights: label of a stratum that counts -> its share.
        overlap: label of a stratum -> mean share of samples that two of its draws have in common.
    """
    counting = [found[label] for label in weights if label in found]
    columns = list(next(iter(found.values())).columns) if found else []
    if not weights or len(counting) < len(weights):
        return _figures(columns, [None] * (len(QUANTITIES) + len(columns)))
    return _figures(columns, _estimates(counting, list(weights.values()), [overlap[label] for label in weights]))


def standardised(
    cells: Mapping[Place, T],
    expected: Mapping[str, Sequence[Place]],
    weights: Mapping[str, float],
    pick: Callable[[T], float],
    overlap: Mapping[str, float],
) -> Estimate | None:
    """Return the mean of one number of a row over the strata that count; None where one of them is not there.

    Args:
        cells: of the row, by draw and seed.
        expected: label of a stratum -> the places a row should have there.
        weights: label of a stratum that counts -> its share.
        pick: the number of a cell.
        overlap: label of a stratum -> mean share of samples that two of its draws have in common.
    """
    if not weights or not all(expected.get(label) for label in weights):
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        found = {label: np.array(list(by_draw(cells, expected[label], pick).values())) for label in weights}
    return mean_over(found, weights, overlap)


def mean_over(
    found: Mapping[str, np.ndarray], weights: Mapping[str, float], overlap: Mapping[str, float]
) -> Estimate | None:
    """Return the mean over the strata that count of the numbers of their draws; None where one of them is not there."""
    if not weights or not all(label in found for label in weights):
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        values = [found[label] for label in weights]
        mean = standardised_mean(values, list(weights.values()), overlap=[overlap[label] for label in weights])
    return _finite(mean)


def _figures(columns: Sequence[str], found: Sequence[Estimate | None]) -> Figures:
    """Return the estimates of the quantities, then of the columns, by their names."""
    n = len(QUANTITIES)
    by_name = dict(zip(QUANTITIES, found[:n], strict=True))
    return Figures(**by_name, columns=dict(zip(columns, found[n:], strict=True)))


def _estimates(
    strata: Sequence[Drawn], weights: Sequence[float], overlap: Sequence[float]
) -> Sequence[Estimate | None]:
    """Return the means over strata of all quantities and columns; those without a gap at once."""
    lines = [np.array([*one.values.values(), *one.columns.values()]) for one in strata]
    whole = np.all([~np.isnan(values).any(axis=1) for values in lines], axis=0)
    with np.errstate(over="ignore", invalid="ignore"):
        at_once = iter(standardised_means([values[whole] for values in lines], weights, overlap=overlap))
        found = [
            next(at_once) if there else standardised_mean([values[i] for values in lines], weights, overlap=overlap)
            for i, there in enumerate(whole.tolist())
        ]
    return list(map(_finite, found))


def _finite(found: Estimate | None) -> Estimate | None:
    """Drop what overflowed: a perplexity of 10^300 has no variance."""
    if found is None or not math.isfinite(found.mean):
        return None
    if all(value is None or math.isfinite(value) for value in (found.low, found.high, found.sd)):
        return found
    return Estimate(found.mean, None, None, found.n, None)


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
