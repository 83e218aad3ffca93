"""Kinds of forget set on which the order of two rows is not that of the headline (Simpson's reversal)."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Final

import numpy as np

from fairforget.board.agreed import Share
from fairforget.board.compared import StratumDifference
from fairforget.board.comparing.whole import Whole
from fairforget.stats.binomial import clopper_pearson
from fairforget.stats.intervals import LEVEL, paired_difference
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

    def of(self, first: str, second: str) -> tuple[StratumDifference, ...]:
        """Return the differences of two rows, the first ahead over the strata that count, where both are whole."""
        made = []
        for stratum, rows, p in zip(self._strata, self._rows, self._p, strict=True):
            if first not in rows or second not in rows:
                continue
            i, j = rows[first], rows[second]
            difference = paired_difference(stratum.means[i], stratum.means[j], overlap=stratum.overlap)
            if difference is None:
                continue
            turned = difference.mean < -_ROUNDING * self._size
            tested = float(p[j, i]) if turned else None
            count = int((paired(stratum.means[i], stratum.means[j]) < 0).sum())
            made.append(
                StratumDifference(
                    stratum=stratum.label,
                    difference=difference,
                    reversals=share_of(count, len(stratum.draws)),
                    contradicts=turned,
                    p=tested,
                    significant=tested is not None and tested <= 1 - LEVEL,
                )
            )
        return tuple(made)


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
