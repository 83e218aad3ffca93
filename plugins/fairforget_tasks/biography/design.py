"""Factors that are independent because they are assigned so, not because chance was kind."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from itertools import combinations, product

Run = Mapping[str, Hashable]

_SWEEPS = 8


def balance(runs: Sequence[Run], factors: Mapping[str, Sequence[Hashable]], rng: random.Random) -> list[dict[str, int]]:
    """Choose a level of every factor for every run, so that all crosstabs of two are as even as they can be.

    Minimisation (Taves, 1974; Pocock and Simon, 1975) over the two-way tables of the factors with each other and with
    the properties that the runs already have: each run takes the combination that adds least to the sum of the tables'
    chi-square statistics; then runs choose again in turn until nobody moves.

    Args:
        runs: what is fixed already, by name, with the same names in every run.
        factors: name -> levels; a level listed twice gets twice the share.
        rng: breaks ties.

    Returns:
        For every run the position of the chosen level in each factor.
    """
    names = list(factors)
    candidates = [dict(zip(names, levels, strict=True)) for levels in product(*(range(len(factors[n])) for n in names))]
    fixed = sorted({name for run in runs for name in run})
    pairs = [(a, b) for a, b in combinations([*fixed, *names], 2) if b in factors]
    cells = {pair: _levels(pair[0], runs, factors) * _levels(pair[1], runs, factors) for pair in pairs}
    counts: dict[tuple[str, str], Counter[tuple[Hashable, Hashable]]] = {pair: Counter() for pair in pairs}
    single = {name: Counter[int]() for name in names}

    def cost(run: Run, choice: Mapping[str, int]) -> int:
        row = {**run, **choice}
        tables = sum(counts[pair][row[pair[0]], row[pair[1]]] * cells[pair] for pair in pairs)
        return tables + sum(single[name][choice[name]] * len(factors[name]) for name in names)

    def book(run: Run, choice: Mapping[str, int], by: int) -> None:
        row = {**run, **choice}
        for pair in pairs:
            counts[pair][row[pair[0]], row[pair[1]]] += by
        for name in names:
            single[name][choice[name]] += by

    chosen: list[dict[str, int]] = []
    for run in runs:
        chosen.append(_cheapest([(cost(run, c), c) for c in candidates], rng))
        book(run, chosen[-1], 1)
    for _ in range(_SWEEPS):
        moved = False
        for i, run in enumerate(runs):
            book(run, chosen[i], -1)
            costs = [(cost(run, c), c) for c in candidates]
            if min(price for price, _ in costs) < cost(run, chosen[i]):
                chosen[i], moved = _cheapest(costs, rng), True
            book(run, chosen[i], 1)
        if not moved:
            break
    return chosen


def _levels(name: str, runs: Sequence[Run], factors: Mapping[str, Sequence[Hashable]]) -> int:
    return len(factors[name]) if name in factors else len({run[name] for run in runs})


def _cheapest(costs: Sequence[tuple[int, dict[str, int]]], rng: random.Random) -> dict[str, int]:
    lowest = min(price for price, _ in costs)
    return rng.choice([choice for price, choice in costs if price == lowest])
