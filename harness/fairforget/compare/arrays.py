"""From pairs of cells to the means of draws."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fairforget.compare.identity import STRATUM
from fairforget.compare.judging import Drawn, finite
from fairforget.compare.measures import AVERAGES, Measure
from fairforget.compare.pairing import Pair
from fairforget.stats.intervals import Estimate
from fairforget.stats.overlap import overlap_share
from fairforget.stats.strata import standardised_mean
from fairforget.store.record import Record


class Sets:
    """The overlap of any forget sets, each combination looked at once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], float] = {}

    def overlap(self, samples: Mapping[str, frozenset[str]]) -> float:
        """Return `overlap_share` of forget sets by their identity; 0 where one does not say what it holds."""
        key = tuple(samples)
        if key not in self._known:
            self._known[key] = overlap_share(list(samples.values())) if all(samples.values()) else 0.0
        return self._known[key]


@dataclass(frozen=True, slots=True)
class InStratum:
    """The cells of one row in one stratum, in both."""

    pairs: int
    drawn: Drawn
    same: bool
    """Every cell has the same value to the last bit, and one has a value; a score that is 0 whatever is forgotten says
    nothing of completeness, so what it is made of is the same too."""
    lost: int
    """Cells with a value in BASE alone."""
    failed: int
    """Those of them that failed."""
    gained: int
    completeness: np.ndarray
    """(draws,) HEAD minus BASE; NaN where a cell has none."""
    utility: np.ndarray


def in_stratum(pairs: Sequence[Pair], measured: Measure, sets: Sets) -> InStratum:
    """Return a row in one stratum. A draw counts where all cells that both have of it have a value in both."""
    by_draw: dict[str, list[Pair]] = {}
    for pair in sorted(pairs, key=lambda p: p.identity):
        by_draw.setdefault(pair.identity[STRATUM], []).append(pair)
    base, head = _means(by_draw, measured.of)
    whole = ~np.isnan(head - base)
    there = [draw for draw, counts in zip(by_draw, whole, strict=True) if counts]
    samples = {draw: frozenset(by_draw[draw][0].base.cell["draw"]["forget"]) for draw in there}
    values = [(pair, measured.of(pair.base), measured.of(pair.head)) for pair in pairs]
    lost = [pair for pair, before, after in values if math.isnan(after) and not math.isnan(before)]
    return InStratum(
        pairs=len(pairs),
        drawn=Drawn(base[whole], head[whole], sets.overlap(samples)),
        same=bool(whole.any()) and all(_same(pair, measured) for pair in pairs),
        lost=len(lost),
        failed=sum(pair.head.status != "ok" for pair in lost),
        gained=sum(math.isnan(before) and not math.isnan(after) for _, before, after in values),
        completeness=_change(by_draw, Measure("completeness").of),
        utility=_change(by_draw, Measure("utility").of),
    )


def _same(pair: Pair, measured: Measure) -> bool:
    numbers = [Measure(name) for name in AVERAGES] if measured.name == "score" else [measured]
    values = [(number.of(pair.base), number.of(pair.head)) for number in numbers]
    return all(before == after or (math.isnan(before) and math.isnan(after)) for before, after in values)


def change(strata: Sequence[InStratum], name: str) -> Estimate | None:
    """Return the difference of ``completeness`` or ``utility`` over strata with equal weights."""
    with np.errstate(over="ignore", invalid="ignore"):
        values = [getattr(stratum, name) for stratum in strata]
        return finite(standardised_mean(values, [1.0] * len(strata), overlap=[s.drawn.overlap for s in strata]))


def _change(by_draw: Mapping[str, Sequence[Pair]], pick: Callable[[Record], float]) -> np.ndarray:
    base, head = _means(by_draw, pick)
    difference: np.ndarray = head - base
    return difference


def _means(by_draw: Mapping[str, Sequence[Pair]], pick: Callable[[Record], float]) -> tuple[np.ndarray, np.ndarray]:
    """Return the means over seeds, (draws,) each; NaN where a cell has no value."""
    with np.errstate(over="ignore", invalid="ignore"):
        base = [float(np.mean([pick(pair.base) for pair in pairs])) for pairs in by_draw.values()]
        head = [float(np.mean([pick(pair.head) for pair in pairs])) for pairs in by_draw.values()]
    return np.array(base, dtype=np.float64), np.array(head, dtype=np.float64)
