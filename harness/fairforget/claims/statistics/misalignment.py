"""Whether a model stops saying what it still finds likely."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import add
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from fairforget.board.identity import reference_of
from fairforget.board.loose import items, mapping, number
from fairforget.claims.statistics.base import Statistic
from fairforget.claims.statistics.cells import OF_SETS, Cell, cells_of
from fairforget.claims.statistics.cube import cube_of, words
from fairforget.claims.statistics.left_out import LeftOut
from fairforget.claims.statistics.options import Kept, noted, why_not
from fairforget.claims.statistics.ways import NEEDS
from fairforget.claims.values import Effect, Evidence
from fairforget.stats.misalignment import cohen_kappa, misalignment_index
from fairforget.stats.strata import standardised_mean
from fairforget.store.record import Record


@dataclass(frozen=True, kw_only=True)
class Misalignment(Statistic):
    """Mean over forget sets of the misalignment index MIS, with Student's t-interval.

    Along the looks of a trajectory: how much further generation has fallen to where it ends than probability has
    fallen to chance (`fairforget.stats.misalignment.misalignment_index`). Seeds and rows are averaged within the set.
    A run with nowhere to fall has no index, and is counted. Strata of one sampler count alike; sets of several samplers
    or parts are no one sample.

    Where both ends of the fall are those of the oracles (``retrain``, or ``retrain-mean`` where only some sets have
    one: what a model that never saw the samples says of them hardly differs from set to set), the two are measured on
    one scale. Where generation's is the ``path``, it counts as forgotten at the lowest point that the run came to.

    Figure: ``sets`` (name, index), ``rows`` (name, index), and of the samples at the end of the runs: ``kappa``
    (Cohen's, between "still says it" and "still finds it likely"), ``kept_unsaid`` (share that is not said and still
    likely), ``samples`` (how many; a sample of several runs counts in each).
    """

    generation: Annotated[str, "column of the trajectory, as of ROUGE-L; a complement is turned back"]
    probability: Annotated[str, "column of the trajectory; a complement is turned back"]
    chance: Annotated[float | Literal["retrain", "retrain-mean"], "probability of a model that knows nothing"] = (
        "retrain"
    )
    lowest: Annotated[
        float | Literal["path", "retrain", "retrain-mean"], "generation of a model that knows nothing"
    ] = "path"
    says: Annotated[float, Field(gt=0, le=1), "generation from which on a sample is still said"] = 0.5
    likely: Annotated[float, Field(gt=0, le=1), "probability from which on a sample is still likely"] = 0.5
    only: Kept = field(default_factory=dict)
    shuffled: Annotated[bool, "whether a coin says, set by set, which of the two is generation: a control"] = False

    unit: ClassVar[str] = "forget sets"

    def estimate(self, evidence: Evidence, rng: np.random.Generator) -> Effect:
        """Return the index: above 0 generation falls first."""
        cells = cells_of(evidence, self.only)
        strata = list(dict.fromkeys(cell.among(OF_SETS) for cell in cells))
        if len({cell.among(("part", "sampler")) for cell in cells}) > 1:
            return Effect.unknown(f"forget sets of several samplers or parts are no one sample: {_words(strata)}")
        ends = _Ends.of(self, _retrained(evidence, self.only.get("part", tuple(evidence.parts))))
        cubes = [
            cube_of(
                [cell for cell in cells if cell.among(OF_SETS) == stratum], lambda record: self._index(record, ends)
            )
            for stratum in strata
        ]
        left_out = reduce(add, (cube.left_out for cube in cubes), LeftOut(0, 0))
        n = sum(len(cube.sets) for cube in cubes)
        if (lacking := why_not(left_out, n, needs=NEEDS)) is not None:
            return lacking
        if (lacking := why_not(left_out, min(len(cube.sets) for cube in cubes))) is not None:
            return lacking
        rows = cubes[0].rows
        if any(set(cube.rows) != set(rows) for cube in cubes):
            return Effect.unknown(f"strata with unlike rows have no common mean: {_words(strata)}", n)
        values = [self._tossed(cube.values[[cube.rows.index(row) for row in rows]], rng) for cube in cubes]
        by_set = [of_cube.mean(axis=(0, 2)) for of_cube in values]
        told = standardised_mean(by_set, [1.0] * len(by_set), overlap=[cube.overlap for cube in cubes])
        if told is None or told.low is None or told.high is None:
            return Effect.unknown("all forget sets are one and the same", n)
        by_row = np.mean([of_cube.mean(axis=(1, 2)) for of_cube in values], axis=0)
        names = [name for cube in cubes for name in cube.sets]
        return Effect(
            told.mean,
            told.low,
            told.high,
            n,
            problem=noted(left_out),
            figure={
                "sets": [[name, float(v)] for name, v in zip(names, np.concatenate(by_set), strict=True)],
                "rows": [[name, float(v)] for name, v in zip(rows, by_row, strict=True)],
                **self._verdicts(cells),
            },
        )

    def _tossed(self, values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return (rows, sets, seeds) as they are, or with generation and probability changed by a coin in each set."""
        return values * rng.choice([-1.0, 1.0], size=(1, values.shape[1], 1)) if self.shuffled else values

    def _index(self, record: Record, ends: _Ends) -> float:
        """Return the index of one run; NaN where it has none."""
        if record.status != "ok":
            return math.nan
        chance, lowest = ends.at(self.chance, self.probability, record), ends.at(self.lowest, self.generation, record)
        looks = [mapping(look.get("scores")) for look in map(mapping, items(record.extra.get("trajectory")))]
        both = [
            (
                natural(record, self.generation, look.get(self.generation)),
                natural(record, self.probability, look.get(self.probability)),
            )
            for look in looks
        ]
        path = np.array([two for two in both if not math.isnan(sum(two))])
        if len(path) < 2 or chance is None or math.isnan(chance) or (lowest is not None and math.isnan(lowest)):
            return math.nan
        return misalignment_index(path[:, 0], path[:, 1], chance=chance, lowest=lowest).value

    def _verdicts(self, cells: Sequence[Cell]) -> dict[str, float | int | None]:
        said, known = [], []
        for record in (cell.record for cell in cells):
            values = record.items.get(self.generation, {}), record.items.get(self.probability, {})
            for sample in values[0] if record.status == "ok" else ():
                two = [
                    natural(record, column, of.get(sample))
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


def natural(record: Record, column: str, found: object) -> float:
    """Return a value of a column as what it measures, and not as how much of it is gone."""
    value, score = number(found), record.scores.get(column)
    if value is None or score is None:
        return math.nan
    return 1 - value if score.complement else value


@dataclass(frozen=True, slots=True)
class _Ends:
    """Where a model ends that knows nothing of the samples."""

    oracles: Mapping[str, Record]
    """By the digest of the forget set."""
    means: Mapping[str, float]
    """By column, over all oracles."""

    @classmethod
    def of(cls, statistic: Misalignment, oracles: Mapping[str, Record]) -> _Ends:
        means = {}
        for column in (statistic.generation, statistic.probability):
            found = np.array([_end(oracle, column) for oracle in oracles.values()])
            known = found[~np.isnan(found)]
            means[column] = float(known.mean()) if known.size else math.nan
        return cls(oracles, means)

    def at(self, end: float | str, column: str, record: Record) -> float | None:
        """Return the end of a column for a run; None for the lowest point of its own path."""
        if isinstance(end, float | int):
            return end
        if end == "retrain":
            oracle = self.oracles.get(record.cell["draw"]["digest"])
            return math.nan if oracle is None else _end(oracle, column)
        return self.means[column] if end == "retrain-mean" else None


def _end(oracle: Record, column: str) -> float:
    score = oracle.scores.get(column) if oracle.status == "ok" else None
    return math.nan if score is None else natural(oracle, column, score.value)


def _words(strata: Sequence[tuple[str, ...]]) -> str:
    return ", ".join(words(stratum) for stratum in strata)


def _retrained(evidence: Evidence, parts: Sequence[str]) -> dict[str, Record]:
    """Return the oracle of each forget set, by the digest of the set."""
    return {
        record.cell["draw"]["digest"]: record
        for name, part in evidence.parts.items()
        for record in part.records
        if name in parts and reference_of(record) == "oracle"
    }
