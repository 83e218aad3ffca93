"""Searches in a file, whose damage is noticed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from fairforget.api.sample import digest_of
from fairforget.run.tuning.search import RowSearch
from fairforget.run.tuning.trial import Trial
from fairforget.store.atomic import write_text
from fairforget.store.regular import read_regular
from fairforget.store.strict_json import MAX_BYTES, NotJson, parse

SCHEMA: Final = 1


def write_searches(path: Path, searches: Mapping[str, RowSearch]) -> None:
    """Write the trials of every row, by the key of its search; the file is there whole or not at all.

    Raises:
        FairforgetError: it cannot be written.
    """
    content = {"schema": SCHEMA, "searches": [_to_json(key, search) for key, search in searches.items()]}
    write_text(path, json.dumps({**content, "sha256": digest_of(content)}, indent=1, ensure_ascii=False) + "\n")


def read_searches(path: Path) -> dict[str, list[Trial]]:
    """Return the trials of an earlier run, by the key of the search; nothing where the file is missing or damaged."""
    try:
        found = parse(read_regular(path, MAX_BYTES))
        recorded = found.pop("sha256")
        if found["schema"] != SCHEMA or recorded != digest_of(found):
            return {}
        return {one["key"]: [Trial.from_json(trial) for trial in one["trials"]] for one in found["searches"]}
    except (OSError, NotJson, AttributeError, KeyError, TypeError):
        return {}


def _to_json(key: str, search: RowSearch) -> dict[str, Any]:
    return {
        "key": key,
        "method": search.planned.method.label,
        "curriculum": search.planned.curriculum.label,
        "searched": [dimension.to_json() for dimension in search.planned.dimensions],
        "trials": [trial.to_json() for trial in search.trials],
        "spent": search.spent(),
        "best": search.best() if search.done else None,
    }
