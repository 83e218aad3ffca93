"""Which side keeps more utility for what it forgets."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

import numpy as np

from fairforget.claims.statistics.base import Design, Statistic
from fairforget.claims.statistics.cells import cells_of
from fairforget.claims.statistics.exposed import Exposed, Exposure
from fairforget.claims.statistics.options import First, Kept, Second
from fairforget.claims.statistics.paired_difference import mean_effect
from fairforget.claims.statistics.pairs import check_sides, differences, planned_sets
from fairforget.claims.statistics.score_sets import Unusable
from fairforget.claims.statistics.ways import NEEDS, Looks, area_difference
from fairforget.claims.values import Effect, Evidence
from fairforget.store.record import Record


@dataclass(frozen=True, kw_only=True)
class TradeOffArea(Statistic):
    """Mean over forget sets of the area between the curves of utility against forgetting of two sides.

    The curves are those of the trajectories, and the area that over the range of forgetting which both runs pass
    through, divided by the width of the range: so many units of utility does `first` keep more. Runs without such a
    range are left out and counted. Strata and parts are paired by the index of the set; the interval is Student's
    over sets.

    With `exposure` forgetting is minus GenEx, so that samples which other text teaches and samples which it does not
    are compared where each is as far from what models say of it that never saw it.

    Figure: ``sets`` (name, difference), ``pairs`` (name, mean over sets).
    """

    first: First
    second: Second
    forgetting: Annotated[
        str, "completeness, or a column that rises as a model forgets; with exposure the one that has 1 - probability"
    ] = "completeness"
    utility: Annotated[str, "utility, or a column that falls as a model breaks"] = "utility"
    exposure: Exposure = None
    only: Kept = field(default_factory=dict)
    shuffled: Annotated[bool, "whether a coin says, set by set, which side is the first: a control"] = False

    unit: ClassVar[str] = "forget sets"

    def __post_init__(self) -> None:
        check_sides(self.first, self.second)

    def estimate(self, evidence: Evidence, rng: np.random.Generator) -> Effect:
        """Return the difference of the mean utilities."""
        cells = cells_of(evidence, self.only, self.first, self.second)
        looks = Looks.of(cells, self.forgetting, self.utility)
        try:
            exposed = None if self.exposure is None else Exposed.of(evidence, cells, self.exposure, self.forgetting)
        except Unusable as why:
            return Effect.unknown(str(why))

        def value(one: Record, other: Record) -> float:
            ways = [looks.way(each) if exposed is None else exposed.way(each, looks) for each in (one, other)]
            return math.nan if ways[0] is None or ways[1] is None else area_difference(ways[0], ways[1])

        found = differences(cells, self.first, self.second, value)
        return mean_effect(found.tossed(rng) if self.shuffled else found, NEEDS)

    def planned(self, design: Design) -> int:
        """Return the forget sets, pairs of them where two strata are compared."""
        return planned_sets(design, self.first)
