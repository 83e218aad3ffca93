"""Whether rows agree on which forget sets, or which samples, are forgotten well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from fairforget.claims.statistics.base import Statistic
from fairforget.claims.statistics.cells import Cell, cells_of
from fairforget.claims.statistics.cube import Cube, cube_of
from fairforget.claims.statistics.measures import LOGS, At, measure, updates_or_endless
from fairforget.claims.statistics.options import Kept, noted, why_not
from fairforget.claims.statistics.samples import FORGOTTEN_AFTER, cube_of_samples
from fairforget.claims.values import Effect, Evidence
from fairforget.stats.mean_correlation import MeanCorrelation, by_chance, mean_correlation

PERMUTATIONS = 1999
FEWEST = 5
"""Sets: fewer leave too little to leave one out."""

Together = Annotated[tuple[str, ...], Field(min_length=2)]


@dataclass(frozen=True, kw_only=True)
class Concordance(Statistic):
    """Mean Spearman correlation of the outcomes of every two rows, with an interval for new forget sets.

    Rows are methods with their curricula, sets are those all rows met, seeds are averaged. The interval is that of
    the jackknife over sets on Fisher's transformation for as many rows (`fairforget.stats.mean_correlation`). What
    never reached its goal is tied behind all that did, for ranks ask no more. Kendall's W over all rows is (1 + (M −
    1) ρ̄) / M where nothing is left out and nothing ties.

    Methods of one group of `together` agree by construction (without a retain term the gradients of grad-ascent and
    npo on one sample are parallel): the pairs inside a group are left out.

    Figure: ``rows``, ``matrix`` (their correlations), ``w``, ``by_chance`` (mean correlation and W where orders are
    independent: 0 and 1 / M), ``p`` (one-sided, of a permutation test; null by samples, which are no independent
    facts), ``sets`` (name, outcome of each row; null = never).
    """

    of: Annotated[str, "as of other statistics; by samples a column with items, or forgotten-after"] = "completeness"
    at: Annotated[At, "where utility is read: at the end, or where completeness reaches the budget's goal"] = "end"
    by: Annotated[Literal["sets", "samples"], "what is ranked: forget sets, or the samples in them"] = "sets"
    together: Annotated[tuple[Together, ...], "groups of methods that agree by construction"] = ()
    only: Kept = field(default_factory=dict)

    unit: ClassVar[str] = "forget sets"

    def __post_init__(self) -> None:
        if self.by == "samples" and self.at != "end":
            msg = "by: samples reads what each sample is worth at the end; remove at"
            raise ValueError(msg)
        if self.of == FORGOTTEN_AFTER and self.by != "samples":
            msg = f"{FORGOTTEN_AFTER} is told of samples; give by: samples, or of: log-updates"
            raise ValueError(msg)
        measure(self.of, self.at)

    def estimate(self, evidence: Evidence, rng: np.random.Generator) -> Effect:
        """Return the mean correlation, between −1 and 1."""
        cells = cells_of(evidence, self.only)
        cube, set_of = self._cube(cells)
        if len(cube.strata) > 1:
            return Effect.unknown(f"forget sets of several strata are no one sample: {', '.join(cube.strata)}")
        sets = len(np.unique(set_of))
        if (lacking := why_not(cube.left_out, sets, FEWEST)) is not None:
            return lacking
        methods = {cell.row: cell.facets["method"] for cell in cells}
        apart = [
            not any({methods[a], methods[b]} <= {*group} for group in self.together)
            for a, b in combinations(cube.rows, 2)
        ]
        if not any(apart):
            return Effect.unknown("there are no two rows to compare", sets)
        outcomes = cube.values.mean(axis=2)
        still = [row for row, of in zip(cube.rows, outcomes, strict=True) if (of == of[0]).all()]
        if still:
            return Effect.unknown(f"all outcomes are the same in {', '.join(still)}", sets)
        found = mean_correlation(outcomes, np.array(apart), set_of)
        if found is None:
            return Effect.unknown("without one of the sets a row has only ties", sets)
        return Effect(
            found.mean,
            found.low,
            found.high,
            sets,
            problem=noted(cube.left_out),
            figure=self._figure(cube, found, np.array(apart), rng),
        )

    def _cube(self, cells: Sequence[Cell]) -> tuple[Cube, np.ndarray]:
        """Return the outcomes, and the set of each of their columns."""
        if self.by == "samples":
            return cube_of_samples(cells, self.of)
        worth = updates_or_endless(self.of) if self.of in LOGS else measure(self.of, self.at)
        cube = cube_of(cells, worth)
        return cube, np.arange(len(cube.sets))

    def _figure(
        self, cube: Cube, found: MeanCorrelation, apart: np.ndarray, rng: np.random.Generator
    ) -> dict[str, object]:
        outcomes, rows = cube.values.mean(axis=2), len(cube.rows)
        p = by_chance(outcomes, apart, rng, PERMUTATIONS) if self.by == "sets" else None
        plain = [[float(v) if np.isfinite(v) else None for v in of] for of in outcomes.T]
        return {
            "rows": list(cube.rows),
            "matrix": found.matrix.tolist(),
            "w": (1 + (rows - 1) * float(found.matrix[np.triu_indices(rows, 1)].mean())) / rows,
            "by_chance": [0.0, 1 / rows],
            "p": p,
            "sets": [[name, *of] for name, of in zip(cube.sets, plain, strict=True)],
        }
