"""Forget sets of what the training text said seldom, and of what it said often."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from fairforget.api import PluginSpec, Pool, Sampler
from fairforget.errors import FairforgetError
from fairforget_samplers.buckets import attribute_values, places
from fairforget_samplers.matching import unit_means
from fairforget_samplers.strata import Match, MatchedStrata, match_strata, matched_on, scores_wanted
from fairforget_samplers.trust import demand_reliability, score_of, trust
from fairforget_samplers.units import noun

OWNER = "sampler frequency"
LOW, MEDIUM, HIGH = "low-frequency", "medium-frequency", "high-frequency"


@dataclass(frozen=True)
class Frequency(Sampler):
    """Draws from thirds of the pool by how often the samples occur: the buckets of Krishnan et al. (arXiv 2504.05058).

    A unit (a group, or a sample where the task has no groups) has the mean of its samples' frequencies, and is placed
    by the share of units that are rarer, with half of those of its own frequency: up to 1/3 is low, above 2/3 high.
    Units of one frequency are never parted, so the buckets may be of unlike size: of the levels 1, 2, 4, 8 and 16 for
    equally many people, low are 1 and 2, medium is 4, high are 8 and 16. A task of two levels has no middle: write
    ``medium: false``, as the paper forgets low or high.

    Buckets are matched by default: each unit has one partner in every other bucket, of as many samples, within
    `caliper` standard deviations in mean length, and draw k of one bucket consists of the partners of draw k of the
    others. What was said often is also known better; ``match: length-and-loss`` takes out what the target shows of it
    before anything is unlearned.
    """

    by: Annotated[str | Mapping[str, Any], "the difficulty that counts, as a name or with its options"] = "frequency"
    attribute: Annotated[str | None, "numeric attribute of the samples that takes the place of `by`"] = None
    medium: Annotated[bool, "whether the middle third is a stratum too, and is matched"] = True
    match: Annotated[Match, "what the strata have in common beside their size"] = "length"
    caliper: Annotated[
        float,
        "largest difference of partners, in standard deviations within strata; smaller ones are tried too",
        Field(gt=0, allow_inf_nan=False),
    ] = 0.5
    min_reliability: Annotated[
        float, "split-half reliability of `by` under which nothing is drawn; 0 draws whatever it is", Field(ge=0, le=1)
    ] = 0.5

    paired_strata: ClassVar[bool] = True

    @property
    def strata(self) -> Sequence[str]:
        """Rarest first."""
        return (LOW, MEDIUM, HIGH) if self.medium else (LOW, HIGH)

    def needs(self) -> Sequence[PluginSpec]:
        """Return the difficulty in ``by``, unless an attribute takes its place, and the loss where it is matched.

        Raises:
            FairforgetError: ``by`` has no name, or is the loss that is also matched.
        """
        return scores_wanted(PluginSpec.of(self.by, "by") if self.attribute is None else None, self.match, OWNER)

    def draw(self, pool: Pool, stratum: str, size: int, rng: np.random.Generator) -> Sequence[str]:
        """Return the ids of one forget set; the same generator draws its partners from the other strata."""
        return self.matched(pool).draw(pool, stratum, size, rng)

    def matched(self, pool: Pool) -> MatchedStrata:
        """Return the units of every stratum.

        Raises:
            FairforgetError: no sample has the attribute, the score is missing or too unreliable, or a bucket is empty.
        """
        buckets = self._buckets(pool)
        if empty := [name for name, units in buckets.items() if not units]:
            mend = "write medium: false" if empty == [MEDIUM] else "give the task more levels of frequency"
            raise FairforgetError(
                f"{OWNER}: {empty[0]} is empty, for {noun(pool)} of the same frequency are not parted; {mend}"
            )
        return match_strata(OWNER, pool, buckets, matched_on(self.match, pool, OWNER), self.caliper)

    def advise(self, pool: Pool) -> Sequence[str]:
        """Return what the buckets hold, how alike they are, and what is in none."""
        try:
            return (*self._ranges(pool), *self.matched(pool).lines)
        except FairforgetError as error:
            return (f"warning: {error}",)  # to draw is to meet it again

    def _ranges(self, pool: Pool) -> Iterator[str]:
        means = self._means(pool)
        for name, units in self._buckets(pool).items():
            if units:
                inside = unit_means(units, {"": self._values(pool)})[:, 0]
                yield f"{OWNER}: {name} is {inside.min():.3g} to {inside.max():.3g}, {len(units)} {noun(pool)}"
        if unknown := int(np.isnan(means).sum()):
            yield f"{OWNER}: {unknown} {noun(pool)} have no frequency and are in no stratum"
        if self.attribute is None:
            name = self.needs()[0].name
            trusted = trust(score_of(pool, name, OWNER))
            if trusted.doubtful:
                yield f"warning: {OWNER}: {name} has {trusted.said}"

    def _buckets(self, pool: Pool) -> dict[str, list[list[int]]]:
        means = self._means(pool)
        found: dict[str, list[list[int]]] = {name: [] for name in self.strata}
        for unit, place in zip(pool.units(), places(means), strict=True):
            name = LOW if place <= 1 / 3 else HIGH if place > 2 / 3 else MEDIUM
            if np.isfinite(place) and name in found:
                found[name].append(unit)
        return found

    def _means(self, pool: Pool) -> np.ndarray:
        return unit_means(pool.units(), {"": self._values(pool)})[:, 0]

    def _values(self, pool: Pool) -> np.ndarray:
        if self.attribute is None:
            spec = self.needs()[0]
            score = score_of(pool, spec.name, OWNER)
            demand_reliability(score, spec, self.min_reliability, OWNER)
            return score.values
        return attribute_values(pool, self.attribute, OWNER)
