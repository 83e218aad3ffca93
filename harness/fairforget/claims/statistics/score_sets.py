"""Score sets arranged: which are meant, by level and seed, on the samples that all of them score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from fairforget.claims.statistics.base import Design
from fairforget.claims.values import Evidence, Part, ScoreSet

MOST_GROUPS: Final = 500
"""Groups of samples that are left out one by one: with more, an interval is no better and takes longer."""
MOST_LEFT_OUT: Final = 0.1
"""Share of the samples beyond which there is no effect: what is left is another pool."""
Meant = str | Mapping[str, Any]
"""Name of a difficulty, or a mapping with its name and the options that tell it from others."""


class Unusable(Exception):
    """The evidence has not what a statistic needs; the text says what."""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Scores by level, seed and sample."""

    difficulty: str
    """Canonical name."""
    levels: tuple[float, ...]
    """Ascending values of the option that varies; one 0 where none does."""
    seeds: tuple[int, ...]
    """Those that every level has."""
    ids: tuple[str, ...]
    clusters: tuple[str, ...]
    """By sample: the cluster it belongs to."""
    values: np.ndarray
    """(levels, seeds, n), finite."""
    draws: bool
    """Whether the scores are made of random draws: they come with a Monte Carlo error, or seeds differ."""
    left_out: tuple[str, ...]
    """What is in the evidence and not here, in words."""

    @property
    def groups(self) -> np.ndarray:
        """The cluster of each sample, (n,) ints 0 … G - 1; several in one where there are more than `MOST_GROUPS`."""
        codes: np.ndarray = np.unique(np.array(self.clusters), return_inverse=True)[1].reshape(-1) % MOST_GROUPS
        return codes


def part_of(evidence: Evidence, name: str | None) -> Part:
    """Return the part of a name; the first one where it is None.

    Raises:
        Unusable: there is none of that name.
    """
    if name is not None and name not in evidence.parts:
        raise Unusable(f"there is no part {name!r}")
    return next(iter(evidence.parts.values())) if name is None else evidence.parts[name]


def meant(part: Part, what: Meant) -> list[ScoreSet]:
    """Return the score sets of a difficulty.

    Args:
        part: of the evidence.
        what: bare or canonical name; options that are given have to be equal, the others may be anything.

    Raises:
        Unusable: there is none.
    """
    asked = {"name": what} if isinstance(what, str) else dict(what)
    name = asked.pop("name", None)
    found = [
        s
        for s in part.scores
        if name in {s.difficulty["name"], str(s.difficulty["name"]).rpartition("/")[2]}
        and all(s.difficulty["options"].get(key, _NOTHING) == value for key, value in asked.items())
    ]
    if not found:
        options = "".join(f", {key} = {value}" for key, value in asked.items())
        raise Unusable(f"there are no scores by {name}{options}")
    return found


def seeds_planned(design: Design, *whats: Meant) -> int | None:
    """Return the seeds that every difficulty has before a run; None where one is not told from others by its file."""
    found = []
    for what in whats:
        asked = {"name": what} if isinstance(what, str) else dict(what)
        name = str(asked.pop("name", ""))
        found += [
            [
                wanted.seeds
                for wanted in design.scores
                if wanted.difficulty.name.rpartition("/")[2] == name.rpartition("/")[2]
                and all(wanted.difficulty.options.get(key, _NOTHING) == value for key, value in asked.items())
            ]
        ]
    return min(map(min, found)) if all(found) else None


def table(sets: Sequence[ScoreSet], by: str | None = None, *, positive: bool = False) -> Table:
    """Arrange score sets by the level of an option and by seed.

    Args:
        sets: of one difficulty, at least one.
        by: the option that may vary, a number; None where none may.
        positive: whether a score of 0 or less is none.

    Raises:
        Unusable: another option varies, a set is there twice, the levels have no seed in common, or too many samples
            lack a score.
    """
    _alike(sets, by)
    cells: dict[tuple[float, int], ScoreSet] = {}
    for one in sets:
        key = (_NONE if by is None else float(one.difficulty["options"][by]), one.seed)
        if key in cells:
            raise Unusable(f"scores by {one.difficulty['name']} with seed {one.seed} are there twice")
        cells[key] = one
    levels = sorted({level for level, _ in cells})
    seeds = [s for s in sorted({seed for _, seed in cells}) if all((level, s) in cells for level in levels)]
    if not seeds:
        raise Unusable(f"no seed has scores at every {by}")
    used = [cells[level, seed] for level in levels for seed in seeds]
    kept, notes = _samples(used, positive=positive)
    if spare := len(cells) - len(used):
        notes.append(f"{spare} score sets whose seed is not at every {by}")
    first = used[0]
    values = np.array([_taken(one, kept) for one in used]).reshape(len(levels), len(seeds), len(kept))
    cluster = dict(zip(first.ids, first.groups or first.ids, strict=True))
    return Table(
        difficulty=str(first.difficulty["name"]),
        levels=tuple(levels),
        seeds=tuple(seeds),
        ids=kept,
        clusters=tuple(cluster[name] for name in kept),
        values=values,
        draws=any(one.stderr for one in used) or bool((values != values[:, :1]).any()),
        left_out=tuple(notes),
    )


def same_samples(tables: Sequence[Table]) -> tuple[Table, ...]:
    """Return tables on the samples that all of them have, in one order.

    Raises:
        Unusable: too few of them do.
    """
    shared = set.intersection(*(set(t.ids) for t in tables))
    every = set.union(*(set(t.ids) for t in tables))
    if len(every) - len(shared) > MOST_LEFT_OUT * len(every):
        raise Unusable(f"the scores have {len(shared)} of {len(every)} samples in common")
    return tuple(_taken_from(t, [i for i, name in enumerate(t.ids) if name in shared]) for t in tables)


def permuted(whole: Table, rng: np.random.Generator) -> Table:
    """Return a table whose scores are permuted over the samples, every level and seed by itself: nothing agrees."""
    return replace(whole, values=rng.permuted(whole.values, axis=-1))


def joined_notes(*tables: Table) -> str | None:
    """Return what was left out of any of them in one text; None where nothing was."""
    return "; ".join(dict.fromkeys(f"left out: {note}" for t in tables for note in t.left_out)) or None


def _taken_from(whole: Table, places: Sequence[int]) -> Table:
    order = sorted(places, key=lambda i: whole.ids[i])
    lost = len(whole.ids) - len(order)
    return replace(
        whole,
        ids=tuple(whole.ids[i] for i in order),
        clusters=tuple(whole.clusters[i] for i in order),
        values=whole.values[..., order],
        left_out=(*whole.left_out, *([f"{lost} samples that another score lacks"] if lost else [])),
    )


def _alike(sets: Sequence[ScoreSet], by: str | None) -> None:
    first = sets[0].difficulty
    for one in sets:
        options = one.difficulty["options"]
        other = [k for k in {*options, *first["options"]} if options.get(k) != first["options"].get(k) and k != by]
        if one.difficulty["name"] != first["name"] or other:
            what = (
                f"{min(other)} = {first['options'].get(min(other))} and {options.get(min(other))}" if other else "name"
            )
            raise Unusable(f"scores by {first['name']} differ in more than {by or 'the seed'}: {what}")
        if by is not None and not _number(options.get(by)):
            raise Unusable(f"scores by {one.difficulty['name']} have no number {by}")


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST


def _samples(sets: Sequence[ScoreSet], *, positive: bool) -> tuple[tuple[str, ...], list[str]]:
    """Return the ids that every set scores, in the order of the first, and what was left out."""

    def usable(value: float | None) -> bool:
        return value is not None and bool(np.isfinite(value)) and (value > 0 or not positive)

    good = [{name for name, value in zip(s.ids, s.values, strict=True) if usable(value)} for s in sets]
    every = set.union(*(set(s.ids) for s in sets))
    kept = tuple(name for name in sets[0].ids if all(name in some for some in good))
    if not kept:
        raise Unusable(f"no sample has a score in all {len(sets)} score sets of {sets[0].difficulty['name']}")
    name, lost = sets[0].difficulty["name"], len(every) - len(kept)
    text = f"{lost} of {len(every)} samples without a usable score by {name} in every set"
    if lost > MOST_LEFT_OUT * len(every):
        raise Unusable(f"{text}; what is left does not speak for all")
    return kept, [text] if lost else []


def _taken(one: ScoreSet, ids: Sequence[str]) -> list[float]:
    found = dict(zip(one.ids, one.values, strict=True))
    return [float(value) for name in ids if (value := found[name]) is not None]


_NOTHING: Final = object()
_NONE: Final = 0.0
_LARGEST: Final = 1e300
