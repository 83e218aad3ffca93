"""Forget sets binned by difficulty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from fairforget.api import PluginSpec, Pool, PoolScore, Sampler
from fairforget.errors import FairforgetError, did_you_mean
from fairforget_samplers.bins import bin_by_score, bin_within_lengths
from fairforget_samplers.trust import ENOUGH, demand_reliability, score_of, trust
from fairforget_samplers.units import noun, take

if TYPE_CHECKING:
    from collections.abc import Iterable

OWNER = "sampler binned"


@dataclass(frozen=True)
class Binned(Sampler):
    """Draws from bins of equal size by a difficulty score: easy, medium and hard.

    A unit (a group, or a sample where the task has no groups) has the mean of its members' scores and of their lengths;
    a unit without any score is in no bin. By default the bins are cut within bins of like length, so that easy and hard
    do not stand for short and long. The bins are the same in every draw; what is drawn from one is uniformly random.

    Bins by a score of noise are random bins under other names. So a score with draws has to be as reliable as
    `min_reliability`, or nothing is drawn; below .8 a warning goes with the draws. A score without draws has no such
    noise and always passes. Where a score has standard errors but no split-half reliability, 1 − mean(se²) / var(score)
    stands for it; where that cannot be told either, it counts as 0.
    """

    by: Annotated[str | Mapping[str, Any], "the difficulty, as a name or with its options"] = "mrd"
    bins: Annotated[int, "number of bins; three are called easy, medium, hard", Field(ge=2, le=1000)] = 3
    match: Annotated[Literal["length", "none"], "what the bins have in common beside their size"] = "length"
    length_bins: Annotated[
        int | None,
        "bins of length within which the score is cut; by default ten, and more while each keeps three units a bin",
        Field(ge=1),
    ] = None
    min_reliability: Annotated[
        float,
        "split-half reliability of the score under which nothing is drawn; 0 draws whatever it is",
        Field(ge=0, le=1),
    ] = 0.5

    @property
    def strata(self) -> Sequence[str]:
        """Easiest first."""
        return ("easy", "medium", "hard") if self.bins == 3 else tuple(f"bin-{i + 1}" for i in range(self.bins))

    def needs(self) -> Sequence[PluginSpec]:
        """Return the difficulty in ``by``.

        Raises:
            FairforgetError: it has no name.
        """
        return (PluginSpec.of(self.by, "by"),)

    def draw(self, pool: Pool, stratum: str, size: int, rng: np.random.Generator) -> Sequence[str]:
        """Return the ids of one forget set from the bin `stratum`."""
        if stratum not in self.strata:
            raise FairforgetError(f"{OWNER} has no stratum {stratum!r}. {did_you_mean(stratum, self.strata)}")
        return take(pool, self.bin_units(pool)[stratum], stratum, size, rng)

    def bin_units(self, pool: Pool) -> dict[str, list[list[int]]]:
        """Return the units of every stratum, as positions in ``pool.samples``.

        Raises:
            FairforgetError: the score is less reliable than `min_reliability`; there are too few scored units, or too
                few different scores, for that many bins.
        """
        demand_reliability(self._score(pool), self.needs()[0], self.min_reliability, OWNER)
        units, scores, lengths = self._scored(pool)
        if len(units) < self.bins:
            raise FairforgetError(
                f"{OWNER}: only {len(units)} {noun(pool)} have a score by {self._name}, which is too "
                f"few for {self.bins} bins; ask for fewer bins"
            )
        distinct = len(np.unique(scores))
        if distinct < self.bins:
            raise FairforgetError(
                f"{OWNER}: {self._name} gives the {len(units)} {noun(pool)} only {distinct} different scores, "
                f"so {self.bins} bins would be cut at random; ask for fewer bins or bin by another difficulty"
            )
        easiness = scores if self._score(pool).higher_is == "easier" else -scores
        if self.match == "length":
            each = len(units) // self.bins
            wanted = self.length_bins or max(min(each, 10), each // 3)
            labels = bin_within_lengths(-easiness, lengths, self.bins, wanted)
        else:
            labels = bin_by_score(-easiness, self.bins)
        return {
            name: [unit for unit, label in zip(units, labels, strict=True) if label == number]
            for number, name in enumerate(self.strata)
        }

    def advise(self, pool: Pool) -> Sequence[str]:
        """Return the reliability of the score, and what could not be scored."""
        return tuple(self._advice(pool))

    def _advice(self, pool: Pool) -> Iterable[str]:
        score = self._score(pool)
        units, scores, _ = self._scored(pool)
        found = trust(score)
        yield f"binned by {self._name}: {found.said}"
        if found.doubtful:
            yield (
                f"warning: reliability {found.reliability:.2f} is under {ENOUGH:g}: bins by {self._name} are partly "
                "noise; allow it more draws (max_forwards) or bin by another difficulty"
            )
        unscored = int((~np.isfinite(score.values)).sum())
        if unscored:
            left_out = len(pool.units()) - len(units)
            yield f"binned by {self._name}: {unscored} samples have no score; {left_out} {noun(pool)} are in no bin"
        _, counts = np.unique(scores, return_counts=True)
        if len(scores) and counts.max() > len(scores) / self.bins:
            yield (
                f"warning: {counts.max()} of {len(scores)} {noun(pool)} have the same score by {self._name} and are "
                "parted between bins at random"
            )

    def _scored(self, pool: Pool) -> tuple[list[list[int]], np.ndarray, np.ndarray]:
        """Return the units that have a score, with their mean score and their mean length."""
        values = self._score(pool).values
        units = [unit for unit in pool.units() if np.isfinite(values[unit]).any()]
        scores = [float(np.mean(values[unit][np.isfinite(values[unit])])) for unit in units]
        lengths = [float(np.mean(np.asarray(pool.lengths, dtype=float)[unit])) for unit in units]
        return units, np.array(scores), np.array(lengths)

    @property
    def _name(self) -> str:
        return self.needs()[0].name

    def _score(self, pool: Pool) -> PoolScore:
        return score_of(pool, self._name, OWNER)
