"""The hardest forget sets that a search by a score finds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from fairforget.api import PluginSpec, Pool, Sampler
from fairforget.errors import FairforgetError, did_you_mean
from fairforget_samplers.exchange import Choice, search
from fairforget_samplers.matching import unit_means
from fairforget_samplers.trust import demand_reliability, score_of, trust
from fairforget_samplers.units import drawable, noun

OWNER = "sampler worst-case"
STRATUM = "worst-case"


@dataclass(frozen=True)
class WorstCase(Sampler):
    """Draws the forget sets whose samples are hardest by a score, at the length of the pool.

    Each draw looks at another random share of the units (groups, or samples where the task has no groups) and searches
    in it, greedily and by exchanges, for the set of the highest mean hardness whose mean length is that of the pool: so
    there are many worst cases and not one, a board can give an interval, and hard does not stand for long.

    It is not the worst case of Fan et al. (ECCV 2024, arXiv 2403.07362), who choose the set on which the *unlearned*
    model keeps most: a bi-level problem with an unlearning run inside. Here a set is as hard as its samples are on the
    target as it was, one by one; what samples do to each other when they are forgotten together is not looked at. Nor
    is it easy, medium or hard of ``binned``, which draws at random from a third of the pool.

    The highest of many noisy scores are too high. So a score with draws has to be as reliable as `min_reliability`.
    What a method made of samples in earlier runs is an outcome, and can be searched by as a difficulty that returns it;
    then draw from other samples than those of these runs, or the set is hard by the luck of one run.
    """

    by: Annotated[str | Mapping[str, Any], "the difficulty, as a name or with its options"] = "mrd"
    among: Annotated[
        float, "share of the free units that a draw is searched in; 1 finds one set again and again", Field(gt=0, le=1)
    ] = 0.5
    match: Annotated[Literal["length", "none"], "what the sets have in common with the pool beside their size"] = (
        "length"
    )
    tolerance: Annotated[
        float,
        "how far the mean length may be from the pool's, in standard deviations of the units' lengths",
        Field(ge=0, allow_inf_nan=False),
    ] = 0.1
    min_reliability: Annotated[
        float,
        "split-half reliability of the score under which nothing is drawn; 0 draws whatever it is",
        Field(ge=0, le=1),
    ] = 0.5

    @property
    def strata(self) -> Sequence[str]:
        """One stratum."""
        return (STRATUM,)

    def needs(self) -> Sequence[PluginSpec]:
        """Return the difficulty in ``by``.

        Raises:
            FairforgetError: it has no name.
        """
        return (PluginSpec.of(self.by, "by"),)

    def draw(self, pool: Pool, stratum: str, size: int, rng: np.random.Generator) -> Sequence[str]:
        """Return the ids of one forget set.

        Raises:
            FairforgetError: the score is missing or too unreliable, the scored units cannot fill the draw, or no set of
                the pool's length was found among those of this draw.
        """
        if stratum != STRATUM:
            raise FairforgetError(f"{OWNER} has no stratum {stratum!r}. {did_you_mean(stratum, self.strata)}")
        spec = self.needs()[0]
        demand_reliability(score_of(pool, spec.name, OWNER), spec, self.min_reliability, OWNER)
        scored, hardness, lengths = self._scored(pool)
        free = drawable(pool, scored, stratum, size)
        place_of = {unit[0]: place for place, unit in enumerate(scored)}
        share = self._share(rng.permutation([place_of[unit[0]] for unit in free]), scored, size)
        sizes = np.array([len(unit) for unit in scored])
        middle = float(np.average(lengths, weights=sizes))
        choice = Choice(
            gain=hardness[share] - hardness.min(),
            lengths=lengths[share],
            sizes=sizes[share],
            size=size,
            length=middle,
            tolerance=self.tolerance * float(lengths.std()) if self.match == "length" else np.inf,
        )
        chosen = search(choice)
        if choice.missed(chosen):
            raise FairforgetError(
                f"{OWNER}: among {len(share)} {noun(pool)} no set of {size} samples was found whose mean length is "
                f"within {self.tolerance:g} standard deviations of the pool's {middle:.3g}; raise tolerance or among, "
                "or write match: none"
            )
        return [pool.samples[i].id for i in sorted(i for place in share[chosen] for i in scored[place])]

    def advise(self, pool: Pool) -> Sequence[str]:
        """Return the reliability of the score, and what could not be scored."""
        return tuple(self._advice(pool))

    def _advice(self, pool: Pool) -> Iterator[str]:
        name = self.needs()[0].name
        found = trust(score_of(pool, name, OWNER))
        yield f"{'warning: ' if found.doubtful else ''}{OWNER}: {name} has {found.said}"
        yield f"{OWNER}: a set is taken to be as hard as its samples are one by one; nothing is unlearned in the search"
        if left_out := len(pool.units()) - len(self._scored(pool)[0]):
            yield f"{OWNER}: {left_out} {noun(pool)} have no score by {name} and are in no draw"

    def _scored(self, pool: Pool) -> tuple[list[list[int]], np.ndarray, np.ndarray]:
        """Return the units that have a score, with the mean hardness and the mean length of their samples."""
        score = score_of(pool, self.needs()[0].name, OWNER)
        columns = {"score": score.values, "length": np.asarray(pool.lengths, dtype=float)}
        means = unit_means(pool.units(), columns)
        known = np.flatnonzero(np.isfinite(means[:, 0]))
        units = pool.units()
        hardness = means[known, 0] * (1 if score.higher_is == "harder" else -1)
        return [units[i] for i in known], hardness, means[known, 1]

    def _share(self, order: np.ndarray, units: Sequence[Sequence[int]], size: int) -> np.ndarray:
        """Return the first units in `order`: the share that is looked at, and more where these cannot fill the draw."""
        held = np.cumsum([len(units[place]) for place in order])
        return order[: max(math.ceil(self.among * len(order)), int(np.searchsorted(held, size)) + 1)]
