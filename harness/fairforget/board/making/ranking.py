"""The order of rows, and their ranks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from fairforget.board.compared import RankSet
from fairforget.board.grouping import Group, Place
from fairforget.board.making.overlap import Overlaps
from fairforget.board.making.rows import Drawn
from fairforget.board.making.scores import LARGEST
from fairforget.board.rules import Rules
from fairforget.board.values import Row
from fairforget.stats.intervals import FEWEST_DRAWS
from fairforget.stats.ranks import rank


def ranked(
    rows: Sequence[Row],
    found: Group,
    numbers: Mapping[str, Mapping[str, Drawn]],
    places: Mapping[str, Sequence[Place]],
    weights: Mapping[str, float],
    rules: Rules,
    overlaps: Overlaps,
) -> list[Row]:
    """Return the rows with ranks, or why they have none, in the order of the board.

    Args:
        rows: the competing ones.
        found: the table's cells.
        numbers: identity of a row -> label of a stratum -> the row's numbers there.
        places: label of a stratum -> where each of the rows should have a cell.
        weights: label of a stratum that counts -> its share.
        rules: what a row needs to be ranked.
        overlaps: of the table's draws.
    """
    values = {row.id: [numbers[row.id][label].values["score"] for label in weights] for row in rows}
    barred = {row.id: rules.against(row, found.rows[row.id].values(), weights) for row in rows}
    fit = [row for row in rows if weights and barred[row.id] is None]
    beyond = {row.id for row in fit if any((np.abs(v) > LARGEST).any() for v in values[row.id])}
    whole = [row for row in fit if row.id not in beyond and not any(np.isnan(v).any() for v in values[row.id])]
    ranking = None
    if whole:
        strata = [np.stack([values[row.id][i] for row in whole]) for i in range(len(weights))]
        shared = overlaps.by_stratum(places)
        ranking = rank(strata, list(weights.values()), overlap=[shared[w] for w in weights])
    done = []
    for row in rows:
        reason = None if row in whole else barred[row.id] or _gap(row, weights, row.id in beyond)
        if reason is None and ranking is None:
            few = any(len(drawn) < FEWEST_DRAWS for drawn in values[row.id])
            reason = f"fewer than {FEWEST_DRAWS} forget sets" if few else "all forget sets are the same"
        place = None
        if reason is None and ranking is not None:
            i = [other.id for other in whole].index(row.id)
            place = RankSet(int(ranking.rank[i]), int(ranking.rank[i]), int(ranking.worst[i]))
        done.append(replace(row, rank=place, unranked=reason))
    # By score and not by rank: who is in the table cannot change the order of two others.
    return sorted(done, key=lambda r: (r.rank is None, *by_score(r)))


def _gap(row: Row, weights: Mapping[str, float], beyond: bool) -> str:
    if not weights:
        return "a stratum that counts is not there"
    if beyond:
        return "a score that is no measurement"
    if row.matched is not None and row.matched.reached < row.matched.cells:
        # A cell that failed is among them.
        missed = row.matched.cells - row.matched.reached
        counts = [(missed, f"never reached completeness {row.matched.goal:g}"), (row.missing, "missing")]
    else:
        counts = [(row.failed, "failed"), (row.missing, "missing")]
    found = ", ".join(f"{n} {'cell' if n == 1 else 'cells'} {word}" for n, word in counts if n)
    return found or "cells without completeness or utility"


def by_score(row: Row) -> tuple[bool, float, str, str]:
    """Return what rows are sorted by: the score, the best first, those without one last."""
    score = row.headline.score
    return (score is None, 0.0 if score is None else -score.mean, row.label, row.id)
