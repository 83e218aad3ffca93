"""The list of checks on the reference page, made from the checks.

``python -m fairforget.testing.reference docs/reference/conformance-kit.md`` writes it anew; a test compares the two.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from fairforget.testing.checks import CHECKS
from fairforget.testing.checks.discovery import DISCOVERY

HEADING: Final = "## Checks\n"


def checks_section() -> str:
    """Return the last section of the page: a table of names and purposes for each kind, then for distributions."""
    kinds = dict.fromkeys(kind for check in CHECKS for kind in check.kinds)
    tables = [_table(kind, ((c.name, c.purpose) for c in CHECKS if kind in c.kinds)) for kind in kinds]
    whole = ((c.name, (inspect.getdoc(c.run) or "").partition("\n")[0]) for c in DISCOVERY)
    return "\n".join([HEADING, *tables, _table("distribution", whole)])


def _table(kind: str, rows: Iterable[tuple[str, str]]) -> str:
    lines = [f"### {kind.capitalize()}", "", "| check | asks that |", "|---|---|"]
    return "\n".join([*lines, *(f"| `{name}` | {purpose} |" for name, purpose in rows), ""])


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(page.read_text(encoding="utf-8").partition(HEADING)[0] + checks_section(), encoding="utf-8")
