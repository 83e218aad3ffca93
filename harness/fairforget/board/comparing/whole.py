"""The scores of rows that have every cell of a stratum, as arrays."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fairforget.board.identity import DrawId
from fairforget.board.making.cells import Asked, Cells
from fairforget.board.making.overlap import Overlaps
from fairforget.board.making.scores import LARGEST
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
    asked: Asked,
    cells: Mapping[str, Cells],
    weights: Mapping[str, float],
    overlaps: Overlaps,
) -> list[Whole]:
    """Return the strata, in their order, with the rows that have every cell there.

    Args:
        order: identities of the rows that are compared, in the order of the board.
        asked: where each of these rows should have cells.
        cells: identity of a row -> its cells.
        weights: label of a stratum that counts -> its share.
        overlaps: of the draws of the table.
    """
    made = []
    for label, strip in asked.strips.items():
        draws = strip.draws
        here = [seed for _, seed in asked.places[strip.lines]]
        column = {seed: i for i, seed in enumerate(sorted(set(here)))}
        values = np.full((len(order), len(draws), len(column)), math.nan)
        run = np.zeros(values.shape[1:], dtype=bool)
        lines, across = np.repeat(np.arange(len(draws)), strip.seeds), [column[seed] for seed in here]
        run[lines, across] = True
        for i, row in enumerate(order):
            values[i, lines, across] = cells[row].scores[strip.lines]
        fit = ~(np.isnan(values) & run).any(axis=(1, 2)) & ~(np.abs(values) > LARGEST).any(axis=(1, 2))
        if not fit.any():
            continue
        cube = PairedCube(values[fit])
        rows = tuple(row for row, one in zip(order, fit, strict=True) if one)
        overlap = overlaps.of(draws)
        made.append(Whole(label, weights.get(label, 0.0), rows, draws, cube, cube.draw_means(), overlap))
    return made


def generator(strata: Sequence[Whole], cells: Mapping[str, Cells]) -> np.random.Generator:
    """Return a generator that the same cells seed alike, whatever their order: from their keys and scores."""
    digest = hashlib.sha256()
    for row in sorted({row for stratum in strata for row in stratum.rows}):  # inside a row cells come by place
        digest.update("\n".join([record.key for record in cells[row].records]).encode())
        digest.update(cells[row].scores.astype("<f8").tobytes())
    return np.random.default_rng(np.random.SeedSequence(int.from_bytes(digest.digest(), "big")))
