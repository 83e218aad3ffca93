"""The identities of many cells, each worked out once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fairforget.board.identity import DrawId, comparison, declared_of, draw_of, row_id
from fairforget.store.record import Record
from fairforget.study.cell import canonical_json


class Identities:
    """What `fairforget.board.identity` says of each of some records.

    Records that were read together share the objects that their cells are made of, and what the same objects make is
    the same. So what is hashed is a handful of methods and draws, and not every cell. The records have to live as long
    as this: an object is known by where it lies.
    """

    def __init__(self, records: Iterable[Record]) -> None:
        self._records = tuple(records)
        self._commons: dict[tuple[Any, ...], tuple[str, dict[str, Any]]] = {}
        self._rows: dict[tuple[int, ...], str] = {}
        self._draws: dict[int, DrawId] = {}
        self._sizes: dict[int, tuple[Any, ...]] = {}

    def common(self, record: Record) -> tuple[str, dict[str, Any]]:
        """Return `comparison` of a record, as a text that stands for it and whole."""
        cell, extra = record.cell, record.extra
        mark = (
            id(cell["task"]),
            id(cell["target"]),
            id(cell["method"]),
            id(cell["budget"]),
            id(cell["evaluation"]),
            self._size(cell["draw"]),
            id(extra.get("tuning")),
            declared_of(record) if "declared" in extra else None,
        )
        known = self._commons.get(mark)
        if known is None:
            found = comparison(record)
            known = self._commons[mark] = (canonical_json(found), found)
        return known

    def row(self, record: Record) -> str:
        """Return `row_id` of a record."""
        cell = record.cell
        mark = (id(cell["method"]), id(cell["curriculum"]), id(cell["optimizer"]))
        known = self._rows.get(mark)
        if known is None:
            known = self._rows[mark] = row_id(record)
        return known

    def draw(self, record: Record) -> DrawId:
        """Return `draw_of` a record."""
        draw = record.cell["draw"]
        known = self._draws.get(id(draw))
        if known is None:
            known = self._draws[id(draw)] = draw_of(record)
        return known

    def _size(self, draw: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return what `comparison` reads of a draw."""
        known = self._sizes.get(id(draw))
        if known is None:
            size, unit = draw.get("size"), draw.get("unit")
            known = (type(size) is int, size if type(size) is int else len(draw["forget"]), str(unit), type(unit))
            self._sizes[id(draw)] = known
        return known
