"""How much the forget sets of a stratum share, from the ids of their samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fairforget.board.grouping import Group, Place
from fairforget.board.identity import DrawId
from fairforget.stats.overlap import overlap_matrix, overlap_share


class Overlaps:
    """The overlap of any draws of a table, each set of draws looked at once."""

    def __init__(self, found: Group) -> None:
        self._samples: dict[DrawId, frozenset[str]] = {}
        for cells in found.rows.values():
            for (draw, _), record in cells.items():
                if draw not in self._samples:
                    self._samples[draw] = frozenset(record.cell["draw"]["forget"])
        self._known: dict[tuple[DrawId, ...], float] = {}

    def of(self, draws: Sequence[DrawId]) -> float:
        """Return `fairforget.stats.overlap.overlap_share`; 0 where a draw does not say what it holds."""
        key = tuple(draws)
        if key not in self._known:
            sets = [self._samples[draw] for draw in key]
            self._known[key] = overlap_share(sets) if all(sets) else 0.0
        return self._known[key]

    def matrix(self, draws: Sequence[DrawId]) -> np.ndarray:
        """Return `fairforget.stats.overlap.overlap_matrix`; a draw that does not say what it holds overlaps with none.

        The draws may be of several strata.
        """
        return overlap_matrix([self._samples[draw] or {f"unknown {i}"} for i, draw in enumerate(draws)])

    def by_stratum(self, expected: Mapping[str, Sequence[Place]]) -> dict[str, float]:
        """Return the overlap of the draws at which a row should have cells, by the label of their stratum."""
        return {label: self.of(sorted({draw for draw, _ in places})) for label, places in expected.items()}
