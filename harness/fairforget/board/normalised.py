"""Where each row stands between the model as it was and the one that never saw the forget set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from fairforget.board.making.scores import LARGEST
from fairforget.board.values import Row
from fairforget.stats.intervals import Estimate
from fairforget.stats.normalised import normalised_mean


def with_normalised(
    rows: Sequence[Row], references: Sequence[Row], weights: Mapping[str, float], overlap: Mapping[str, float]
) -> list[Row]:
    """Return the competing rows with their normalised score, where they have a score on every draw that counts.

    Args:
        rows: the competing ones.
        references: the rows that do not compete; without just one untouched and one oracle nothing is normalised.
        weights: label of a stratum that counts -> its share.
        overlap: label of a stratum -> mean share of samples that two of its draws have in common.
    """
    start = [row for row in references if row.reference == "untouched"]
    aim = [row for row in references if row.reference == "oracle"]
    if len(start) != 1 or len(aim) != 1 or not weights:
        return list(rows)
    ends = (start[0], aim[0])
    return [replace(row, normalised=_normalised((row, *ends), weights, overlap)) for row in rows]


def _normalised(rows: Sequence[Row], weights: Mapping[str, float], overlap: Mapping[str, float]) -> Estimate | None:
    strata = [found for label in weights if (found := _paired(rows, label)) is not None]
    if len(strata) < len(weights):
        return None
    mine, start, aim = ([found[i] for found in strata] for i in range(3))
    return normalised_mean(mine, start, aim, list(weights.values()), overlap=[overlap[label] for label in weights])


def _paired(rows: Sequence[Row], label: str) -> np.ndarray | None:
    """Return the scores of rows on the draws of a stratum, (rows, draws); None unless each has a score on all."""
    scores = [
        {(point.index, point.digest): point.score for point in row.strata[label].points} if label in row.strata else {}
        for row in rows
    ]
    draws = sorted(scores[0])
    found = [[one.get(draw) for draw in draws] for one in scores]
    if not draws or any(score is None for one in found for score in one):
        return None
    values = np.array(found, dtype=np.float64)
    return None if (np.abs(values) > LARGEST).any() else values
