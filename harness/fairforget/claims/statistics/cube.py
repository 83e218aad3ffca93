"""Rows that met the same forget sets, as one array."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fairforget.claims.statistics.cells import OF_ROWS, OF_SETS, Cell
from fairforget.claims.statistics.left_out import LeftOut
from fairforget.claims.statistics.measures import Measure
from fairforget.stats.overlap import overlap_share


@dataclass(frozen=True, slots=True, eq=False)
class Cube:
    """Outcomes of M rows on F forget sets with S seeds; sets that lack one of them are left out."""

    rows: tuple[str, ...]
    """Method and curriculum, in the order of their first cell."""
    strata: tuple[str, ...]
    """Of the sets, each once, in words."""
    sets: tuple[str, ...]
    values: np.ndarray
    """(rows, sets, seeds), without gaps."""
    overlap: float
    """Mean share of samples that two of the sets have, see `fairforget.stats.overlap.overlap_share`."""
    left_out: LeftOut


def cube_of(cells: Sequence[Cell], measure: Measure) -> Cube:
    """Arrange cells by row, forget set and seed. What one row has, all are asked for.

    Args:
        cells: of one target.
        measure: the outcome of a cell; NaN where it has none.
    """
    rows = list(dict.fromkeys(cell.among(OF_ROWS) for cell in cells))
    names = {cell.among(OF_ROWS): cell.row for cell in cells}
    places = sorted({(cell.among(OF_SETS), cell.index) for cell in cells})
    seeds = sorted({cell.seed for cell in cells})
    at = {row: i for i, row in enumerate(rows)}, {place: i for i, place in enumerate(places)}
    values = np.full((len(rows), len(places), len(seeds)), np.nan)
    there = np.zeros(values.shape, dtype=bool)
    forgotten: dict[int, frozenset[str]] = {}
    failed = valueless = spare = 0
    for cell in cells:
        where = at[0][cell.among(OF_ROWS)], at[1][cell.among(OF_SETS), cell.index], seeds.index(cell.seed)
        if there[where]:
            spare += 1
            continue
        there[where] = True
        forgotten.setdefault(where[1], frozenset(cell.record.cell["draw"]["forget"]))
        values[where] = measure(cell.record)
        if np.isnan(values[where]):
            failed += cell.record.status != "ok"
            valueless += cell.record.status == "ok"
    kept = ~np.isnan(values).any(axis=(0, 2)) if rows else np.zeros(0, dtype=bool)
    labels = [(words(stratum), index) for stratum, index in places]
    found = [forgotten[i] for i in np.flatnonzero(kept).tolist()]
    return Cube(
        rows=tuple(names[row] for row in rows),
        strata=tuple(dict.fromkeys(stratum for stratum, _ in labels)),
        sets=tuple(f"{stratum} {index}" for (stratum, index), keep in zip(labels, kept, strict=True) if keep),
        values=np.ascontiguousarray(values[:, kept]),
        overlap=overlap_share(found) if all(found) else 0.0,
        left_out=LeftOut(int((~kept).sum()), len(places), failed, valueless, int((~there).sum()), spare),
    )


def words(facets: tuple[str, ...]) -> str:
    """Return the part and the stratum of a forget set."""
    part, _, stratum = facets
    return f"{part} {stratum}".strip()
