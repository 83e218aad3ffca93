"""Samplers draw forget sets."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from fairforget.api.plugin import Plugin
from fairforget.api.pool import Pool
from fairforget.api.spec import PluginSpec

if TYPE_CHECKING:
    import numpy as np


class Sampler(Plugin, ABC):
    """Draws forget sets from the pool, by stratum."""

    paired_strata: ClassVar[bool] = False
    """Whether draw k of a stratum belongs to draw k of every other: `draw` then gets one stream of random numbers for
    all of them, and may draw matched sets. Else each stratum has its own."""

    @property
    @abstractmethod
    def strata(self) -> Sequence[str]:
        """The strata it can draw from, in the order boards show them, for example ``("easy", "medium", "hard")``."""

    def needs(self) -> Sequence[PluginSpec]:
        """Return the difficulties whose scores have to be in `Pool.scores` before `draw` is called."""
        return ()

    def advise(self, pool: Pool) -> Sequence[str]:
        """Return lines to print before anything is drawn: how far the strata can be trusted, what was left out."""
        return ()

    @abstractmethod
    def draw(self, pool: Pool, stratum: str, size: int, rng: np.random.Generator) -> Sequence[str]:
        """Return the ids of one forget set of at most `size` samples.

        Args:
            pool: what may be forgotten; draw from `Pool.units` so that whole groups stay whole.
            stratum: one of `strata`.
            size: wanted number of samples; whole groups are never cut, so a draw may be smaller, never larger.
            rng: the only source of randomness; another generator is passed for every draw (where strata are paired, one
                of the same state for the draws of an index).

        Raises:
            FairforgetError: the stratum is empty or cannot fill the draw; the message says which and how large it is.
        """
