"""From a table's rows and cells to how the rows compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from fairforget.board.compared import Compared
from fairforget.board.comparing.agreement import agreement_of, between_strata, draw_ranks, stratum_compared
from fairforget.board.comparing.control import null_of
from fairforget.board.comparing.lines import by_difficulty_of
from fairforget.board.comparing.pairs import Counting, pairs_of
from fairforget.board.comparing.standings import resamples_for, standings_of
from fairforget.board.comparing.whole import Whole, generator, whole_strata
from fairforget.board.grouping import Group
from fairforget.board.making.cells import Asked, Cells
from fairforget.board.making.overlap import Overlaps
from fairforget.board.values import Row
from fairforget.stats.intervals import LEVEL


def compared_of(
    rows: Sequence[Row],
    found: Group,
    asked: Asked,
    cells: Mapping[str, Cells],
    weights: Mapping[str, float],
    overlaps: Overlaps,
) -> Compared | None:
    """Return how the rows with a rank compare; None with fewer than two of them.

    Args:
        rows: the competing rows, in the order of the board.
        found: the table's cells.
        asked: where each of these rows should have cells.
        cells: identity of a row -> its cells.
        weights: label of a stratum that counts -> its share.
        overlaps: of the table's draws.
    """
    order: Sequence[str] = [row.id for row in rows if row.rank is not None]
    strata = whole_strata(order, asked, cells, weights, overlaps)
    kept = [row for row in order if all(row in stratum.rows for stratum in strata if stratum.weight > 0)]
    if len(kept) < len(order):  # some score is no measurement
        strata = whole_strata(kept, asked, cells, weights, overlaps)
    if len(kept) < 2:
        return None
    compared = _compared(tuple(kept), [s for s in strata if len(s.rows) > 1], generator(strata, cells))
    return replace(compared, by_difficulty=by_difficulty_of(kept, strata, found, overlaps))


def separable(counting: Counting) -> int:
    """Return how many neighbours in the order are told apart at 5 %, Holm-corrected over all pairs."""
    ranking = counting.ranking
    return 0 if ranking is None else int((np.diagonal(ranking.p, 1) <= 1 - LEVEL).sum())


def _compared(order: tuple[str, ...], strata: Sequence[Whole], rng: np.random.Generator) -> Compared:
    counting = Counting(order, tuple(stratum for stratum in strata if stratum.weight > 0))
    pairs = pairs_of(counting, strata, rng)
    several = [stratum for stratum in strata if len(stratum.draws) > 1]
    return Compared(
        order=order,
        rows=standings_of(counting, strata, pairs, rng),
        pairs=pairs,
        separable=separable(counting),
        agreement=agreement_of(order, np.concatenate([stratum.means for stratum in counting.strata], axis=1)),
        strata={stratum.label: stratum_compared(stratum) for stratum in several},
        between=between_strata(strata),
        draws=tuple(one for stratum in several for one in draw_ranks(stratum)),
        null=null_of(counting, pairs),
        resamples=resamples_for(len(order)),
    )
