"""Strata of a pool, matched unit by unit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from fairforget.api import PluginSpec, Pool
from fairforget.errors import FairforgetError, did_you_mean
from fairforget_samplers.matching import matched_rows, unit_means, within
from fairforget_samplers.trust import score_of
from fairforget_samplers.units import noun, take

ALIKE = 0.1
"""Standardised difference of means up to which two strata count as alike (Austin 2009)."""

LOSS = "loss"
"""The difficulty whose scores are the initial loss."""

Match = Literal["length-and-loss", "length", "loss", "none"]
Units = Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True)
class MatchedStrata:
    """The units of every stratum; where they are matched, those at one place belong together."""

    owner: str
    """The sampler, for messages."""
    units: Mapping[str, Units]
    """By stratum, as positions in ``pool.samples``."""
    of: Mapping[str, int]
    """Units of every stratum before matching."""
    lines: tuple[str, ...]
    """What was left out, and how alike the strata are."""

    def draw(self, pool: Pool, stratum: str, size: int, rng: np.random.Generator) -> list[str]:
        """Return the ids of one forget set; the same generator draws partners from every stratum.

        Raises:
            FairforgetError: there is no such stratum, or what is matched of it cannot fill the draw.
        """
        if stratum not in self.units:
            raise FairforgetError(f"{self.owner} has no stratum {stratum!r}. {did_you_mean(stratum, self.units)}")
        matched = self.units[stratum]
        samples = sum(map(len, matched))
        if samples < size and len(matched) < self.of[stratum]:
            raise FairforgetError(
                f"{self.owner}: only {len(matched)} of {self.of[stratum]} {noun(pool)} in stratum {stratum!r} have a "
                f"partner in every other stratum, {samples} samples, and forget_size is {size}; try another caliper, "
                "match on less, lower forget_size, or give the task a larger pool"
            )
        return take(pool, matched, stratum, size, rng)


def match_strata(
    owner: str, pool: Pool, strata: Mapping[str, Units], covariates: Mapping[str, np.ndarray], caliper: float
) -> MatchedStrata:
    """Match the units of all strata; see `fairforget_samplers.matching.matched_rows`.

    Args:
        owner: the sampler.
        pool: what the positions point into.
        strata: the units that may be drawn, by stratum.
        covariates: (n,) values of the samples, by name; a unit of which no sample has one is matched with nothing.
            Without any, the strata are left as they are.
        caliper: largest difference from the first stratum's unit in each covariate, in standard deviations.
    """
    of = {name: len(units) for name, units in strata.items()}
    if not covariates:
        said = tuple(f"{owner}: {count} {noun(pool)} are {name}" for name, count in of.items())
        return MatchedStrata(owner, strata, of, said)
    means = {name: unit_means(units, covariates) for name, units in strata.items()}
    finite = {name: np.isfinite(table).all(1) for name, table in means.items()}
    known = {name: [unit for unit, has in zip(strata[name], finite[name], strict=True) if has] for name in strata}
    tables = [means[name][finite[name]] for name in strata]
    sizes = [np.array([len(unit) for unit in units], dtype=np.int64) for units in known.values()]
    rows, width = matched_rows(tables, sizes, caliper, ALIKE)
    units = {name: [known[name][i] for i in rows[:, side]] for side, name in enumerate(known)}
    counts = ", ".join(f"{len(rows)} of {count} {name}" for name, count in of.items())
    lines = [
        f"{owner}: {counts} {noun(pool)} are matched within {width:.2g} standard deviations; the others are in no draw"
    ]
    if missing := sum(of.values()) - sum(map(len, known.values())):
        lines.append(f"{owner}: {missing} {noun(pool)} cannot be matched, for they have no {' or '.join(covariates)}")
    after = [table[rows[:, side]] for side, table in enumerate(tables)]
    return MatchedStrata(owner, units, of, (*lines, *_balance(owner, list(covariates), list(strata), tables, after)))


def scores_wanted(by: PluginSpec | None, match: Match, owner: str) -> tuple[PluginSpec, ...]:
    """Return the difficulties to ask for: what parts the strata, and the loss where they are matched on it.

    Raises:
        FairforgetError: the loss parts them.
    """
    wanted = () if by is None else (by,)
    if match not in {"loss", "length-and-loss"}:
        return wanted
    if by is not None and by.name.rpartition("/")[2] == LOSS:
        raise FairforgetError(f"{owner}: strata that are parted by the loss cannot be matched on it; match: length can")
    return (*wanted, PluginSpec(LOSS))


def matched_on(match: Match, pool: Pool, owner: str) -> dict[str, np.ndarray]:
    """Return the covariates that an option `match` names, (n,) each.

    Raises:
        FairforgetError: the loss is wanted, and the pool has no scores by it.
    """
    found: dict[str, np.ndarray] = {}
    if match in {"length", "length-and-loss"}:
        found["length"] = np.asarray(pool.lengths, dtype=float)
    if match in {"loss", "length-and-loss"}:
        found["initial loss"] = score_of(pool, LOSS, owner).values
    return found


def _balance(
    owner: str,
    covariates: Sequence[str],
    strata: Sequence[str],
    before: Sequence[np.ndarray],
    after: Sequence[np.ndarray],
) -> Iterator[str]:
    """Say how far the strata are apart, in standard deviations within them before matching."""
    spread = within(before)
    for column, covariate in enumerate(covariates):
        for name, was, table in zip(strata[1:], before[1:], after[1:], strict=True):
            if not len(table) or not spread[column]:
                continue
            gap = (table[:, column].mean() - after[0][:, column].mean()) / spread[column]
            raw = (was[:, column].mean() - before[0][:, column].mean()) / spread[column]
            said = (
                f"{owner}: mean {covariate} is {after[0][:, column].mean():.3g} in {strata[0]} and "
                f"{table[:, column].mean():.3g} in {name}, {gap:+.2f} standard deviations ({raw:+.2f} before matching)"
            )
            yield said if abs(gap) <= ALIKE else f"warning: {said}"
