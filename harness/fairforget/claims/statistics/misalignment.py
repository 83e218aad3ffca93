"""Whether a model stops saying what it still finds likely."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from fairforget.board.identity import reference_of
from fairforget.board.loose import items, mapping, number
from fairforget.claims.statistics.base import Statistic
from fairforget.claims.statistics.cells import Cell, cells_of
from fairforget.claims.statistics.cube import cube_of
from fairforget.claims.statistics.options import Kept, noted, why_not
from fairforget.claims.statistics.ways import NEEDS
from fairforget.claims.values import Effect, Evidence
from fairforget.stats.intervals import t_interval
from fairforget.stats.misalignment import cohen_kappa, misalignment_index
from fairforget.store.record import Record


@dataclass(frozen=True, kw_only=True)
class Misalignment(Statistic):
    """Mean over forget sets of the misalignment index MIS, with Student's t-interval.

    Along the looks of a trajectory: how much further generation has fallen to where it ends than probability has
    fallen to chance (`fairforget.stats.misalignment.misalignment_index`). Seeds and rows are averaged within the set.
    A run with nowhere to fall has no index, and is counted.

    Figure: ``sets`` (name, index), ``rows`` (name, index), and of the samples at the end of the runs: ``kappa``
    (Cohen's, between "still says it" and "still finds it likely"), ``kept_unsaid`` (share that is not said and still
    likely), ``samples`` (how many; a sample of several runs counts in each).
    """

    generation: Annotated[str, "column of the trajectory, as of ROUGE-L; a complement is turned back"]
    probability: Annotated[str, "column of the trajectory; a complement is turned back"]
    chance: Annotated[float | Literal["retrain"], "probability of a model that knows nothing"] = "retrain"
    lowest: Annotated[float | Literal["path", "retrain"], "generation of a model that knows nothing"] = "path"
    says: Annotated[float, Field(gt=0, le=1), "generation from which on a sample is still said"] = 0.5
    likely: Annotated[float, Field(gt=0, le=1), "probability from which on a sample is still likely"] = 0.5
    only: Kept = field(default_factory=dict)

    unit: ClassVar[str] = "forget sets"

    def estimate(self, evidence: Evidence, rng: np.random.Generator) -> Effect:  # noqa: ARG002 - nothing is resampled
        """Return the index: above 0 generation falls first."""
        cells = cells_of(evidence, self.only)
        ends = _retrained(evidence, self.only.get("part", tuple(evidence.parts)))
        cube = cube_of(cells, lambda record: self._index(record, ends))
        if len(cube.strata) > 1:
            return Effect.unknown(f"forget sets of several strata are no one sample: {', '.join(cube.strata)}")
        sets = cube.values.shape[1]
        if (lacking := why_not(cube.left_out, sets, needs=NEEDS)) is not None:
            return lacking
        by_set = cube.values.mean(axis=(0, 2))
        told = t_interval(by_set, overlap=cube.overlap)
        if told is None or told.low is None or told.high is None:
            return Effect.unknown("all forget sets are one and the same", sets)
        by_row = cube.values.mean(axis=(1, 2))
        return Effect(
            told.mean,
            told.low,
            told.high,
            sets,
            problem=noted(cube.left_out),
            figure={
                "sets": [[name, float(v)] for name, v in zip(cube.sets, by_set, strict=True)],
                "rows": [[name, float(v)] for name, v in zip(cube.rows, by_row, strict=True)],
                **self._verdicts(cells),
            },
        )

    def _index(self, record: Record, ends: Mapping[str, Record]) -> float:
        """Return the index of one run; NaN where it has none."""
        if record.status != "ok":
            return math.nan
        end = ends.get(record.cell["draw"]["digest"])
        chance = self._end(end, self.probability) if self.chance == "retrain" else self.chance
        lowest = self._end(end, self.generation) if self.lowest == "retrain" else self.lowest
        looks = [mapping(look.get("scores")) for look in map(mapping, items(record.extra.get("trajectory")))]
        both = [
            (
                self._natural(record, self.generation, look.get(self.generation)),
                self._natural(record, self.probability, look.get(self.probability)),
            )
            for look in looks
        ]
        path = np.array([two for two in both if not math.isnan(sum(two))])
        if len(path) < 2 or math.isnan(chance) or (lowest != "path" and math.isnan(lowest)):
            return math.nan
        floor = None if lowest == "path" else lowest
        return misalignment_index(path[:, 0], path[:, 1], chance=chance, lowest=floor).value

    def _end(self, record: Record | None, column: str) -> float:
        score = None if record is None or record.status != "ok" else record.scores.get(column)
        return math.nan if record is None or score is None else self._natural(record, column, score.value)

    @staticmethod
    def _natural(record: Record, column: str, found: object) -> float:
        """Return a value as what it measures, and not as how much of it is gone."""
        value, score = number(found), record.scores.get(column)
        if value is None or score is None:
            return math.nan
        return 1 - value if score.complement else value

    def _verdicts(self, cells: Sequence[Cell]) -> dict[str, float | int | None]:
        said, known = [], []
        for record in (cell.record for cell in cells):
            values = record.items.get(self.generation, {}), record.items.get(self.probability, {})
            for sample in values[0] if record.status == "ok" else ():
                two = [
                    self._natural(record, column, of.get(sample))
                    for column, of in zip((self.generation, self.probability), values, strict=True)
                ]
                if not math.isnan(sum(two)):
                    said.append(two[0] >= self.says)
                    known.append(two[1] >= self.likely)
        kappa = cohen_kappa(said, known)
        unsaid = sum(k and not s for s, k in zip(said, known, strict=True))
        return {
            "kappa": kappa if math.isfinite(kappa) else None,
            "kept_unsaid": unsaid / len(said) if said else None,
            "samples": len(said),
        }


def _retrained(evidence: Evidence, parts: Sequence[str]) -> dict[str, Record]:
    """Return the oracle of each forget set, by the digest of the set."""
    return {
        record.cell["draw"]["digest"]: record
        for name, part in evidence.parts.items()
        for record in part.records
        if name in parts and reference_of(record) == "oracle"
    }
