"""What every statistic of a claim is."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from fairforget.api.plugin import Plugin
from fairforget.claims.values import Effect, Evidence

if TYPE_CHECKING:
    from fairforget.claims.claim import ScoresWanted


@dataclass(frozen=True, slots=True)
class Design:
    """What the study of one target has, before it runs."""

    strata: int
    """Of all samplers; 0 where cells are no evidence."""
    draws: int
    """Forget sets a stratum."""
    forget_size: int
    pool: Callable[[], int | None]
    """Returns the groups of the samples that may be forgotten; None where the data are not there to be counted."""
    scores: Sequence[ScoresWanted] = ()
    """The score sets of the claim."""


class Statistic(Plugin):
    """A statistic; its constructor's parameters are its options, as those of a plugin.

    It is a pure function of the evidence and of the generator, so that a claim is judged again from files alone.
    """

    unit: ClassVar[str]
    """What is independent in it: ``forget sets``, ``samples``, …"""
    fewest_groups: ClassVar[int] = 0
    """Groups of samples without which it has no value; a sample of no group is one by itself."""

    @abstractmethod
    def estimate(self, evidence: Evidence, rng: np.random.Generator) -> Effect:
        """Return the effect on one target.

        Args:
            evidence: of the target; records that failed are in it, and are counted where they are left out.
            rng: for resampling; the same for every control of the claim.
        """

    def planned(self, design: Design) -> int | None:
        """Return the independent units that a study has for it, before it runs; None where that is not known.

        By the `unit`: every forget set of every stratum, or every sample that is forgotten somewhere, of score sets
        alone every sample of the pool; samples of one group are one. A statistic that sets strata against each other
        has fewer, and says so.
        """
        sets = design.strata * design.draws
        if self.unit == "forget sets":
            return sets
        if self.unit != "samples":
            return None
        pool = design.pool()
        return None if pool is None else min(pool, sets * design.forget_size) if design.strata else pool
