"""What thousands of records have in common, kept once."""

from __future__ import annotations

import hashlib
import json
import marshal
from collections.abc import Mapping
from typing import Any, Final

from fairforget.study.cell import KEY_VERSION, canonical_json, scoring_part

_VERSION: Final = 2
"""Of marshal: from 3 on, equal values may give different bytes."""


class Parts:
    """The parts of cells, each one object, and the keys of cells whose parts were seen before.

    A study repeats its task, its target and its evaluation in every record; read one by one they would fill the memory
    and be hashed again and again. Only for JSON as `fairforget.store.strict_json.parse` returns it.
    """

    def __init__(self) -> None:
        self._objects: dict[bytes, Any] = {}
        self._own: set[int] = set()
        self._pieces: dict[tuple[str, type, object], str] = {}

    def shared(self, value: Any) -> Any:
        """Return an equal value: the same object for every equal one. Whoever gets it does not change it."""
        if id(value) in self._own or not isinstance(value, dict | list):
            return value
        # Marshalled bytes tell 1, 1.0 and True apart, as JSON does; they are compared, and never loaded.
        found = self._objects.setdefault(marshal.dumps(value, _VERSION), value)
        self._own.add(id(found))
        return found

    def cell(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """Return a cell with shared parts."""
        return {name: self.shared(part) for name, part in found.items()}

    def key(self, cell: Mapping[str, Any]) -> str:
        """Return `fairforget.study.cell.cell_key` of what `cell` returned.

        Raises:
            ValueError: as there.
        """
        inner = ",".join(piece for name in sorted(cell) if (piece := self._piece(name, cell[name])))
        # The canonical text of a whole is that of its parts in the order of their names.
        text = f'{{"cell":{{{inner}}},"version":{json.dumps(KEY_VERSION)}}}'
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    def _piece(self, name: str, part: Any) -> str:
        if id(part) in self._own:
            mark: tuple[str, type, object] = (name, dict, id(part))
        elif part is None or isinstance(part, int | str):
            mark = (name, type(part), part)  # 1 and True are equal, and not the same
        else:
            return _canonical(name, part)
        known = self._pieces.get(mark)
        if known is None:
            known = self._pieces[mark] = _canonical(name, part)
        return known


def _canonical(name: str, part: Any) -> str:
    """Return ``"name":…`` as it stands in the text that is hashed; nothing where it is not hashed."""
    try:
        return canonical_json(scoring_part({name: part}))[1:-1]
    except (TypeError, RecursionError, AttributeError) as error:
        msg = f"not the JSON of a cell: {error}"
        raise ValueError(msg) from error
