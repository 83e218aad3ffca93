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
from fairforget.stats.intervals import Estimate, draw_means, t_interval
from fairforget.stats.strata import standardised_mean

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
    with np.errstate(over="ignore", invalid="ignore"):
        figures = Figures(
            **{name: _estimate(values, overlap) for name, values in found.values.items()},
            columns={name: _estimate(values, overlap) for name, values in found.columns.items()},
        )
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
    there = bool(weights) and len(counting) == len(weights)
    columns = list(next(iter(found.values())).columns) if found else []

    def estimate(strata: Sequence[np.ndarray]) -> Estimate | None:
        return _over(strata, weights, overlap) if there else None

    return Figures(
        **{name: estimate([one.values[name] for one in counting]) for name in _QUANTITIES},
        columns={name: estimate([one.columns[name] for one in counting]) for name in columns},
    )


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
    return _over(found, weights, overlap)


_QUANTITIES: Final = ("score", "completeness", "utility", "by_probability", "by_generation")


def _numbers(cells: Sequence[CellScores], columns: Sequence[str]) -> np.ndarray:
    """Return the quantities and columns of cells, a cell a line."""
    picked = np.array([cell[: len(_QUANTITIES)] for cell in cells])
    known = together([cell.columns for cell in cells], columns)
    if known is None:
        known = np.array([[cell.columns.get(name, math.nan) for name in columns] for cell in cells])
    return np.hstack([picked, known.reshape(len(cells), len(columns))])


def _over(strata: Sequence[np.ndarray], weights: Mapping[str, float], overlap: Mapping[str, float]) -> Estimate | None:
    with np.errstate(over="ignore", invalid="ignore"):
        return _finite(standardised_mean(strata, list(weights.values()), overlap=[overlap[w] for w in weights]))


def _estimate(draws: np.ndarray, overlap: float) -> Estimate | None:
    return _finite(t_interval(draws, overlap=overlap))


def _finite(found: Estimate | None) -> Estimate | None:
    """Drop what overflowed: a perplexity of 10^300 has no variance."""
    if found is None or not math.isfinite(found.mean):
        return None
    if all(value is None or math.isfinite(value) for value in (found.low, found.high, found.sd)):
        return found
    return Estimate(found.mean, None, None, found.n, None)


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
