"""Rows that met the same samples, as one array."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from fairforget.board.loose import mapping, number
from fairforget.claims.statistics.cells import OF_ROWS, OF_SETS, Cell
from fairforget.claims.statistics.cube import Cube, words
from fairforget.claims.statistics.left_out import LeftOut
from fairforget.store.record import Record

FORGOTTEN_AFTER: Final = "forgotten-after"
"""Updates after which the rule of stopping found a sample forgotten; infinite where it never did."""


def cube_of_samples(cells: Sequence[Cell], of: str) -> tuple[Cube, np.ndarray]:
    """Return the outcomes of samples, (rows, samples of all sets, seeds), and the forget set of each sample.

    A sample that lacks a value in one row or seed is left out; one that is in several sets stands once for each.

    Args:
        cells: of one target.
        of: a column that has items, or `FORGOTTEN_AFTER`.
    """
    rows = list(dict.fromkeys(cell.among(OF_ROWS) for cell in cells))
    names = {cell.among(OF_ROWS): cell.row for cell in cells}
    seeds = sorted({cell.seed for cell in cells})
    places = sorted({(cell.among(OF_SETS), cell.index) for cell in cells})
    told: dict[tuple[tuple[tuple[str, ...], int], tuple[str, ...], int], Mapping[str, float]] = {}
    forgotten: dict[tuple[tuple[str, ...], int], Sequence[str]] = {}
    failed = 0
    for cell in cells:
        place = cell.among(OF_SETS), cell.index
        failed += cell.record.status != "ok"
        told.setdefault((place, cell.among(OF_ROWS), cell.seed), _samples(cell.record, of))
        forgotten.setdefault(place, cell.record.cell["draw"]["forget"])
    found = [
        (i, name, [[told.get((place, row, seed), {}).get(name, math.nan) for seed in seeds] for row in rows])
        for i, place in enumerate(places)
        for name in dict.fromkeys(forgotten[place])
    ]
    kept = [one for one in found if not np.isnan(one[2]).any()]
    absent = len(rows) * len(places) * len(seeds) - len(told)
    labels = [f"{words(stratum)} {index}" for stratum, index in places]
    cube = Cube(
        rows=tuple(names[row] for row in rows),
        strata=tuple(dict.fromkeys(words(stratum) for stratum, _ in places)),
        sets=tuple(f"{labels[i]} {name}" for i, name, _ in kept),
        values=np.array([values for _, _, values in kept]).reshape(len(kept), len(rows), len(seeds)).transpose(1, 0, 2),
        overlap=0.0,
        left_out=LeftOut(len(found) - len(kept), len(found), failed, 0, absent, len(cells) - len(told), "samples"),
    )
    return cube, np.array([i for i, _, _ in kept], dtype=np.int64)


def _samples(record: Record, of: str) -> Mapping[str, float]:
    if record.status != "ok":
        return {}
    if of != FORGOTTEN_AFTER:
        return {name: math.nan if value is None else value for name, value in record.items.get(of, {}).items()}
    after = mapping(mapping(record.extra.get("forgetting")).get("updates"))
    return {
        name: math.inf if value is None else math.nan if (found := number(value)) is None else found
        for name, value in after.items()
    }
