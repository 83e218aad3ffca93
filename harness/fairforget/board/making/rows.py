"""The figures of one row."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, TypeVar

import numpy as np

from fairforget.board.grouping import Place
from fairforget.board.identity import DrawId
from fairforget.board.kept.columns import together
from fairforget.board.making.scores import NOTHING, CellScores
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
    columns: Mapping[str, np.ndarray]
    """The same of every column."""
    seeds: tuple[int, ...]
    """Cells with a score, by draw."""


def drawn(scores: Mapping[Place, CellScores], expected: Sequence[Place], columns: Sequence[str]) -> Drawn:
    """Return a row's numbers at the expected places of a stratum, all quantities of a cell at once."""
    draws = _by_draw(expected)
    cells = [scores.get(place, NOTHING) for mine in draws.values() for place in mine]
    seeds = list(map(len, draws.values()))
    n = len(_QUANTITIES)
    with np.errstate(over="ignore", invalid="ignore"):
        values = _means(_numbers(cells, columns), n + len(columns), seeds)
    there = iter([not math.isnan(cell.score) for cell in cells])
    scored = tuple(sum(islice(there, one)) for one in seeds)
    by_name = dict(zip(_QUANTITIES, values[:n], strict=True))
    return Drawn(tuple(draws), by_name, dict(zip(columns, values[n:], strict=True)), scored)


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
        return _figures(columns, [None] * (len(_QUANTITIES) + len(columns)))
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
        found = [np.array(list(by_draw(cells, expected[label], pick).values())) for label in weights]
        mean = standardised_mean(found, list(weights.values()), overlap=[overlap[label] for label in weights])
    return _finite(mean)


_QUANTITIES: Final = ("score", "completeness", "utility", "by_probability", "by_generation")


def _numbers(cells: Sequence[CellScores], columns: Sequence[str]) -> np.ndarray:
    """Return the quantities and columns of cells, a cell a line."""
    picked = np.array([cell[: len(_QUANTITIES)] for cell in cells])
    known = together([cell.columns for cell in cells], columns)
    if known is None:
        known = np.array([[cell.columns.get(name, math.nan) for name in columns] for cell in cells])
    return np.hstack([picked, known.reshape(len(cells), len(columns))])


def _figures(columns: Sequence[str], found: Sequence[Estimate | None]) -> Figures:
    """Return the estimates of the quantities, then of the columns, by their names."""
    n = len(_QUANTITIES)
    by_name = dict(zip(_QUANTITIES, found[:n], strict=True))
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
