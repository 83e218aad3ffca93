"""Where the record of a cell lies among the published results."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, Final

RESULTS: Final = "results"
"""The folder of the records, beside ``boards``."""
IMPORTED: Final = "imported"
"""What stands where the distribution would for a method whose numbers were imported."""
OWN: Final = "fairforget"
"""The distribution whose tasks need not be told apart from others of the same name."""
_PLAIN: Final = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
_MOST: Final = 60


def folder_of(cell: Mapping[str, Any]) -> PurePosixPath:
    """Return ``<task>-v<version>/<target>/<distribution>__<method>``, relative to the results.

    Every part is made of lower-case ASCII letters, digits and ``.-_`` and starts with a letter or digit, whatever the
    names in the cell are: a name that is not so keeps what it can and gets a part of its hash.
    """
    task, method = cell["task"], cell["method"]
    dist, _, name = task["name"].rpartition("/")
    shown = _slug(name) if dist in {"", OWN} else f"{_slug(dist)}__{_slug(name)}"
    row_dist, _, row = method["name"].rpartition("/")
    if not row_dist:
        row_dist, row = IMPORTED, row.removeprefix(f"{IMPORTED}:")
    return PurePosixPath(f"{shown}-v{task['version']}", _slug(cell["target"]["id"]), f"{_slug(row_dist)}__{_slug(row)}")


def _slug(text: str) -> str:
    if len(text) <= _MOST and _PLAIN.fullmatch(text):
        return text
    kept = "-".join(re.findall(r"[a-z0-9]+", text[: 10 * _MOST].lower()))[:30].strip("-")
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{kept}-{digest}" if kept else digest
