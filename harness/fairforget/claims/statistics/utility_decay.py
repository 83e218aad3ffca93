"""Which side loses utility faster."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

import numpy as np

from fairforget.claims.statistics.base import Design, Statistic
from fairforget.claims.statistics.cells import cells_of
from fairforget.claims.statistics.options import First, Kept, Second
from fairforget.claims.statistics.paired_difference import mean_effect
from fairforget.claims.statistics.pairs import check_sides, differences, planned_sets
from fairforget.claims.statistics.ways import NEEDS, Looks, decay
from fairforget.claims.values import Effect, Evidence
from fairforget.store.record import Record


@dataclass(frozen=True, kw_only=True)
class UtilityDecay(Statistic):
    """Mean over forget sets of the difference between the slopes of utility on updates of two sides.

    Slopes are least-squares lines through the looks of a trajectory, up to the last update that both runs of a pair
    have. Negative: `first` loses more with every update. Strata and parts are paired by the index of the set; the
    interval is Student's over sets.

    Figure: ``sets`` (name, difference), ``pairs`` (name, mean over sets).
    """

    first: First
    second: Second
    of: Annotated[str, "utility, or a column that falls as a model breaks"] = "utility"
    only: Kept = field(default_factory=dict)
    shuffled: Annotated[bool, "whether a coin says, set by set, which side is the first: a control"] = False

    unit: ClassVar[str] = "forget sets"

    def __post_init__(self) -> None:
        check_sides(self.first, self.second)

    def estimate(self, evidence: Evidence, rng: np.random.Generator) -> Effect:
        """Return the difference of the slopes, in utility per update."""
        cells = cells_of(evidence, self.only, self.first, self.second)
        looks = Looks.of(cells, self.of, self.of)

        def value(one: Record, other: Record) -> float:
            ways = looks.way(one), looks.way(other)
            if ways[0] is None or ways[1] is None:
                return math.nan
            until = min(ways[0].updates[-1], ways[1].updates[-1])
            return decay(ways[0], until) - decay(ways[1], until)

        found = differences(cells, self.first, self.second, value)
        return mean_effect(found.tossed(rng) if self.shuffled else found, NEEDS)

    def planned(self, design: Design) -> int:
        """Return the forget sets, pairs of them where two strata are compared."""
        return planned_sets(design, self.first)
