"""How much of what varies is the choice of the forget set."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, ClassVar

import numpy as np

from fairforget.claims.statistics.base import Statistic
from fairforget.claims.statistics.cells import cells_of
from fairforget.claims.statistics.cube import cube_of
from fairforget.claims.statistics.measures import At, measure
from fairforget.claims.statistics.options import Kept, Of, noted, why_not
from fairforget.claims.values import Effect, Evidence
from fairforget.stats.components import Components, components
from fairforget.stats.one_way import one_way


@dataclass(frozen=True, kw_only=True)
class VarianceShare(Statistic):
    r"""Share of the variance between runs of one row that is due to which forget set they had, the rest being seeds.

    :math:`(\sigma_f^2 + \sigma_{mf}^2) / (\sigma_f^2 + \sigma_{mf}^2 + \sigma_e^2)` within a row, which is the
    intraclass correlation of the one-way random effects model, with its exact F interval
    (`fairforget.stats.one_way`). Of several rows it is the mean, and the ends of its interval are the means of their
    ends: as wide as if all rows erred together, which is the most that rows of the same sets can do.

    Figure: ``rows`` (name, share, low, high, whether the estimate was below 0), ``sets`` (name, mean of each row), and
    with several rows ``components`` of the variance: ``method`` of rows, ``draw`` of sets in all rows alike,
    ``interaction`` of sets in one row and not in another, ``residual`` of seeds; a row's share counts both of sets.
    """

    of: Of = "completeness"
    at: Annotated[At, "where utility is read: at the end, or where completeness reaches the budget's goal"] = "end"
    only: Kept = field(default_factory=dict)

    unit: ClassVar[str] = "forget sets"

    def __post_init__(self) -> None:
        measure(self.of, self.at)

    def estimate(self, evidence: Evidence, rng: np.random.Generator) -> Effect:  # noqa: ARG002 - nothing is resampled
        """Return the share, between 0 and 1."""
        cube = cube_of(cells_of(evidence, self.only), measure(self.of, self.at))
        if len(cube.strata) > 1:
            return Effect.unknown(f"forget sets of several strata are no one sample: {', '.join(cube.strata)}")
        _, sets, seeds = cube.values.shape
        if (lacking := why_not(cube.left_out, sets)) is not None:
            return lacking
        if seeds < 2:
            return Effect.unknown("one seed cannot tell sets from seeds; two are needed", sets)
        shares = [one_way(row, cube.overlap) for row in cube.values]
        still = [name for name, share in zip(cube.rows, shares, strict=True) if share is None]
        if still:
            return Effect.unknown(f"nothing varies in {', '.join(still)}", sets)
        found = np.array([[s.share, s.low, s.high] for s in shares if s is not None])
        value, low, high = (float(end) for end in found.mean(axis=0))
        rows = [
            [name, s.share, s.low, s.high, s.truncated]
            for name, s in zip(cube.rows, shares, strict=True)
            if s is not None
        ]
        whole = components(cube.values, cube.overlap)
        means = cube.values.mean(axis=2).T.tolist()
        return Effect(
            value,
            low,
            high,
            sets,
            problem=noted(cube.left_out),
            figure={
                "rows": rows,
                "sets": [[name, *row] for name, row in zip(cube.sets, means, strict=True)],
                **({} if whole is None else {"components": _told(whole)}),
            },
        )


def _told(whole: Components) -> dict[str, float | None]:
    return {"method": whole.method, "draw": whole.draw, "interaction": whole.interaction, "residual": whole.residual}
