"""Making `fairforget.board.by_sample` from cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import fsum
from typing import Final

import numpy as np

from fairforget.board.by_sample import BySample, Fifth, SampleRow
from fairforget.board.grouping import Group, Place
from fairforget.board.identity import DrawId
from fairforget.board.loose import items, mapping, number
from fairforget.board.making.overlap import Overlaps
from fairforget.board.making.worst import by_sample
from fairforget.stats.association import jackknifed_spearman, shares_below
from fairforget.stats.intervals import t_interval
from fairforget.store.record import Record

MOST_DRAWS: Final = 60
"""Forget sets that are looked at; intervals hardly narrow beyond, and a large board stays quick."""
MOST_POINTS: Final = 120
_MOST_SCORES: Final = 4
_LARGEST: Final = 1e100
"""A difficulty or an outcome beyond this is no measurement."""
_FIFTHS: Final = 5


def by_sample_of(
    order: Sequence[str], found: Group, labels: Mapping[str, str], overlaps: Overlaps
) -> tuple[BySample, ...]:
    """Return difficulty and outcome of samples, for every difficulty score that forget sets were chosen by.

    Args:
        order: identities of the rows, in the order of the board.
        found: the table's cells.
        labels: identity of a stratum -> its label.
        overlaps: of the table's draws.
    """
    made = []
    for score, difficulty in sorted(_scored(found).items())[:_MOST_SCORES]:
        draws = {draw: sorted(difficulty[draw].items()) for draw in _chosen(difficulty)}
        rows = {row: one for row in order if (one := _row(found.rows[row], draws, overlaps)) is not None}
        if rows:
            strata = dict.fromkeys(labels[stratum] for stratum in labels if any(d.stratum == stratum for d in draws))
            made.append(BySample(score, tuple(strata), rows, len(difficulty) - len(draws)))
    return tuple(made)


def _scored(found: Group) -> dict[str, dict[DrawId, dict[str, float]]]:
    """Return score -> draw -> sample -> how hard it is: higher is harder."""
    made: dict[str, dict[DrawId, dict[str, float]]] = {}
    seen: set[DrawId] = set()
    for record in found.describing:
        draw = found.draw_of[record.key]
        if draw in seen:
            continue
        for score, difficulty in _difficulties(record):
            seen.add(draw)
            made.setdefault(score, {}).setdefault(draw, difficulty)
    return made


def _difficulties(record: Record) -> Iterator[tuple[str, dict[str, float]]]:
    info = mapping(record.extra.get("draw_info"))
    samples = mapping(info.get("samples"))
    for score in map(mapping, items(info.get("scores"))):
        name, higher_is = score.get("name"), score.get("higher_is")
        if not isinstance(name, str) or higher_is not in ("easier", "harder"):
            continue
        sign = -1.0 if higher_is == "easier" else 1.0
        raw = {sample: number(value) for sample, value in mapping(samples.get(name)).items()}
        kept = {sample: sign * value for sample, value in raw.items() if value is not None and abs(value) < _LARGEST}
        if kept:
            yield name, kept


def _chosen(draws: Iterable[DrawId]) -> list[DrawId]:
    """Return all draws, or the first of every stratum in turn."""
    ordered = sorted(draws, key=lambda draw: (draw.index, draw.stratum, draw.digest))
    return sorted(ordered[:MOST_DRAWS])


def _row(
    cells: Mapping[Place, Record], difficulty: Mapping[DrawId, Sequence[tuple[str, float]]], overlaps: Overlaps
) -> SampleRow | None:
    hard: list[float] = []
    done: list[float] = []
    of: list[int] = []
    seeds: dict[DrawId, list[Mapping[str, float]]] = {}
    for place in sorted([place for place in cells if place[0] in difficulty]):
        if outcome := by_sample(cells[place]):
            seeds.setdefault(place[0], []).append(outcome)
    for i, (draw, samples) in enumerate(difficulty.items()):
        outcomes = seeds.get(draw, [])
        names = [sample for sample, _ in samples]
        # Nearly always every cell has just the samples of the draw, in their order.
        alike = all(list(outcome) == names for outcome in outcomes)
        each = (
            zip(*(outcome.values() for outcome in outcomes), strict=True)
            if alike
            else ([outcome.get(sample, _LARGEST) for outcome in outcomes] for sample in names)
        )
        for (_, value), found in zip(samples, each, strict=True) if outcomes else ():
            values = [v for v in found if abs(v) < _LARGEST]
            if values:
                hard.append(value)
                done.append(fsum(values) / len(values))
                of.append(i)
    if len(hard) < 2 * _FIFTHS:
        return None
    x, y, draw_of = shares_below(np.array(hard)), np.array(done), np.array(of)
    rho = jackknifed_spearman(x, y, draw_of)
    return SampleRow(
        rho=None if rho is None else rho.mean,
        low=None if rho is None else rho.low,
        high=None if rho is None else rho.high,
        draws=len(np.unique(draw_of)),
        samples=len(x),
        fifths=tuple(_fifths(x, y, draw_of, list(difficulty), overlaps)),
        points=_points(x, y),
    )


def _fifths(
    x: np.ndarray, y: np.ndarray, draw_of: np.ndarray, draws: Sequence[DrawId], overlaps: Overlaps
) -> Iterator[Fifth]:
    """Yield the fifths; samples that are equally hard stay together."""
    fifth = np.minimum((x * _FIFTHS).astype(int), _FIFTHS - 1)
    for i in range(_FIFTHS):
        inside = np.flatnonzero(fifth == i)
        if not len(inside):
            continue
        there, first = np.unique(draw_of[inside], return_index=True)  # samples come draw by draw
        means = np.array([one.mean() for one in np.split(y[inside], first[1:])])
        estimate = t_interval(means, overlap=overlaps.of([draws[draw] for draw in there]))
        if estimate is not None:
            yield Fifth(float(x[inside].mean()), estimate)


def _points(x: np.ndarray, y: np.ndarray) -> tuple[tuple[float, float], ...]:
    """Return the samples, or some spread evenly over them by difficulty."""
    order = np.lexsort((y, x))
    if len(order) > MOST_POINTS:
        order = order[np.linspace(0, len(order) - 1, MOST_POINTS).round().astype(int)]
    return tuple((round(float(x[i]), 6), round(float(y[i]), 6)) for i in order)
