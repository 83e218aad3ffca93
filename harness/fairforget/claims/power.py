"""How many units decide a claim: before a run from what is assumed, after it from what was found."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fairforget.api import Sample, Task
from fairforget.claims.statistics.base import Design
from fairforget.errors import FairforgetError
from fairforget.stats.intervals import FEWEST_DRAWS, LEVEL
from fairforget.stats.power import POWER, draws_to_tell

if TYPE_CHECKING:
    from fairforget.claims.claim import Claim
    from fairforget.claims.expectation import Expectation
    from fairforget.claims.planned import PlannedClaim, PlannedSite
    from fairforget.claims.values import Effect, Verdict

_MOST: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """What studies cost, at most and as far as it is known beforehand; without score sets."""

    cells: int
    updates: int | None
    forward_equivalents: int

    def __add__(self, other: Price) -> Price:
        """Return the price of both."""
        known = self.updates is not None and other.updates is not None
        updates = (self.updates or 0) + (other.updates or 0) if known else None
        equivalents = self.forward_equivalents + other.forward_equivalents
        return Price(self.cells + other.cells, updates, equivalents)


@dataclass(frozen=True, slots=True)
class Reach:
    """What a claim can show before it runs, if effect and spread are as it assumes."""

    needed: int | None
    """Units a target for a verdict at 80 % power; None where no number would do, or nothing is assumed."""
    planned: int | None
    """Units a target that its studies have; None where that is not known beforehand."""
    unit: str
    power: float | None
    """Probability of a verdict with the units that are planned."""
    verdict: Verdict
    """Within reach at 80 % power: what the assumed effect would give; undecided where the plan has too few units."""
    price: Price


def reach(planned: PlannedClaim) -> Reach:
    """Return what verdict is within reach of a claim, and what it costs."""
    claim, targets = planned.claim, len(planned.targets)
    units = _planned_units(planned)
    price = price_of(planned.sites) if claim.cells else Price(0, 0, 0)
    nothing = Reach(None, units, claim.statistic.unit, None, "undecided", price)
    if claim.assumed is None:
        return nothing
    effect, spread = claim.assumed.effect, claim.assumed.spread
    distances = _distances(claim.expect, effect)
    total = _units(distances, spread)
    power = None if units is None else _power(distances, spread, units * targets)
    enough = total is not None and units is not None and units * targets >= total
    verdict = _verdict_at(claim, effect) if enough else "undecided"
    needed = None if total is None else _a_target(total, targets)
    return Reach(needed, units, claim.statistic.unit, power, verdict, price)


def price_of(sites: Sequence[PlannedSite]) -> Price:
    """Return what the studies of sites cost together."""
    whole = Price(0, 0, 0)
    for site in sites:
        total = site.plan.describe()[-1]
        whole += Price(total.cells, total.updates, total.forward_equivalents or 0)
    return whole


def units_to_decide(expect: Expectation, effect: Effect, targets: int) -> int | None:
    """Return how many units a target would decide, at 80 % power, what an effect leaves undecided.

    The interval's half-width towards the border is taken to shrink with the root of the number of units, and the effect
    to stay where it is.

    Args:
        expect: of the claim.
        effect: the mean over the targets; its `n` are the units of all of them.
        targets: how many.

    Returns:
        None where nothing is known, or no number of units would do.
    """
    if not effect.known or effect.n <= targets or not math.isfinite(effect.high - effect.low):
        return None
    total = _units(_distances(expect, effect.value), _spread(expect, effect, targets))
    # One more than there are: the rule of thumb and the interval of the statistic may differ by a unit.
    return None if total is None else _a_target(max(total, effect.n + 1), targets)


def _spread(expect: Expectation, effect: Effect, targets: int) -> float:
    """Return the standard deviation between units that the half-width speaks of; the wider half where both count."""
    from scipy.special import stdtrit

    down, up = effect.value - effect.low, effect.high - effect.value
    borders = [border for border in expect.borders if expect.distance(effect.value) == abs(effect.value - border)]
    half = max(down, up) if expect.within is not None else down if borders[0] < effect.value else up
    told = float(stdtrit(effect.n - targets, 1 - (1 - effect.level) / 2))
    return half / told * math.sqrt(effect.n)


def _distances(expect: Expectation, value: float) -> tuple[float, ...]:
    """Return how far the borders are that an interval around `value` has to keep clear of."""
    if expect.within is not None and expect.within[0] < value < expect.within[1]:
        return tuple(abs(value - border) for border in expect.within)
    return (expect.distance(value),)


def _units(distances: tuple[float, ...], spread: float) -> int | None:
    """Return the units that tell a value from every border, with 80 % power."""
    if len(distances) == 1:
        return draws_to_tell(distances[0], spread)
    low, high = FEWEST_DRAWS, _MOST
    if _power(distances, spread, high) < POWER:
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if _power(distances, spread, middle) >= POWER else (middle + 1, high)
    return low


def _power(distances: tuple[float, ...], spread: float, units: int) -> float:
    """Return the probability that an interval keeps clear of every border.

    By Bonferroni's inequality for two, which is close where each is likely; Student's t costs 1.96² / 2 units, as in
    `fairforget.stats.power.draws_to_tell`.
    """
    from scipy.special import ndtr, ndtri

    told = float(ndtri(1 - (1 - LEVEL) / 2))
    if units < FEWEST_DRAWS:
        return 0.0
    root = math.sqrt(units - told**2 / 2)
    missed = math.fsum(1 - float(ndtr(distance / spread * root - told)) for distance in distances)
    return max(0.0, 1 - missed)


def _planned_units(planned: PlannedClaim) -> int | None:
    """Return the units that every target has, by the part with the fewest."""
    claim = planned.claim
    found = [claim.statistic.planned(_design(claim, site)) for site in planned.sites]
    return None if not found or any(units is None for units in found) else min(units or 0 for units in found)


def _design(claim: Claim, site: PlannedSite) -> Design:
    study = site.plan.study
    strata = sum(len(sampler.strata) for sampler in site.plan.samplers)
    return Design(strata if claim.cells else 0, study.draws, study.forget_size, lambda: pool_groups(site), claim.scores)


def pool_size(site: PlannedSite) -> int | None:
    """Return the samples of the pool; None where its data are not on this machine."""
    return None if (pool := _pool(site)) is None else len(pool)


def pool_groups(site: PlannedSite) -> int | None:
    """Return the groups of samples of the pool, one of no group being one; None as `pool_size`."""
    pool = _pool(site)
    return None if pool is None else len({("sample", s.id) if s.group is None else ("group", s.group) for s in pool})


def hopeless(claims: Sequence[PlannedClaim]) -> Iterator[str]:
    """Yield of each claim that can have no value, whatever its study finds, why; each pool is looked at once."""
    groups: dict[tuple[str, str], int | None] = {}
    for planned in claims:
        fewest = planned.claim.statistic.fewest_groups
        for site in planned.sites if fewest else ():
            place = site.study, site.site.name
            if place not in groups:
                groups[place] = pool_groups(site)
            if (found := groups[place]) is not None and found < fewest:
                yield (
                    f"{planned.claim.name} will have no value: the pool of {site.study} on {site.site.name} has "
                    f"{found} groups of samples, and its statistic takes {fewest}"
                )
                break


def _pool(site: PlannedSite) -> Sequence[Sample] | None:
    try:
        return site.plan.task.of(Task).corpus().pool  # type: ignore[type-abstract]
    except FairforgetError:
        return None  # its data are not on this machine


def _verdict_at(claim: Claim, value: float) -> Verdict:
    from fairforget.claims.values import Effect

    return claim.expect.verdict(Effect(value, value, value, 1))


def _a_target(total: int, targets: int) -> int:
    return max(FEWEST_DRAWS, math.ceil(total / targets))
