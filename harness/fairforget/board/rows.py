"""The figures of one row."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from fairforget.board.grouping import Place
from fairforget.board.identity import DrawId
from fairforget.board.scores import NOTHING, CellScores
from fairforget.board.values import Figures, InStratum, Point
from fairforget.stats.intervals import Estimate, draw_means, t_interval
from fairforget.stats.strata import standardised_mean

T = TypeVar("T")
Pick = Callable[[CellScores], float]


def by_draw(cells: Mapping[Place, T], expected: Sequence[Place], pick: Callable[[T], float]) -> dict[DrawId, float]:
    """Return one number a draw, the mean over its expected seeds; NaN where one of them is missing or failed."""
    seeds: dict[DrawId, list[int]] = {}
    for draw, seed in expected:
        seeds.setdefault(draw, []).append(seed)
    return {
        draw: float(draw_means(np.array([[pick(cells[draw, s]) if (draw, s) in cells else math.nan for s in mine]]))[0])
        for draw, mine in seeds.items()
    }


def in_stratum(
    scores: Mapping[Place, CellScores], expected: Sequence[Place], columns: Sequence[str], overlap: float
) -> InStratum:
    """Return a row's figures in one stratum; `expected` are the stratum's places, `overlap` that of its draws."""
    with np.errstate(over="ignore", invalid="ignore"):
        picked = {name: by_draw(scores, expected, pick) for name, pick in _PICKS.items()}
        measured = {name: by_draw(scores, expected, _column(name)) for name in columns}
        figures = Figures(
            **{name: _estimate(list(values.values()), overlap) for name, values in picked.items()},
            columns={name: _estimate(list(values.values()), overlap) for name, values in measured.items()},
        )
    points = tuple(
        Point(
            index=draw.index,
            digest=draw.digest,
            score=_known(picked["score"][draw]),
            completeness=_known(picked["completeness"][draw]),
            utility=_known(picked["utility"][draw]),
            seeds=sum(1 for d, s in expected if d == draw and not math.isnan(scores.get((d, s), NOTHING).score)),
        )
        for draw in sorted(picked["score"])
    )
    return InStratum(figures, points)


def over_strata(
    scores: Mapping[Place, CellScores],
    expected: Mapping[str, Sequence[Place]],
    weights: Mapping[str, float],
    columns: Sequence[str],
    overlap: Mapping[str, float],
) -> Figures:
    """Return a row's figures over the strata that count, with their weights; nothing where one of them is not there."""

    def estimate(pick: Pick) -> Estimate | None:
        return standardised(scores, expected, weights, pick, overlap)

    return Figures(
        **{name: estimate(pick) for name, pick in _PICKS.items()},
        columns={name: estimate(_column(name)) for name in columns},
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
        drawn = [np.array(list(by_draw(cells, expected[label], pick).values())) for label in weights]
        return _finite(standardised_mean(drawn, list(weights.values()), overlap=[overlap[w] for w in weights]))


_PICKS: dict[str, Pick] = {
    "score": lambda cell: cell.score,
    "completeness": lambda cell: cell.completeness,
    "utility": lambda cell: cell.utility,
    "by_probability": lambda cell: cell.by_probability,
    "by_generation": lambda cell: cell.by_generation,
}


def _column(name: str) -> Pick:
    return lambda cell: cell.columns.get(name, math.nan)


def _estimate(draws: Sequence[float], overlap: float) -> Estimate | None:
    return _finite(t_interval(np.array(draws, dtype=np.float64), overlap=overlap))


def _finite(found: Estimate | None) -> Estimate | None:
    """Drop what overflowed: a perplexity of 10^300 has no variance."""
    if found is None or not math.isfinite(found.mean):
        return None
    if all(value is None or math.isfinite(value) for value in (found.low, found.high, found.sd)):
        return found
    return Estimate(found.mean, None, None, found.n, None)


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
