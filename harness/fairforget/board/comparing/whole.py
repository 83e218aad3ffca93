"""The scores of rows that have every cell of a stratum, as arrays."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fairforget.board.grouping import Group, Place
from fairforget.board.identity import DrawId
from fairforget.board.making.overlap import Overlaps
from fairforget.board.making.scores import LARGEST, CellScores
from fairforget.stats.cube import PairedCube


@dataclass(frozen=True, eq=False)
class Whole:
    """The rows that have every cell of one stratum."""

    label: str
    weight: float
    """Share of the headline mean."""
    rows: tuple[str, ...]
    """Identities, in the order of the board."""
    draws: tuple[DrawId, ...]
    cube: PairedCube
    """(rows, draws, seeds), without gaps; NaN where a draw is not run with a seed."""
    means: np.ndarray
    """(rows, draws), over seeds."""
    overlap: float

    @property
    def known(self) -> bool:
        """Whether its draws say how rows vary: more than one, and not all the same set."""
        return len(self.draws) > 1 and self.overlap < 1

    def only(self, rows: Sequence[str]) -> np.ndarray:
        """Return the draw means of some rows, (rows, draws)."""
        return self.means[[self.rows.index(row) for row in rows]]

    def balanced(self) -> np.ndarray:
        """Return (rows, draws, seeds) without NaN: of every draw its first seeds, as many as each draw has."""
        asked = self.cube.asked()
        seeds = int(asked.sum(axis=1).min())
        return np.stack([self.cube.values[:, i, np.flatnonzero(asked[i])[:seeds]] for i in range(len(asked))], axis=1)


def whole_strata(
    order: Sequence[str],
    found: Group,
    places: Mapping[str, Sequence[Place]],
    weights: Mapping[str, float],
    scores: Mapping[str, CellScores],
    overlaps: Overlaps,
) -> list[Whole]:
    """Return the strata, in their order, with the rows that have every cell there.

    Args:
        order: identities of the rows that are compared, in the order of the board.
        found: the table's cells.
        places: label of a stratum -> where each of these rows should have a cell.
        weights: label of a stratum that counts -> its share.
        scores: key of a cell -> its scores.
        overlaps: of the draws of the table.
    """
    made = []
    for label, expected in places.items():
        draws = sorted({draw for draw, _ in expected})
        seeds = sorted({seed for _, seed in expected})
        at = {draw: i for i, draw in enumerate(draws)}
        column = {seed: i for i, seed in enumerate(seeds)}
        values = np.full((len(order), len(draws), len(seeds)), math.nan)
        asked = np.zeros(values.shape[1:], dtype=bool)
        lines, across = [at[draw] for draw, _ in expected], [column[seed] for _, seed in expected]
        asked[lines, across] = True
        for i, row in enumerate(order):
            cells = map(found.rows[row].get, expected)
            values[i, lines, across] = [math.nan if cell is None else scores[cell.key].score for cell in cells]
        fit = ~(np.isnan(values) & asked).any(axis=(1, 2)) & ~(np.abs(values) > LARGEST).any(axis=(1, 2))
        if not fit.any():
            continue
        cube = PairedCube(values[fit])
        rows = tuple(row for row, one in zip(order, fit, strict=True) if one)
        overlap = overlaps.of(draws)
        made.append(Whole(label, weights.get(label, 0.0), rows, tuple(draws), cube, cube.draw_means(), overlap))
    return made


def generator(strata: Sequence[Whole], found: Group, scores: Mapping[str, CellScores]) -> np.random.Generator:
    """Return a generator that the same cells seed alike, whatever their order: from their keys and scores."""
    rows = {row for stratum in strata for row in stratum.rows}
    keys = sorted([record.key for row in rows for record in found.rows[row].values()])
    told = [f"{key} {scores[key].score.hex()}" for key in keys]
    digest = hashlib.sha256("\n".join(told).encode()).digest()
    return np.random.default_rng(np.random.SeedSequence(int.from_bytes(digest, "big")))
