"""What the plan of a run says about its cells."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from fairforget.store.record import KEY
from fairforget.store.regular import read_regular
from fairforget.store.strict_json import MAX_BYTES, NotJson, parse


def planned_keys(folders: Iterable[Path]) -> frozenset[str] | None:
    """Return the keys in the ``plan.json`` of every folder; None where one of them has none that can be read."""
    keys: set[str] = set()
    for folder in folders:
        try:
            plan = parse(read_regular(folder / "plan.json", MAX_BYTES))
        except (OSError, NotJson):
            return None
        cells = plan.get("cells") if isinstance(plan, dict) else None
        if not isinstance(cells, list) or not all(isinstance(key, str) and KEY.fullmatch(key) for key in cells):
            return None
        keys |= set(cells)
    return frozenset(keys)
