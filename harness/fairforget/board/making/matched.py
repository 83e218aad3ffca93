"""Rows at equal completeness."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from fairforget.board.grouping import Place
from fairforget.board.loose import amount, mapping, number
from fairforget.board.making.rows import standardised
from fairforget.board.making.scores import matched_utility
from fairforget.board.way import Matched, Quantiles
from fairforget.stats.survival import Survival, kaplan_meier
from fairforget.store.record import Record


def matched_of(
    cells: Mapping[Place, Record],
    expected: Mapping[str, Sequence[Place]],
    weights: Mapping[str, float],
    goal: float,
    overlap: Mapping[str, float],
) -> Matched:
    """Return how a row did where completeness reaches the goal, over the strata that count.

    Args:
        cells: of the row, by draw and seed.
        expected: label of a stratum -> the places a row should have there.
        weights: label of a stratum that counts -> its share.
        goal: of the budget.
        overlap: label of a stratum -> that of its draws.
    """
    counting = [place for label in weights for place in expected.get(label, ())]
    there = {place: cells[place] for place in counting if place in cells}
    arrived = {place: _arrival(record) for place, record in there.items()}
    names = dict.fromkeys(
        name for record in there.values() for name in mapping(mapping(record.extra.get("matched")).get("utility"))
    )
    missed = [
        best
        for place, record in there.items()
        if arrived[place] is None and (best := number(mapping(record.extra.get("matched")).get("best"))) is not None
    ]
    times = [
        _updates(record) if at is None else at for record, at in zip(there.values(), arrived.values(), strict=True)
    ]
    seen = [at is not None for at in arrived.values()]
    return Matched(
        goal=goal,
        cells=len(there),
        reached=sum(seen),
        utility=standardised(there, expected, weights, matched_utility, overlap),
        columns={name: standardised(there, expected, weights, _column(name), overlap) for name in names},
        updates=quantiles(kaplan_meier(np.array(times), np.array(seen), [d for d, _ in there])) if there else None,
        best=max(missed, default=None),
    )


def quantiles(curve: Survival) -> Quantiles:
    """Return the quartiles of a curve, the median with its interval."""
    low, high = curve.quantile_interval(0.5)
    return Quantiles(curve.quantile(0.25), curve.quantile(0.5), low, high, curve.quantile(0.75))


def _arrival(record: Record) -> float | None:
    """Return the update at which the goal was reached, between two looks; None where it never was."""
    found = mapping(record.extra.get("matched"))
    return number(found.get("update")) if found.get("reached") is True else None


def _updates(record: Record) -> float:
    return amount(record.ledger.get("updates"))


def _column(name: str) -> Callable[[Record], float]:
    def pick(record: Record) -> float:
        found = mapping(record.extra.get("matched"))
        value = number(mapping(found.get("utility")).get(name)) if found.get("reached") is True else None
        return math.nan if value is None else value

    return pick
