"""From records to groups that may share a table."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Any

from fairforget.board.identities import Identities
from fairforget.board.identity import DrawId, reference_of
from fairforget.board.values import LeftOut
from fairforget.store.record import Record
from fairforget.study.cell import canonical_json

Place = tuple[DrawId, int]
"""Draw and seed: where a cell stands in the row of its method."""


@dataclass(frozen=True)
class Group:
    """The cells of one table."""

    common: Mapping[str, Any]
    """What is equal in all of them, see `fairforget.board.identity.comparison`."""
    rows: Mapping[str, Mapping[Place, Record]]
    """Identity of a row -> its cells."""
    places: frozenset[Place]
    """Every draw and seed that a row with all cells has."""

    @cached_property
    def records(self) -> list[Record]:
        """All cells, by key."""
        return sorted((record for cells in self.rows.values() for record in cells.values()), key=attrgetter("key"))

    @cached_property
    def describing(self) -> list[Record]:
        """The cells that say something of their forget set that no cell before them says, by key."""
        told: dict[tuple[DrawId, int, int], Record] = {}
        for record in self.records:
            extra = record.extra
            mark = (self.draw_of[record.key], id(extra.get("draw_info")), id(extra.get("covariates")))
            told.setdefault(mark, record)
        return list(told.values())

    @cached_property
    def row_of(self) -> dict[str, str]:
        """Key of a cell -> its row."""
        return {record.key: row for row, cells in self.rows.items() for record in cells.values()}

    @cached_property
    def draw_of(self) -> dict[str, DrawId]:
        """Key of a cell -> its draw."""
        return {record.key: draw for cells in self.rows.values() for (draw, _), record in cells.items()}

    @cached_property
    def strata(self) -> dict[str, Record]:
        """Identity of a stratum -> its first cell."""
        return {self.draw_of[record.key].stratum: record for record in reversed(self.records)}

    def differs(self, other: Group) -> tuple[str, ...]:
        """Return in what the group differs from another, in words."""
        found = [name for name in self.common if self.common[name] != other.common[name]]
        return tuple(found) if found else ("forget sets",)


def group(records: Iterable[Record], planned: Collection[str] = ()) -> tuple[list[Group], list[LeftOut]]:
    """Return the groups, the one with most cells first, and the cells that are in none.

    Cells share a group if `comparison` is equal and their rows are connected by draws they have in common. Reference
    rows join every group whose draws they have.

    Args:
        records: the cells.
        planned: keys of cells that stand before others of the same place, as of models that came back once more.
    """
    first = frozenset(planned)
    left: dict[str, list[str]] = {}
    alike: dict[str, list[Record]] = {}
    references: dict[str, list[Record]] = {}
    commons: dict[str, dict[str, Any]] = {}
    ordered = sorted(records, key=attrgetter("key"))
    known = Identities(ordered)
    for record in ordered:
        text, common = known.common(record)
        commons.setdefault(text, common)
        (references if reference_of(record) else alike).setdefault(text, []).append(record)
    groups = []
    used: set[str] = set()
    for text in sorted(alike):
        common = commons[text]
        beside = references.get(_any_budget(common), [])
        for rows in _connected(_rows(alike[text], known, left, first)):
            places = frozenset(place for cells in rows.values() for place in cells)
            there = {draw for draw, _ in places}
            fitting = [record for record in beside if known.draw(record) in there]
            used |= {record.key for record in fitting}
            groups.append(Group(common, {**rows, **_rows(fitting, known, left, first)}, places))
    for text in sorted(references):
        unused = [record for record in references[text] if record.key not in used]
        if any(_any_budget(g.common) == text for g in groups):
            _leave(left, "a reference row's cell on a forget set that no other row has", [r.key for r in unused])
        else:
            alone = _rows(unused, known, left, first)
            places = frozenset(place for cells in alone.values() for place in cells)
            groups.append(Group(commons[text], alone, places))
    groups.sort(key=lambda g: (-sum(map(len, g.rows.values())), canonical_json(g.common), sorted(g.rows)))
    return groups, [LeftOut(reason, tuple(sorted(set(left[reason])))) for reason in sorted(left)]


def _any_budget(common: Mapping[str, Any]) -> str:
    """Return the text under which the reference rows stand that belong to a table: beside any budget, tuned or not."""
    return canonical_json({**common, "budget": None, "tuning": None})


def _rows(
    records: Sequence[Record], known: Identities, left: dict[str, list[str]], first: frozenset[str]
) -> dict[str, dict[Place, Record]]:
    """Return the cells, given by key, by row and place.

    Of several for one place that of the plan stands, else the first one that went well.
    """
    rows: dict[str, dict[Place, Record]] = {}
    for record in sorted(records, key=lambda r: (r.key not in first, r.status != "ok")):
        cells = rows.setdefault(known.row(record), {})
        place = (known.draw(record), record.cell["seed"])
        if place in cells:
            _leave(left, "another cell stands for the same row, forget set and seed", [record.key])
        else:
            cells[place] = record
    return rows


def _connected(rows: Mapping[str, Mapping[Place, Record]]) -> list[dict[str, Mapping[Place, Record]]]:
    """Split rows into sets that have draws in common, directly or through others."""
    parent = {row: row for row in rows}

    def find(row: str) -> str:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    first: dict[DrawId, str] = {}
    for row in sorted(rows):
        for draw, _ in rows[row]:
            parent[find(row)] = find(first.setdefault(draw, row))
    found: dict[str, dict[str, Mapping[Place, Record]]] = {}
    for row in sorted(rows):
        found.setdefault(find(row), {})[row] = rows[row]
    return [found[root] for root in sorted(found)]


def _leave(left: dict[str, list[str]], reason: str, keys: Sequence[str]) -> None:
    if keys:
        left.setdefault(reason, []).extend(keys)
