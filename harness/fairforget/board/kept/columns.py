"""The scores of a record that a board keeps."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from fairforget.store.record import Score


class Averages(NamedTuple):
    """What is made of the columns of a cell, see `board.making.scores` and `board.making.worst`."""

    completeness: float
    utility: float
    by_probability: float
    by_generation: float
    worst_quarter: float


_AVERAGES: Final = struct.Struct(f"<{len(Averages._fields)}d")


class Columns(Mapping[str, Score]):
    """The scores of a cell, without what was excluded and without details; unpacked when somebody asks for them.

    Many cells share the description of their columns; a `Score` is made when somebody asks for it. A record whose
    scores are replaced by others has another mapping, and so no averages that do not belong to it.
    """

    __slots__ = ("_at", "_names", "_packed", "counts", "kinds")

    def __init__(
        self, kinds: Mapping[str, Score], counts: tuple[float, ...], names: list[str], packed: bytes, at: int
    ) -> None:
        self.kinds = kinds
        """Column -> a score without its value and n; the same object for all cells with the same columns."""
        self.counts = counts
        """Items behind each."""
        self._names = names
        """Ids of the samples; the same object for all cells with the same forget set."""
        self._packed = packed
        """Little-endian doubles: first the averages, from `at` on the values of the columns, last those of samples."""
        self._at = at

    @property
    def averages(self) -> Averages:
        """What is made of the columns."""
        return Averages(*_AVERAGES.unpack_from(self._packed))

    @property
    def known(self) -> tuple[float, ...]:
        """Values in the order of the columns; NaN where there is none."""
        return struct.unpack_from(f"<{len(self.kinds)}d", self._packed, self._at)

    def raw(self) -> bytes:
        """Return everything before the numbers of items as little-endian doubles."""
        return self._packed[: self._at + 8 * len(self.kinds)]

    def by_sample(self) -> dict[str, float]:
        """Return sample -> completeness, see `fairforget.board.making.worst.by_sample`."""
        n = len(self._names)
        return dict(
            zip(self._names, struct.unpack_from(f"<{n}d", self._packed, len(self._packed) - 8 * n), strict=True)
        )

    def __getitem__(self, name: str) -> Score:
        kind = self.kinds[name]
        i = list(self.kinds).index(name)
        value = self.known[i]
        return replace(kind, value=None if math.isnan(value) else value, n=int(self.counts[i]))

    def __iter__(self) -> Iterator[str]:
        return iter(self.kinds)

    def __len__(self) -> int:
        return len(self.kinds)


class Together(NamedTuple):
    """The numbers of some cells, a cell a line."""

    averages: np.ndarray
    ledger: np.ndarray
    """Those of `fairforget.board.kept.spent.numbers_of`."""
    values: np.ndarray
    """(cells, columns)"""


def together(found: Sequence[Mapping[str, Score]], names: Sequence[str]) -> Together | None:
    """Return the numbers of cells.

    None unless all of them are kept as `Columns`, with just these columns, in this order.

    Args:
        found: the scores of each cell.
        names: of the columns.
    """
    kept = [scores for scores in found if isinstance(scores, Columns)]
    kinds = {id(columns.kinds): columns.kinds for columns in kept}
    if not kept or len(kept) < len(found) or any(list(one) != list(names) for one in kinds.values()):
        return None
    numbers = np.frombuffer(b"".join([columns.raw() for columns in kept]), dtype="<f8").reshape(len(kept), -1)
    return Together(*np.split(numbers, [len(Averages._fields), numbers.shape[1] - len(names)], axis=1))


def kinds_of(scores: Mapping[str, Score]) -> Mapping[str, Score]:
    """Return the scores of a cell for whoever asks what columns they are, and not for values or numbers of items."""
    return scores.kinds if isinstance(scores, Columns) else scores


def value_of(scores: Mapping[str, Score], name: str) -> float | None:
    """Return the value of one column; None where there is none."""
    if not isinstance(scores, Columns):
        return scores[name].value
    value = scores.known[list(scores.kinds).index(name)]
    return None if math.isnan(value) else value


def different(found: Iterable[Mapping[str, Score]]) -> list[Mapping[str, Score]]:
    """Return the scores of cells, of those with the same description of their columns only the first."""
    kept: dict[int, Mapping[str, Score]] = {}
    for scores in found:
        kept.setdefault(id(scores.kinds if isinstance(scores, Columns) else scores), scores)
    return list(kept.values())


def ranges(found: Iterable[Mapping[str, Score]]) -> dict[str, tuple[Score, int, int]]:
    """Return every column's first score, with the fewest and the most items behind any, in the order they come."""
    # By identity, for nearly all cells share both objects.
    alike: dict[int, tuple[Mapping[str, Score], dict[int, tuple[float, ...]]]] = {}
    for scores in found:
        if isinstance(scores, Columns):
            alike.setdefault(id(scores.kinds), (scores, {}))[1][id(scores.counts)] = scores.counts
        else:
            alike[id(scores)] = (scores, {0: tuple(score.n for score in scores.values())})
    made: dict[str, tuple[Score, int, int]] = {}
    for scores, counts in alike.values():
        for (name, score), numbers in zip(scores.items(), zip(*counts.values(), strict=True), strict=True):
            first, fewest, most = made.get(name, (score, math.inf, -math.inf))
            made[name] = (first, int(min(fewest, *numbers)), int(max(most, *numbers)))
    return made
