"""Forget sets in and out of the training distribution, matched pair by pair."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from fairforget.api import PluginSpec, Pool, Sample, Sampler
from fairforget.errors import FairforgetError
from fairforget_samplers.matching import unit_means
from fairforget_samplers.strata import Match, MatchedStrata, match_strata, matched_on, scores_wanted
from fairforget_samplers.trust import demand_reliability, score_of, trust
from fairforget_samplers.units import noun

OWNER = "sampler in-out-distribution"
INSIDE, OUTSIDE = "in-distribution", "out-of-distribution"


@dataclass(frozen=True)
class InOutDistribution(Sampler):
    """Draws natural samples, and samples that are not like them: the comparison of Baluta et al. (arXiv 2411.04388).

    What is out of distribution was mostly learned otherwise too: it is longer or shorter, and the target knows it
    better or worse. So strata are matched by default: each unit (a group, or a sample where the task has no groups)
    has one partner in the other stratum, of as many samples, within `caliper` standard deviations in mean length and
    in mean initial loss; pairs are left out until the means of the strata are within a tenth. Draw k of one stratum
    consists of the partners of draw k of the other. Units without a partner are in no draw, and the run says how many
    there are and how alike the strata have become.

    The paper's data could not be had; which samples are natural is the task's to say (`attribute`), or a score's: with
    `by`, for example the loss of reference models, the third of the units with the lowest score is in distribution and
    the third with the highest out of it. A group whose samples belong to both is in neither.
    """

    attribute: Annotated[str, "attribute of the samples that says what they are"] = "distribution"
    inside: Annotated[
        Sequence[str], "values of the attribute that are in distribution; all others are out of it", Field(min_length=1)
    ] = ("in",)
    kinds: Annotated[
        Sequence[str],
        "values of the attribute that get a stratum each, out-of-distribution-VALUE, matched all with the same natural "
        "units; by default everything out of distribution is one stratum",
    ] = ()
    by: Annotated[
        str | Mapping[str, Any] | None,
        "a difficulty, as a name or with its options, that takes the place of the attribute: higher is further out",
    ] = None
    tail: Annotated[float, "share of the units at either end of `by` that are drawn from", Field(gt=0, le=0.5)] = 1 / 3
    match: Annotated[Match, "what the strata have in common beside their size"] = "length-and-loss"
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
        """In distribution first."""
        return (INSIDE, *(f"{OUTSIDE}-{kind}" for kind in self.kinds)) if self.kinds else (INSIDE, OUTSIDE)

    def needs(self) -> Sequence[PluginSpec]:
        """Return the difficulty in ``by``, and the loss where it is matched.

        Raises:
            FairforgetError: ``by`` has no name, or options contradict each other.
        """
        if twice := sorted({kind for kind in self.kinds if self.kinds.count(kind) > 1 or kind in self.inside}):
            raise FairforgetError(f"{OWNER}: {twice[0]!r} stands twice in inside and kinds; a value has one stratum")
        if self.by is not None and self.kinds:
            raise FairforgetError(f"{OWNER}: kinds are values of the attribute, and by takes its place; remove one")
        return scores_wanted(None if self.by is None else PluginSpec.of(self.by, "by"), self.match, OWNER)

    def draw(self, pool: Pool, stratum: str, size: int, rng: np.random.Generator) -> Sequence[str]:
        """Return the ids of one forget set; the same generator draws its partners from the other strata."""
        return self.matched(pool).draw(pool, stratum, size, rng)

    def advise(self, pool: Pool) -> Sequence[str]:
        """Return how alike the strata are, and what is in none."""
        try:
            found = self.matched(pool)
            return (*found.lines, *self._left_out(pool, found))
        except FairforgetError as error:
            return (f"warning: {error}",)  # to draw is to meet it again

    def matched(self, pool: Pool) -> MatchedStrata:
        """Return the units of every stratum.

        Raises:
            FairforgetError: no sample has the attribute, or the score of ``by`` is missing or too unreliable.
        """
        sides = self._by_attribute(pool) if self.by is None else self._by_score(pool)
        return match_strata(OWNER, pool, sides, matched_on(self.match, pool, OWNER), self.caliper)

    def _by_attribute(self, pool: Pool) -> dict[str, list[list[int]]]:
        if not any(self.attribute in sample.attributes for sample in pool.samples):
            known = sorted({name for sample in pool.samples for name in sample.attributes})
            raise FairforgetError(
                f"{OWNER}: no sample has the attribute {self.attribute!r}; this task has {', '.join(known) or 'none'}. "
                "Write attribute: NAME and inside: [VALUE], or by: {name: reference-loss, references: […]}"
            )
        sides: dict[str, list[list[int]]] = {name: [] for name in self.strata}
        for unit in pool.units():
            found = {self._stratum_of(pool.samples[i]) for i in unit}
            if len(found) == 1 and (name := found.pop()) is not None:
                sides[name].append(unit)
        return sides

    def _stratum_of(self, sample: Sample) -> str | None:
        if self.attribute not in sample.attributes:
            return None
        value = str(sample.attributes[self.attribute])
        if value in self.inside:
            return INSIDE
        if self.kinds:
            return f"{OUTSIDE}-{value}" if value in self.kinds else None
        return OUTSIDE

    def _by_score(self, pool: Pool) -> dict[str, list[list[int]]]:
        spec, units = self.needs()[0], pool.units()
        score = score_of(pool, spec.name, OWNER)
        demand_reliability(score, spec, self.min_reliability, OWNER)
        means = unit_means(units, {spec.name: score.values})[:, 0]
        order = [int(i) for i in np.argsort(means, kind="stable") if np.isfinite(means[i])]
        count = int(self.tail * len(order))
        inside, outside = sorted(order[:count]), sorted(order[len(order) - count :])
        return {INSIDE: [units[i] for i in inside], OUTSIDE: [units[i] for i in outside]}

    def _left_out(self, pool: Pool, found: MatchedStrata) -> Iterator[str]:
        if self.by is not None:
            name = self.needs()[0].name
            trusted = trust(score_of(pool, name, OWNER))
            yield f"{'warning: ' if trusted.doubtful else ''}{OWNER}: {name} has {trusted.said}"
        elif left := len(pool.units()) - sum(found.of.values()):
            yield f"{OWNER}: {left} {noun(pool)} are in no stratum by {self.attribute}"
