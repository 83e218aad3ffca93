"""Strata that contradict the mean over strata (Simpson 1951, Journal of the Royal Statistical Society B 13)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fairforget.stats.intervals import LEVEL, Estimate, paired_difference
from fairforget.stats.ranks import holm, one_sided
from fairforget.stats.strata import overlaps, shares


@dataclass(frozen=True, slots=True)
class StratumReversal:
    """Two methods whose order in a stratum is not that of their standardised means."""

    leader: int
    """Index of the method with the higher standardised mean."""
    other: int
    stratum: int
    """Index of the stratum in which the other is ahead."""
    difference: Estimate
    """Leader minus other in that stratum, so its mean is below 0; the interval is that of this pair alone."""
    p: float
    """Of "the other is not better there", Holm-adjusted over all ordered pairs in all strata; 1 in a stratum of fewer
    than three draws, where nothing is tested."""
    significant: bool
    """Whether p says that the stratum really contradicts; otherwise only the sign does."""


def stratum_reversals(
    strata: Sequence[np.ndarray],
    weights: Sequence[float],
    level: float = LEVEL,
    overlap: Sequence[float] = (),
) -> list[StratumReversal]:
    """Return every pair and stratum in which the standardised order is contradicted, by leader, other and stratum.

    The tests in all strata are one family: with probability `level` no significant contradiction is a false one.

    Args:
        strata: one array (methods, draws) a stratum, without gaps; higher is better. Strata of weight 0 are looked at,
            too: they may contradict what they have no say in.
        weights: one a stratum; see `fairforget.stats.strata.standardised_mean`.
        level: of the intervals and of the family of tests.
        overlap: one share a stratum; see `fairforget.stats.overlap`.

    Raises:
        ValueError: a gap, an empty stratum, weights that are no weights, overlaps that are no shares.
    """
    if any(np.isnan(values).any() or not values.shape[1] for values in strata):
        msg = "every method needs every draw of every stratum"
        raise ValueError(msg)
    scaled, rhos = shares(weights, len(strata)), overlaps(overlap, len(strata))
    means = [np.asarray(values, dtype=np.float64).mean(axis=1) for values in strata]
    overall = sum((w * mean for w, mean in zip(scaled, means, strict=True)), start=np.zeros(len(means[0])))
    p = _adjusted(strata, rhos)
    size = max(float(np.abs(values).max(initial=0.0)) for values in strata)
    found = []
    for leader, other in np.argwhere(_ahead(overall, size)):
        for h, values in enumerate(strata):
            if not _ahead(means[h], size)[other, leader]:
                continue
            difference = paired_difference(values[leader], values[other], level, rhos[h])
            if difference is not None:
                value = float(p[h, other, leader])
                found.append(StratumReversal(int(leader), int(other), h, difference, value, value <= 1 - level))
    return found


def _ahead(means: np.ndarray, size: float) -> np.ndarray:
    """Return (methods, methods): whether row is ahead of column by more than rounding."""
    ahead: np.ndarray = means[:, None] - means > 1e-12 * size
    return ahead


def _adjusted(strata: Sequence[np.ndarray], overlap: Sequence[float]) -> np.ndarray:
    """Return (strata, methods, methods) adjusted p of "row is not better than column"."""
    methods = len(strata[0])
    p = np.ones((len(strata), methods, methods))
    raw = [one_sided([values], (1.0,), (rho,)) for values, rho in zip(strata, overlap, strict=True)]
    tested = [h for h, one in enumerate(raw) if one is not None]
    pairs = ~np.eye(methods, dtype=bool)
    if tested and methods > 1:
        flat = holm(np.concatenate([one[pairs] for one in raw if one is not None])).reshape(len(tested), -1)
        for h, values in zip(tested, flat, strict=True):
            p[h, pairs] = values
    return p
