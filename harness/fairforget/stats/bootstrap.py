"""How far ranks could move: a hierarchical paired bootstrap over draws, seeds, groups and items.

Ranks are no means, so no t-interval holds for them. A plain bootstrap does not either: few draws make it too narrow
(Hesterberg 2015, The American Statistician 69: by √((F − 1) / F), and without the tails of Student's t), and quantiles
of resampled ranks miss the true rank of methods that are nearly tied (Xie, Singh and Zhang 2009, JASA 104). So

- the deviations of resamples are widened by √(F / (F − 1)), by the overlap of draws, and divided by √(χ² / df) with
  df = F − 1, or what Satterthwaite (1946) gives over strata, as Student's t arises. With two methods, P(rank 1) is then
  nearly 1 − p of the one-sided paired t-test;
- the rank interval of a method counts the methods that are significantly better and worse than it, see
  `fairforget.stats.rank_intervals`.

Resampled seeds and items add noise that draw means already carry, so the intervals err on the wide side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fairforget.stats.cube import PairedCube
from fairforget.stats.intervals import FEWEST_DRAWS, LEVEL
from fairforget.stats.overlap import inflation
from fairforget.stats.rank_intervals import Tails, of_differences, rank_intervals
from fairforget.stats.resampling import resample
from fairforget.stats.strata import overlaps

_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Bootstrap:
    """Resampled means of M methods; higher is better."""

    means: np.ndarray
    """(M,) standardised means of the cube itself."""
    resampled: np.ndarray
    """(resamples, M) standardised means of the resamples."""
    first: np.ndarray
    """(M,) P(rank 1): share of resamples in which the method has the highest mean; ties share."""
    low: np.ndarray
    """(M,) int: lower end (the better rank) of the interval of its rank, 1 = best."""
    high: np.ndarray
    """(M,) int: upper end."""

    def ranks(self) -> np.ndarray:
        """Return the rank of each method in each resample, (resamples, M) ints: 1 + methods with a higher mean."""
        apart = _apart(self.resampled)
        found = np.empty(self.resampled.shape, dtype=np.int64)
        for method, own in enumerate(self.resampled.T):
            found[:, method] = 1 + (self.resampled > own[:, None] + apart).sum(axis=1)
        return found


def bootstrap(
    cube: PairedCube,
    rng: np.random.Generator,
    resamples: int = 10_000,
    weights: Sequence[float] = (),
    overlap: Sequence[float] = (),
    level: float = LEVEL,
    *,
    widen: bool = True,
) -> Bootstrap | None:
    """Resample methods together: draws within their stratum, seeds within a draw, groups and items within a draw.

    Args:
        cube: methods without gaps; see `PairedCube.only` and `PairedCube.complete`.
        rng: what is drawn with. The same state gives the same resamples.
        resamples: how many.
        weights: one a stratum, strata ascending; empty = the same for all.
        overlap: one share a stratum, see `fairforget.stats.overlap`; empty = no draws overlap.
        level: coverage of each rank interval.
        widen: False gives the plain bootstrap, which is too narrow.

    Returns:
        None where a stratum that counts has fewer than three draws, or there is no method.

    Raises:
        ValueError: gaps, no resamples, weights that are no weights, overlaps that are no shares below 1.
    """
    if not cube.complete().all():
        msg = "every method needs every draw, seed and item that another has"
        raise ValueError(msg)
    if resamples < 1:
        msg = f"at least one resample is needed, not {resamples}"
        raise ValueError(msg)
    strata = cube.counted(weights)
    shared = overlaps(overlap, len(cube.by_stratum()))
    if len(cube.values) == 0 or any(len(draws) < FEWEST_DRAWS for draws, _, _ in strata):
        return None
    if any(shared[place] == 1 for _, _, place in strata):
        msg = "draws that are all one set cannot be resampled"
        raise ValueError(msg)
    by_draw = cube.draw_means()
    means = np.zeros(len(cube.values))
    deviations = []
    for draws, share, place in strata:
        n, mean = len(draws), by_draw[:, draws].mean(axis=1)
        wider = (n / (n - 1) * inflation(n, shared[place])) ** 0.5 if widen else 1.0
        deviations.append(share * wider * (resample(cube, draws, rng, resamples) - mean).T)
        means += share * mean
    counts = [len(draws) for draws, _, _ in strata]
    tails = Tails(rng, resamples, counts, plain=not widen)
    scale = tails.shared([float((d - d.mean(axis=0) if len(d) > 1 else d).var(axis=1).mean()) for d in deviations])
    total = sum(deviations, start=np.zeros((len(means), resamples)))
    resampled = (means[:, None] + total / scale).T
    noise = _apart(by_draw[:, np.concatenate([draws for draws, _, _ in strata])])
    variances = np.stack([of_differences(d) for d in deviations])
    low, high = rank_intervals(means, total, variances, tails, level, noise)
    return Bootstrap(means, resampled, _first(resampled), low, high)


def _first(resampled: np.ndarray) -> np.ndarray:
    top = resampled >= resampled.max(axis=1, keepdims=True) - _apart(resampled)
    found: np.ndarray = (top / top.sum(axis=1, keepdims=True)).mean(axis=0)
    return found


def _apart(values: np.ndarray) -> float:
    """Return the difference up to which numbers like these are the same but for rounding."""
    return _ROUNDING * float(np.abs(values).max(initial=0.0))
