"""How long claims take, from the cells and score sets that are there: nothing else tells it honestly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from fairforget.api import Engine
from fairforget.claims.score_files import ScoresUnusable, read_scores
from fairforget.claims.sets import kind_of, seconds_of
from fairforget.run.progress import seconds_of as cell_seconds
from fairforget.store.regular import read_regular
from fairforget.store.strict_json import MAX_BYTES, NotJson, parse
from fairforget.study.options import build
from fairforget.study.spec import engine_spec

if TYPE_CHECKING:
    from fairforget.claims.planned import PlannedSite
    from fairforget.claims.sets import SetAt
    from fairforget.registry import Registry

Place = tuple[str, str]
"""A study and one of its sites."""


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a piece of work, or of several."""

    pieces: int = 0
    """Cells and score sets that are not there."""
    seconds: float = 0.0
    """Of those whose like has been measured, over the workers."""
    measured: int = 0
    """How many those are."""
    unknown: tuple[str, ...] = ()
    """Where nothing of the kind of the others has been measured."""

    def __add__(self, other: Left) -> Left:
        """Return what is left of both."""
        unknown = tuple(dict.fromkeys((*self.unknown, *other.unknown)))
        return Left(self.pieces + other.pieces, self.seconds + other.seconds, self.measured + other.measured, unknown)

    @property
    def mean(self) -> float | None:
        """Seconds of a piece whose like has been measured; None where there are none."""
        return self.seconds / self.measured if self.measured else None

    def guess(self, mean: float | None) -> float | None:
        """Return the seconds of all pieces, those that are not known at `mean` each; None where there is none."""
        if self.measured == self.pieces:
            return self.seconds
        return None if mean is None else self.seconds + (self.pieces - self.measured) * mean

    @property
    def known(self) -> float:
        """Share of the pieces whose like has been measured."""
        return self.measured / self.pieces if self.pieces else 1.0


@dataclass
class Times:
    """Seconds by kind and place."""

    _took: dict[tuple[Place, Hashable], list[float]] = field(default_factory=dict)

    def add(self, place: Place, kind: Hashable, seconds: float) -> None:
        """Note that a piece of a kind took so long."""
        self._took.setdefault((place, kind), []).append(seconds)

    def of(self, place: Place, kind: Hashable) -> float | None:
        """Return the mean seconds of a kind: there, or on the other targets of the same study; None if in neither."""
        if (here := self._took.get((place, kind))) is not None:
            return fmean(here)
        means = [fmean(took) for (at, what), took in self._took.items() if at[0] == place[0] and what == kind]
        return fmean(means) if means else None

    def forget(self, place: Place) -> None:
        """Drop what is known of a place, before it is looked at again."""
        for key in [key for key in self._took if key[0] == place]:
            del self._took[key]


@dataclass
class Forecast:
    """What is left of claims, judged by what their folders hold."""

    sites: Sequence[PlannedSite]
    """Whose cells are wanted, each folder once."""
    sets: Sequence[SetAt]
    registry: Registry
    out: Path
    _cells: Times = field(default_factory=Times)
    _scores: Times = field(default_factory=Times)
    _there: dict[Place, Counter[Hashable]] = field(default_factory=dict)
    _made: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Look at everything."""
        for site in self.sites:
            self.look(site)
        for one in self.sets:
            self._look_at_set(one)

    def look(self, site: PlannedSite) -> None:
        """Look at the cells of a site, perhaps again."""
        place = _place(site)
        self._cells.forget(place)
        self._there[place] = Counter()
        for kind, seconds in _cells(site.folder(self.out) / "cells"):
            self._there[place][kind] += 1
            self._cells.add(place, kind, seconds)

    def study(self, site: PlannedSite) -> Left:
        """Return what is left of the cells of a site."""
        found, place, slots = Left(), _place(site), self._slots(site)
        for kind, count in _planned(site).items():
            left = max(0, count - self._there[place][kind])
            seconds = self._cells.of(place, kind)
            name = f"the cells of {site.study} on {site.site.name}"
            found += _left(left, seconds, slots, name)
        return found

    def scores(self) -> Left:
        """Return what is left of the score sets; without those that ask no model, which take no time to speak of."""
        found = Left()
        for one in self.sets:
            if one.key not in self._made and one.passes != 0:
                name = f"the score sets of {one.site.study} by {one.wanted.difficulty.entry.name}"
                found += _left(1, self._scores.of(_place(one.site), kind_of(one)), self._slots(one.site), name)
        return found

    def after(self, number: int) -> Left:
        """Return what is left from the study of this number on, score sets included; the first is 0."""
        return sum((self.study(site) for site in self.sites[number:]), start=self.scores())

    def _look_at_set(self, one: SetAt) -> None:
        try:
            found = read_scores(one.site.folder(self.out), one.wanted)
        except ScoresUnusable:
            return
        if found is not None:
            self._made.add(one.key)
            self._scores.add(_place(one.site), kind_of(one), seconds_of(found))

    def _slots(self, site: PlannedSite) -> int:
        engine = build(self.registry, "engine", engine_spec(site.plan.study.engine))
        return engine.of(Engine).slots()  # type: ignore[type-abstract]


def _left(pieces: int, seconds: float | None, slots: int, name: str) -> Left:
    if not pieces:
        return Left()
    if seconds is None:
        return Left(pieces, unknown=(name,))
    return Left(pieces, pieces * seconds / slots, pieces)


def _place(site: PlannedSite) -> Place:
    return site.study, site.site.name


def _planned(site: PlannedSite) -> Counter[Hashable]:
    """Return the cells of a study by kind: those of one method under one curriculum cost alike."""
    cells = site.plan.planned()
    return Counter((cell.method.label, None if cell.curriculum is None else cell.curriculum.label) for cell in cells)


def _cells(folder: Path) -> Iterator[tuple[Hashable, float]]:
    """Yield kind and seconds of every record of a folder that can be read; it may be anybody's."""
    for file in sorted(folder.glob("*.json")):
        try:
            record = parse(read_regular(file, MAX_BYTES))
            cell = record["cell"]
            curriculum = cell["curriculum"]
            kind = (str(cell["method"]["label"]), None if curriculum is None else str(curriculum["label"]))
        except (OSError, NotJson, KeyError, TypeError):
            continue
        yield kind, cell_seconds(record)
