"""Cells that differ in what a statistic compares, and in nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fairforget.claims.statistics.base import Design
from fairforget.claims.statistics.cells import FACETS, OF_SETS, Cell, Facet, Side
from fairforget.claims.statistics.left_out import LeftOut
from fairforget.stats.overlap import overlap_share
from fairforget.store.record import Record

Place = tuple[tuple[str, ...], int]
"""Stratum and index of a forget set, without the facets that are compared."""


@dataclass(frozen=True, slots=True, eq=False)
class Differences:
    """What the first side has more than the second, by stratum."""

    pairs: tuple[str, ...]
    """What both sides of each pair have in common: names of rows."""
    single: tuple[str, ...]
    """Rows that only one of the two sides has; they are not compared."""
    sets: tuple[tuple[str, ...], ...]
    """Names of the forget sets of each stratum."""
    values: tuple[np.ndarray, ...]
    """(pairs, sets, seeds) of each stratum, without gaps."""
    overlap: tuple[float, ...]
    """Of each stratum: the larger of the two sides'."""
    left_out: LeftOut

    def means(self) -> tuple[np.ndarray, ...]:
        """Return the mean over pairs and seeds, (sets,) of each stratum: the set is what is independent."""
        return tuple(values.mean(axis=(0, 2)) for values in self.values)

    def tossed(self, rng: np.random.Generator) -> Differences:
        """Return them where a coin says, set by set, which of the two sides is the first."""
        coins = (rng.choice([-1.0, 1.0], size=(1, values.shape[1], 1)) for values in self.values)
        return replace(self, values=tuple(values * coin for values, coin in zip(self.values, coins, strict=True)))


def differences(
    cells: Sequence[Cell], first: Side, second: Side, value: Callable[[Record, Record], float]
) -> Differences:
    """Return the differences of all pairs of cells of two sides.

    Two cells are a pair where every facet that the sides do not name, the index of the forget set and the seed are the
    same. A set needs every pair and seed that another set has. Where the sides name strata, samplers or parts, their
    forget sets are not the same ones, and are paired by index.

    Args:
        cells: of one target.
        first: facets of the one side.
        second: the same facets, with other values.
        value: what a pair is worth, from its two records; NaN where it has no value.
    """
    common = tuple(name for name in FACETS if name not in first)
    of_set, of_row = tuple(n for n in common if n in OF_SETS), tuple(n for n in common if n not in OF_SETS)
    sides: tuple[dict[tuple[Place, tuple[str, ...], int], Record], ...] = ({}, {})
    spare = 0
    for cell in cells:
        for side, named in zip(sides, (first, second), strict=True):
            if all(cell.facets[name] == kept for name, kept in named.items()):
                key = (cell.among(of_set), cell.index), cell.among(of_row), cell.seed
                spare += key in side
                side.setdefault(key, cell.record)
    rows = [dict.fromkeys(row for _, row, _ in side) for side in sides]
    pairs = [row for row in rows[0] if row in rows[1]]
    asked = {key for side in sides for key in side if key[1] in pairs}
    places, seeds = sorted({place for place, _, _ in asked}), sorted({seed for _, _, seed in asked})
    values = np.full((len(pairs), len(places), len(seeds)), np.nan)
    counts = Counter[str]()
    for i, row in enumerate(pairs):
        for j, place in enumerate(places):
            for k, seed in enumerate(seeds):
                two = [side.get((place, row, seed)) for side in sides]
                values[i, j, k], why = _value(two[0], two[1], value)
                if why is not None:
                    counts[why] += 1
    kept = ~np.isnan(values).any(axis=(0, 2)) if pairs else np.zeros(0, dtype=bool)
    strata = list(dict.fromkeys(stratum for stratum, _ in places))
    chosen = [[j for j, place in enumerate(places) if kept[j] and place[0] == stratum] for stratum in strata]
    return Differences(
        pairs=tuple(" + ".join(name for name in row if name) for row in pairs),
        single=tuple(" + ".join(filter(None, row)) for row in {**rows[0], **rows[1]} if row not in pairs),
        sets=tuple(tuple(_words(of_set, places[j]) for j in js) for js in chosen),
        values=tuple(np.ascontiguousarray(values[:, js]) for js in chosen),
        overlap=tuple(max(_overlap(side, [places[j] for j in js]) for side in sides) for js in chosen),
        left_out=LeftOut(
            int((~kept).sum()),
            len(places),
            counts["failed"],
            counts["valueless"],
            counts["absent"],
            spare,
            "pairs of forget sets" if _apart(first) else "forget sets",
        ),
    )


def check_sides(first: Side, second: Side) -> None:
    """Refuse two sides that cannot be told apart.

    Raises:
        ValueError: they do not name the same facets, or are one and the same.
    """
    if set(first) != set(second) or not first:
        one, other = (", ".join(sorted(side)) or "nothing" for side in (first, second))
        msg = f"first and second name the same facets, and they name {one} and {other}"
        raise ValueError(msg)
    if dict(first) == dict(second):
        msg = "first and second are the same cells"
        raise ValueError(msg)


def planned_sets(design: Design, first: Side) -> int:
    """Return the forget sets that two sides have before a study runs: pairs of them where the sides name strata."""
    return design.draws * (design.strata // 2 if _apart(first) else design.strata)


def _apart(first: Side) -> bool:
    """Return whether the two sides have forget sets of their own, paired by index."""
    return "stratum" in first or "sampler" in first


def _value(
    one: Record | None, other: Record | None, value: Callable[[Record, Record], float]
) -> tuple[float, str | None]:
    if one is None or other is None:
        return np.nan, "absent"
    if "failed" in {one.status, other.status}:
        return np.nan, "failed"
    found = value(one, other)
    return found, "valueless" if np.isnan(found) else None


def _words(facets: tuple[Facet, ...], place: Place) -> str:
    """Return the name of a forget set: part, stratum and index, as far as they are not compared."""
    shown = [value for name, value in zip(facets, place[0], strict=True) if name != "sampler" and value]
    return " ".join((*shown, str(place[1])))


def _overlap(side: dict[tuple[Place, tuple[str, ...], int], Record], places: Sequence[Place]) -> float:
    """Return the mean share of samples of every two forget sets of one side."""
    forgotten: dict[Place, frozenset[str]] = {}
    for (place, _, _), record in side.items():
        forgotten.setdefault(place, frozenset(record.cell["draw"]["forget"]))
    found = [forgotten[place] for place in places]
    return overlap_share(found) if all(found) else 0.0
