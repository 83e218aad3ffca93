"""The scores and the items of a record that a board keeps."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from fairforget.store.record import Score


class Averages(NamedTuple):
    """What is made of the columns of a cell, see `fairforget.board.scores` and `fairforget.board.worst`."""

    completeness: float
    utility: float
    by_probability: float
    by_generation: float
    worst_quarter: float


class Samples:
    """Completeness by sample, see `fairforget.board.worst.by_sample`; unpacked when somebody asks for it."""

    __slots__ = ("names", "packed")

    def __init__(self, names: list[str], packed: bytes) -> None:
        self.names = names
        """Ids of the samples; the same object for all cells with the same forget set."""
        self.packed = packed
        """Little-endian doubles."""

    def values(self) -> dict[str, float]:
        """Return sample -> completeness."""
        return dict(zip(self.names, struct.unpack(f"<{len(self.names)}d", self.packed), strict=True))


class Columns(Mapping[str, Score]):
    """The scores of a cell, without what was excluded and without details.

    Many cells share the description of their columns; a `Score` is made when somebody asks for it. A record whose
    scores are replaced by others has another mapping, and so no averages that do not belong to it.
    """

    __slots__ = ("averages", "counts", "kinds", "known", "samples")

    def __init__(
        self,
        kinds: Mapping[str, Score],
        values: tuple[float, ...],
        counts: tuple[float, ...],
        averages: Averages,
        samples: Samples,
    ) -> None:
        self.kinds = kinds
        """Column -> a score without its value and n; the same object for all cells with the same columns."""
        self.known = values
        """In the order of the columns; NaN where there is none."""
        self.counts = counts
        """Items behind each."""
        self.averages = averages
        self.samples = samples

    def __getitem__(self, name: str) -> Score:
        kind = self.kinds[name]
        i = list(self.kinds).index(name)
        value = self.known[i]
        return replace(kind, value=None if math.isnan(value) else value, n=int(self.counts[i]))

    def __iter__(self) -> Iterator[str]:
        return iter(self.kinds)

    def __len__(self) -> int:
        return len(self.kinds)

    def numbers(self) -> Numbers:
        """Return the value of every column; NaN where there is none."""
        return Numbers(self.kinds, self.known)


class Numbers(Mapping[str, float]):
    """Values by column, for whoever needs one, and in order, for whoever needs them all."""

    __slots__ = ("kinds", "known")

    def __init__(self, kinds: Mapping[str, Score], known: tuple[float, ...]) -> None:
        self.kinds = kinds
        self.known = known

    def __getitem__(self, name: str) -> float:
        if name not in self.kinds:
            raise KeyError(name)
        return self.known[list(self.kinds).index(name)]

    def __iter__(self) -> Iterator[str]:
        return iter(self.kinds)

    def __len__(self) -> int:
        return len(self.kinds)


class Items(Mapping[str, Mapping[str, float | None]]):
    """Values of samples in the columns of completeness, unpacked when somebody asks for them."""

    __slots__ = ("names", "packed")

    def __init__(self, names: Mapping[str, list[str]], packed: bytes) -> None:
        self.names = names
        """Column -> ids of the samples; the same object for all cells with the same columns and forget set."""
        self.packed = packed
        """Little-endian doubles, a column after another; NaN where there is none."""

    def __getitem__(self, name: str) -> dict[str, float | None]:
        samples = self.names[name]
        start = 0
        for other, theirs in self.names.items():
            if other == name:
                break
            start += len(theirs)
        values = struct.unpack_from(f"<{len(samples)}d", self.packed, 8 * start)
        return {sample: None if math.isnan(v) else v for sample, v in zip(samples, values, strict=True)}

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


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
    alike: dict[int, tuple[Mapping[str, Score], set[tuple[float, ...]]]] = {}
    for scores in found:
        if isinstance(scores, Columns):
            alike.setdefault(id(scores.kinds), (scores, set()))[1].add(scores.counts)
        else:
            alike[id(scores)] = (scores, {tuple(score.n for score in scores.values())})
    made: dict[str, tuple[Score, int, int]] = {}
    for scores, counts in alike.values():
        for (name, score), numbers in zip(scores.items(), zip(*counts, strict=True), strict=True):
            first, fewest, most = made.get(name, (score, math.inf, -math.inf))
            made[name] = (first, int(min(fewest, *numbers)), int(max(most, *numbers)))
    return made
