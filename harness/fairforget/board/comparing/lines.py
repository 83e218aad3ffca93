"""Rows against the difficulty of forget sets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Final

import numpy as np

from fairforget.board.by_difficulty import ByDifficulty, RowLine, Turn
from fairforget.board.comparing.whole import Whole
from fairforget.board.grouping import Group
from fairforget.board.identity import DrawId
from fairforget.board.loose import items, mapping, number
from fairforget.board.making.overlap import Overlaps
from fairforget.stats.adjusted import DifficultyDesign, Line
from fairforget.stats.intervals import LEVEL, Estimate
from fairforget.store.record import Record

_MOST_SCORES: Final = 8
"""Of difficulty scores; no study has as many, and a record could claim thousands."""
_LARGEST: Final = 1e100
"""A difficulty beyond this is no measurement, and its square no number."""


def by_difficulty_of(
    order: Sequence[str], strata: Sequence[Whole], found: Group, overlaps: Overlaps
) -> tuple[ByDifficulty, ...]:
    """Return the lines for every difficulty score that forget sets of two strata or more were chosen by.

    Args:
        order: identities of the rows, in the order of the board.
        strata: with the rows that are whole there.
        found: the table's cells.
        overlaps: of the table's draws.
    """
    made = []
    for (score, higher_is), means in sorted(_scored(found).items())[:_MOST_SCORES]:
        by = [stratum for stratum in strata if all(draw in means for draw in stratum.draws)]
        rows = [row for row in order if all(row in stratum.rows for stratum in by)]
        if len(by) < 2 or len(rows) < 2:
            continue
        draws = [draw for stratum in by for draw in stratum.draws]
        design = DifficultyDesign.of(np.array([means[draw] for draw in draws]), overlaps.matrix(draws))
        if design is not None:
            lines = _Lines(design, np.concatenate([stratum.only(rows) for stratum in by], axis=1), higher_is)
            made.append(lines.told(score, rows, tuple(stratum.label for stratum in by)))
    return tuple(made)


class _Lines:
    """Scores of rows over draws of known difficulty."""

    def __init__(self, design: DifficultyDesign, scores: np.ndarray, higher_is: str) -> None:
        self.design, self.scores, self.higher_is = design, scores, higher_is
        lowest, highest = float(design.difficulty.min()), float(design.difficulty.max())
        self.easiest, self.hardest = (highest, lowest) if higher_is == "easier" else (lowest, highest)

    def told(self, score: str, rows: Sequence[str], strata: tuple[str, ...]) -> ByDifficulty:
        """Return what a board says of them."""
        pairs = len(rows) * (len(rows) - 1) // 2
        turns = [self._turn(rows[i], rows[j], i, j, pairs) for i, j in combinations(range(len(rows)), 2)]
        return ByDifficulty(
            score=score,
            higher_is=self.higher_is,
            strata=strata,
            draws=len(self.design.difficulty),
            easiest=self.easiest,
            mean=self.design.centre,
            hardest=self.hardest,
            rows={row: self._line(self.design.line(one)) for row, one in zip(rows, self.scores, strict=True)},
            pairs=pairs,
            turns=tuple(sorted((turn for turn in turns if turn is not None), key=lambda turn: not turn.resolved)),
        )

    def _line(self, line: Line) -> RowLine:
        way = self.hardest - self.easiest
        ends = sorted(way * end for end in (line.slope.low, line.slope.high) if end is not None)
        return RowLine(line.effect, Estimate(way * line.slope.mean, ends[0], ends[-1], line.slope.n, None))

    def _turn(self, first: str, second: str, i: int, j: int, pairs: int) -> Turn | None:
        apart = self.scores[i] - self.scores[j]
        crossing = self.design.crossing(apart, level=1 - (1 - LEVEL) / pairs)
        if crossing.crosses_at is None or not crossing.inside:
            return None
        easiest, hardest = (self.design.line(apart, at).effect for at in (self.easiest, self.hardest))
        if easiest.mean < 0:
            first, second = second, first
            easiest, hardest = _turned(easiest), _turned(hardest)
        place = (crossing.crosses_at - self.easiest) / (self.hardest - self.easiest)
        return Turn(first, second, crossing.crosses_at, place, easiest, hardest, crossing.resolved)


def _scored(found: Group) -> dict[tuple[str, str], dict[DrawId, float]]:
    """Return the mean difficulty of the draws that were chosen by a score, by its name and which way it points."""
    made: dict[tuple[str, str], dict[DrawId, float]] = {}
    for record in found.describing:
        for name, higher_is, value in _difficulties(record):
            made.setdefault((name, higher_is), {}).setdefault(found.draw_of[record.key], value)
    return made


def _difficulties(record: Record) -> Iterable[tuple[str, str, float]]:
    info = mapping(record.extra.get("draw_info"))
    covariates: Mapping[str, object] = mapping(info.get("covariates"))
    for score in map(mapping, items(info.get("scores"))):
        name, higher_is = score.get("name"), score.get("higher_is")
        if not isinstance(name, str) or not isinstance(higher_is, str) or higher_is not in {"easier", "harder"}:
            continue
        value = number(covariates.get(name))
        if value is not None and abs(value) < _LARGEST:
            yield name, higher_is, value


def _turned(found: Estimate) -> Estimate:
    low, high = (None if end is None else -end for end in (found.high, found.low))
    return Estimate(-found.mean, low, high, found.n, found.sd)
