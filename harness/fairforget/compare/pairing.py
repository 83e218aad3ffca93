"""Which cells of two sides are the same, and why the others have no partner."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fairforget.compare.aliases import aliases
from fairforget.compare.identity import PARTS, ROW, Identity, identity
from fairforget.compare.unlike import unlike
from fairforget.store.record import Record

_NAMES: Final = frozenset({"task", "task data", "target", "method", "forget set"})
"""Parts of which another value is another thing: how it differs says nothing."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One cell, in BASE and in HEAD."""

    identity: Identity
    base: Record
    head: Record


@dataclass(frozen=True, slots=True)
class Alone:
    """A cell that one side has, and what keeps it apart from the other's."""

    identity: Identity
    record: Record
    differs: str
    how: str


@dataclass(frozen=True, slots=True)
class Pairing:
    """Every cell of two sides, each in one of the lists."""

    pairs: tuple[Pair, ...]
    base: tuple[Alone, ...]
    """Only in BASE."""
    head: tuple[Alone, ...]
    ambiguous: tuple[tuple[Identity, Record], ...]
    """One record of each cell that a side has several times."""


def pair(base: Iterable[Record], head: Iterable[Record]) -> Pairing:
    """Pair the cells of two sides; the same records in any order make the same pairs.

    Rows that differ only by options that one side's version has not are the same row, see `aliases`. A side that has a
    cell twice, as made by two versions of a method, has it not at all: nobody said which one counts.
    """
    first, second = _by_identity(base), _by_identity(head)
    known = aliases(first, second)
    second = {(*known.get(i[:ROW], i[:ROW]), *i[ROW:]): records for i, records in second.items()}
    twice = {i for side in (first, second) for i, records in side.items() if len(records) > 1}
    both = sorted((first.keys() & second.keys()) - twice)
    return Pairing(
        pairs=tuple(Pair(i, first[i][0], second[i][0]) for i in both),
        base=_alone(first, second, twice),
        head=_alone(second, first, twice),
        ambiguous=tuple((i, (first.get(i) or second[i])[0]) for i in sorted(twice)),
    )


def _by_identity(records: Iterable[Record]) -> dict[Identity, list[Record]]:
    found: dict[Identity, list[Record]] = {}
    for record in sorted(records, key=lambda r: r.key):
        found.setdefault(identity(record), []).append(record)
    return found


def _alone(
    mine: Mapping[Identity, Sequence[Record]], theirs: Mapping[Identity, Sequence[Record]], twice: set[Identity]
) -> tuple[Alone, ...]:
    lonely = sorted(i for i in mine if i not in theirs and i not in twice)
    if not lonely:
        return ()
    known: dict[Identity, set[str]] = {}
    """What follows on a beginning, on the other side."""
    for found in theirs:
        for n, part in enumerate(found):
            known.setdefault(found[:n], set()).add(part)
    told: dict[Identity, str] = {}
    """How a beginning differs; many cells share one."""
    return tuple(Alone(i, mine[i][0], *_apart(i, known, told)) for i in lonely)


def _apart(mine: Identity, known: Mapping[Identity, set[str]], told: dict[Identity, str]) -> tuple[str, str]:
    """Return the widest part in which a cell differs from every cell of the other side, and how."""
    n = next(n for n, part in enumerate(mine) if part not in known.get(mine[:n], ()))
    here = mine[: n + 1]
    if here not in told:
        told[here] = "" if PARTS[n] in _NAMES else unlike(mine[n], sorted(known.get(mine[:n], ())))
    return PARTS[n], told[here]
