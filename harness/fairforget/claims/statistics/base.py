"""What every statistic of a claim is."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import numpy as np

from fairforget.api.plugin import Plugin
from fairforget.claims.values import Effect, Evidence


class Statistic(Plugin):
    """A statistic; its constructor's parameters are its options, as those of a plugin.

    It is a pure function of the evidence and of the generator, so that a claim is judged again from files alone.
    """

    unit: ClassVar[str]
    """What is independent in it: ``forget sets``, ``samples``, …"""

    @abstractmethod
    def estimate(self, evidence: Evidence, rng: np.random.Generator) -> Effect:
        """Return the effect on one target.

        Args:
            evidence: of the target; records that failed are in it, and are counted where they are left out.
            rng: for resampling; the same for every control of the claim.
        """
