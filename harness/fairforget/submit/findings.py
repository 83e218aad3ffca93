"""What speaks against publishing results."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Finding(NamedTuple):
    """One thing that is wrong, and where."""

    where: str
    """A file, relative to what was looked at."""
    reason: str


def summed_up(findings: Iterable[Finding]) -> list[str]:
    """Return one line a reason: the first file it is true of, and of how many more."""
    by_reason: dict[str, list[str]] = {}
    for found in findings:
        by_reason.setdefault(found.reason, []).append(found.where)
    lines = []
    for reason, places in by_reason.items():
        more = f" and {len(places) - 1:,} more" if len(places) > 1 else ""
        lines.append(f"{min(places)}{more}: {reason}")
    return lines
