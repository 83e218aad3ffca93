"""GenEx of single samples along the way of a cell, from its looks and from scores of models that never saw them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np

from fairforget.board.loose import items, mapping, number
from fairforget.claims.statistics.cells import Cell
from fairforget.claims.statistics.measures import Time
from fairforget.claims.statistics.score_sets import Meant, meant
from fairforget.claims.statistics.ways import Looks, Way
from fairforget.claims.values import Evidence, ScoreSet
from fairforget.store.record import Record

Exposure = Annotated[
    Meant | None,
    "a difficulty in nats a token, as held-out-loss: forgetting is then told by GenEx, the logarithm of a token's "
    "probability plus this; for forget sets of one sample",
]


@dataclass(frozen=True, slots=True)
class Exposed:
    """What it takes to tell the GenEx of a cell.

    GenEx, a token, is the mean log-probability of the completion plus the loss of models that were trained without it:
    0 as if never seen, above 0 residual memory, below 0 forgotten too well (`fairforget.stats.exposure`). The
    probability is that of a column that has 1 − exp of the mean log-probability, which of a set of several samples
    tells no log-probability.
    """

    losses: Mapping[str, float]
    """Of the only sample of a cell, by models that never saw it; by key of the record."""
    column: str
    """That has 1 − probability."""
    goals: Mapping[str, float] = field(default_factory=dict)
    """GenEx at which a sample counts as forgotten, by key of the record; 0 where it is not there."""

    @classmethod
    def of(cls, evidence: Evidence, cells: Sequence[Cell], what: Meant, column: str) -> Exposed:
        """Return what is known of cells; those of several samples, or whose sample has no score, are not in it.

        The goal is the median GenEx that models which never saw the samples have against each other, as the scores of
        the part tell it (``noise_median`` of the details of ``held-out-loss`` by the average of the probability). It
        lies below 0, for the mean of probabilities is that of the few models that give most.

        Raises:
            Unusable: a part has no such scores.
        """
        sets = {name: meant(evidence.parts[name], what) for name in {cell.facets["part"] for cell in cells}}
        scores = {name: _mean(of_part) for name, of_part in sets.items()}
        noise = {name: number(of_part[0].details.get("noise_median")) for name, of_part in sets.items()}
        found, goals = {}, {}
        for cell in cells:
            forgotten = cell.record.cell["draw"]["forget"]
            loss = scores[cell.facets["part"]].get(forgotten[0], math.nan) if len(forgotten) == 1 else math.nan
            if math.isfinite(loss):
                found[cell.record.key] = loss
                goals[cell.record.key] = noise[cell.facets["part"]] or 0.0
        return cls(found, column, goals)

    def path(self, record: Record) -> np.ndarray:
        """Return (looks, 2): update and GenEx at every look that has the column, by rising update."""
        loss, found = self.losses.get(record.key), []
        for look in map(mapping, items(record.extra.get("trajectory"))):
            update, gone = number(look.get("update")), number(mapping(look.get("scores")).get(self.column))
            if loss is not None and update is not None and gone is not None and 0 <= gone <= 1:
                found.append((update, loss + (math.log1p(-gone) if gone < 1 else -math.inf)))
        return np.array(sorted(found), dtype=np.float64).reshape(-1, 2)

    def time(self, record: Record) -> Time | None:
        """Return the updates until GenEx is at its goal, linear between two looks; None where it starts there."""
        path = self.path(record) if record.status == "ok" else np.zeros((0, 2))
        goal = self.goals.get(record.key, 0.0)
        if len(path) < 2 or path[0, 1] <= goal:
            return None
        after = int(np.argmax(path[:, 1] <= goal))
        if after == 0:
            return Time(float(path[-1, 0]), reached=False)
        (u0, g0), (u1, g1) = path[after - 1 : after + 1]
        at = u0 + (g0 - goal) / (g0 - g1) * (u1 - u0) if math.isfinite(g1) else u1
        return Time(float(at), reached=True)

    def way(self, record: Record, looks: Looks) -> Way | None:
        """Return the way with minus GenEx for forgetting; None where fewer than two looks have both numbers."""
        known = {update: -value for update, value in self.path(record) if math.isfinite(value)}
        way = looks.way(record)
        if way is None:
            return None
        kept = [i for i, update in enumerate(way.updates) if update in known]
        if len(kept) < 2:
            return None
        return Way(way.updates[kept], np.array([known[u] for u in way.updates[kept]]), way.utility[kept])


def _mean(sets: Sequence[ScoreSet]) -> dict[str, float]:
    """Return the mean over seeds of the score of every sample; NaN where one of them has none."""
    rows = [
        {name: math.nan if value is None else value for name, value in zip(one.ids, one.values, strict=True)}
        for one in sets
    ]
    return {name: float(np.mean([row.get(name, math.nan) for row in rows])) for name in rows[0]}
