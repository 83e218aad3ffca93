"""A sampler with strata of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fairforget import FairforgetError
from fairforget.api import Pool, Sampler

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class ByAttribute(Sampler):
    """Draws units whose first sample has a given value of an attribute; one stratum a value."""

    attribute: Annotated[str, "name of the attribute"] = "distribution"
    values: Annotated[tuple[str, ...], "its values, one stratum each"] = ("in", "canary")

    @property
    def strata(self) -> Sequence[str]:
        """The values."""
        return self.values

    def draw(self, pool: Pool, stratum: str, size: int, rng: np.random.Generator) -> Sequence[str]:
        """Return whole units of the stratum, in random order, as many as fit."""
        units = [u for u in pool.units() if str(pool.samples[u[0]].attributes.get(self.attribute)) == stratum]
        units = [u for u in units if not any(pool.samples[i].id in pool.taken for i in u)]
        chosen: list[int] = []
        for position in rng.permutation(len(units)):
            if len(chosen) + len(units[position]) <= size:
                chosen += units[position]
        if not chosen:
            msg = f"no unit with {self.attribute} = {stratum} is left that fits a forget set of {size} samples"
            raise FairforgetError(msg)
        return [pool.samples[i].id for i in sorted(chosen)]
