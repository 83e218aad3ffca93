"""Kinds of forget set on which the order of two rows is not that of the headline (Simpson's reversal)."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from fairforget.board.agreed import Share
from fairforget.board.compared import StratumDifference
from fairforget.board.comparing.whole import Whole
from fairforget.stats.binomial import clopper_pearson
from fairforget.stats.intervals import LEVEL, t_intervals
from fairforget.stats.ranks import holm, one_sided
from fairforget.stats.reversal import paired

_ROUNDING: Final = 1e-12


class Turned:
    """The differences of rows in every stratum, with the tests in all strata as one family.

    That is `fairforget.stats.simpson`, for strata in which not all rows are whole.
    """

    def __init__(self, strata: Sequence[Whole]) -> None:
        self._strata = strata
        self._rows = [{row: i for i, row in enumerate(stratum.rows)} for stratum in strata]
        self._p = _adjusted(strata)
        self._size = max((float(np.abs(stratum.means).max(initial=0.0)) for stratum in strata), default=0.0)

    def of(self, first: str, others: Sequence[str]) -> list[tuple[StratumDifference, ...]]:
        """Return the differences of a row and those behind it over the strata that count, where both are whole."""
        made: dict[str, list[StratumDifference]] = {other: [] for other in others}
        for stratum, rows, p in zip(self._strata, self._rows, self._p, strict=True):
            both = [other for other in others if other in rows] if first in rows else []
            if both:
                i, behind = rows[first], [rows[other] for other in both]
                for other, found in zip(both, self._in(stratum, i, behind, p[behind, i]), strict=True):
                    made[other] += found
        return [tuple(found) for found in made.values()]

    def _in(self, stratum: Whole, i: int, behind: list[int], p: np.ndarray) -> Iterable[list[StratumDifference]]:
        """Yield the difference of row i and each of those behind it in one stratum; none where it has no draw."""
        one, others = stratum.means[i], stratum.means[behind]
        counts = (paired(one, others) < 0).sum(axis=1).tolist()
        differences = t_intervals(one - others, overlap=stratum.overlap)
        for difference, count, tested in zip(differences, counts, p.tolist(), strict=True):
            if difference is None:
                yield []
                continue
            turned = difference.mean < -_ROUNDING * self._size
            yield [
                StratumDifference(
                    stratum=stratum.label,
                    difference=difference,
                    reversals=share_of(count, len(stratum.draws)),
                    contradicts=turned,
                    p=tested if turned else None,
                    significant=turned and tested <= 1 - LEVEL,
                )
            ]


@functools.lru_cache(maxsize=4096)
def share_of(count: int, n: int) -> Share:
    """Return how many of n draws, with the exact interval."""
    return Share(count, n, count / n, *clopper_pearson(count, n))


def _adjusted(strata: Sequence[Whole]) -> list[np.ndarray]:
    """Return p of "row is not better than column" in every stratum, Holm-adjusted over all; 1 where none is tested."""
    raw = [one_sided([stratum.means], (1.0,), (stratum.overlap,)) for stratum in strata]
    found = [np.ones((len(stratum.rows), len(stratum.rows))) for stratum in strata]
    ordered = [~np.eye(len(p), dtype=bool) for p in found]
    tested = [h for h, one in enumerate(raw) if one is not None]
    family = [one[ordered[h]] for h in tested if (one := raw[h]) is not None]
    adjusted = holm(np.concatenate(family)) if family else np.empty(0)
    for h in tested:
        pairs = int(ordered[h].sum())
        found[h][ordered[h]], adjusted = adjusted[:pairs], adjusted[pairs:]
    return found
