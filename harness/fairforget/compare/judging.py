"""From paired numbers to verdicts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fairforget.compare.values import Verdict
from fairforget.stats.intervals import FEWEST_DRAWS, LEVEL, Estimate
from fairforget.stats.power import as_one_stratum, detectable, draws_to_tell
from fairforget.stats.ranks import holm, one_sided
from fairforget.stats.strata import standardised_mean


@dataclass(frozen=True, slots=True)
class Drawn:
    """The means of draws of one stratum, (draws,) each, the same draws in the same order, without gaps."""

    base: np.ndarray
    head: np.ndarray
    overlap: float
    """Mean pairwise share of samples of these draws."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the numbers say."""

    verdict: Verdict
    reason: str | None
    base: Estimate | None
    head: Estimate | None
    difference: Estimate | None
    p_better: float | None = None
    p_worse: float | None = None
    p_not_worse: float | None = None
    draws_needed: int | None = None
    draws_apart: int | None = None
    detectable: float | None = None


def judged(families: Sequence[Sequence[Drawn]], same: Sequence[bool], margin: float = 0.0) -> list[Judged]:
    """Return the verdict on each of several comparisons, HEAD minus BASE, with their tests corrected together.

    A comparison is over one stratum, or over several with equal weights. Its differences are tested by paired t-tests
    over draws (`fairforget.stats.ranks.one_sided`), one-sided in both directions, and Holm's step-down over all of them
    keeps the probability of *any* false "better" or "worse" at 5 %; for a single comparison the verdict is what its
    95 % interval says. With a margin m there are two such families: "better" tests the difference against 0, "worse"
    and "not worse" test it against −m, so that a loss of less than m is none and a loss of more has to be shown, as
    has its absence (non-inferiority).

    Args:
        families: one a comparison; the draws of each stratum.
        same: whether every cell of a comparison is the same to the last bit. Nothing is left to chance there, and
            nothing is tested.
        margin: 0 or more, in units of what is compared.
    """
    raw = [None if fixed else _raw(strata, margin) for strata, fixed in zip(families, same, strict=True)]
    tested = [i for i, found in enumerate(raw) if found is not None]
    against_zero = _corrected([raw[i][0] for i in tested])  # type: ignore[index]
    against_margin = _corrected([raw[i][1] for i in tested])  # type: ignore[index]
    adjusted = dict(zip(tested, zip(against_zero, against_margin, strict=True), strict=True))
    alpha = (1 - LEVEL) / max(1, len(tested))
    return [
        _judge(strata, fixed, adjusted.get(i), margin, alpha)
        for i, (strata, fixed) in enumerate(zip(families, same, strict=True))
    ]


Directions = tuple[float, float]
"""p of "it is not above" and of "it is not below"."""


def _raw(strata: Sequence[Drawn], margin: float) -> tuple[Directions, Directions] | None:
    """Return the tests against 0 and against the margin; None where nothing can be tested."""
    if not strata or any(len(drawn.base) < FEWEST_DRAWS for drawn in strata):
        return None
    if not all(np.isfinite(values).all() for drawn in strata for values in (drawn.base, drawn.head)):
        return None
    found = []
    for shift in (0.0, margin):
        with np.errstate(over="ignore", invalid="ignore"):
            stacked = [np.stack([drawn.head + shift, drawn.base]) for drawn in strata]
            p = one_sided(stacked, [1.0] * len(strata), [drawn.overlap for drawn in strata])
        if p is None or not np.isfinite(p).all():
            return None
        found.append((float(p[0, 1]), float(p[1, 0])))
    return found[0], found[1]


def _corrected(raw: Sequence[Directions]) -> list[Directions]:
    flat = holm(np.array([p for both in raw for p in both], dtype=np.float64))
    return [(float(flat[2 * i]), float(flat[2 * i + 1])) for i in range(len(raw))]


def _judge(
    strata: Sequence[Drawn],
    same: bool,
    adjusted: tuple[Directions, Directions] | None,
    margin: float,
    alpha: float,
) -> Judged:
    def mean(values: Sequence[np.ndarray]) -> Estimate | None:
        with np.errstate(over="ignore", invalid="ignore"):
            return finite(standardised_mean(values, [1.0] * len(strata), overlap=[d.overlap for d in strata]))

    if not strata:
        return Judged("cannot tell", "no forget set is whole in both", None, None, None)
    base, head = mean([d.base for d in strata]), mean([d.head for d in strata])
    difference = mean([d.head - d.base for d in strata])
    if same:
        return Judged("same", None, base, head, difference)
    if adjusted is None:
        return Judged("cannot tell", _untested(strata), base, head, difference)
    (better, _), (not_worse, worse) = adjusted
    verdict: Verdict = "cannot tell"
    if better <= 1 - LEVEL:
        verdict = "better"
    elif worse <= 1 - LEVEL:
        verdict = "worse"
    elif not_worse <= 1 - LEVEL:
        verdict = "not worse"
    spread = as_one_stratum([d.head - d.base for d in strata], [1.0] * len(strata), [d.overlap for d in strata])
    size = 0.0 if difference is None else difference.mean + margin
    needed = apart = None
    if verdict == "cannot tell":
        needed = draws_to_tell(size, spread.sd, spread.overlap, alpha)
        # This very difference was not told with n draws, so it takes more of them.
        needed = None if needed is None else max(needed, spread.n + 1)
        apart = draws_to_tell(size, spread.sd_apart, 0.0, alpha) if spread.overlap > 0 else needed
    seen = detectable(spread.sd, spread.n, spread.overlap, alpha)
    return Judged(verdict, None, base, head, difference, better, worse, not_worse, needed, apart, seen)


def _untested(strata: Sequence[Drawn]) -> str:
    if any(len(drawn.base) < FEWEST_DRAWS for drawn in strata):
        return f"fewer than {FEWEST_DRAWS} forget sets"
    if any(drawn.overlap == 1 for drawn in strata):
        return "all forget sets are one"
    return "the numbers are too large to compute with"


def finite(found: Estimate | None) -> Estimate | None:
    """Drop what overflowed."""
    if found is None or not math.isfinite(found.mean):
        return None
    if all(value is None or math.isfinite(value) for value in (found.low, found.high, found.sd)):
        return found
    return Estimate(found.mean, None, None, found.n, None)
