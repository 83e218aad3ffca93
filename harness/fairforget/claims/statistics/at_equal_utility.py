"""Which side has forgotten more when it has lost as much utility."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from fairforget.claims.statistics.base import Design, Statistic
from fairforget.claims.statistics.cells import cells_of
from fairforget.claims.statistics.options import First, Kept, Second
from fairforget.claims.statistics.paired_difference import mean_effect
from fairforget.claims.statistics.pairs import check_sides, differences, planned_sets
from fairforget.claims.statistics.ways import NEEDS, Looks, forgetting_at
from fairforget.claims.values import Effect, Evidence
from fairforget.store.record import Record


@dataclass(frozen=True, kw_only=True)
class AtEqualUtility(Statistic):
    """Mean over forget sets of first − second in forgetting, where each has lost a share of its utility.

    Read off the trajectories: the forgetting where utility first falls to ``1 − lost`` of what the target had, linear
    between two looks. A run that never loses so much has no value there; it is counted. Strata and parts are paired by
    the index of the set; the interval is Student's over sets.

    Figure: ``sets`` (name, difference), ``pairs`` (name, mean over sets).
    """

    first: First
    second: Second
    lost: Annotated[float, Field(gt=0, lt=1), "share of the target's utility that is lost where sides are compared"]
    forgetting: Annotated[str, "completeness, or a column that rises as a model forgets"] = "completeness"
    utility: Annotated[str, "utility, or a column that falls as a model breaks"] = "utility"
    only: Kept = field(default_factory=dict)
    shuffled: Annotated[bool, "whether a coin says, set by set, which side is the first: a control"] = False

    unit: ClassVar[str] = "forget sets"

    def __post_init__(self) -> None:
        check_sides(self.first, self.second)

    def estimate(self, evidence: Evidence, rng: np.random.Generator) -> Effect:
        """Return the difference in forgetting."""
        cells = cells_of(evidence, self.only, self.first, self.second)
        looks = Looks.of(cells, self.forgetting, self.utility)

        def at(record: Record) -> float:
            way = looks.way(record)
            return math.nan if way is None else forgetting_at(way, (1 - self.lost) * float(way.utility[0]))

        found = differences(cells, self.first, self.second, lambda one, other: at(one) - at(other))
        return mean_effect(found.tossed(rng) if self.shuffled else found, NEEDS)

    def planned(self, design: Design) -> int:
        """Return the forget sets, pairs of them where two strata are compared."""
        return planned_sets(design, self.first)
