"""Rows that are the same but for options that only one of two versions has."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from fairforget.board.loose import mapping
from fairforget.compare.identity import PARTS, ROW, Identity

_OPTIONS = PARTS.index("options of the method")
_CURRICULUM = PARTS.index("curriculum")


def aliases(base: Iterable[Identity], head: Iterable[Identity]) -> dict[Identity, Identity]:
    """Return which rows of HEAD are rows of BASE under other options: row in HEAD -> row in BASE.

    A version that gives a method one option more writes it into every cell, and no row would have a partner. So rows
    are taken for the same if they agree in every option both have, one has options that the other lacks, and neither
    has another such partner. What the option does is for the reader to judge, who sees it among the changes.

    Args:
        base: identities of cells.
        head: likewise.
    """
    rows = [{identity[:ROW] for identity in side} for side in (base, head)]
    lonely = [rows[0] - rows[1], rows[1] - rows[0]]
    known: dict[Identity, list[Identity]] = {}
    for row in sorted(lonely[0]):
        known.setdefault(_without_options(row), []).append(row)
    partners = {row: [b for b in known.get(_without_options(row), []) if _fit(b, row)] for row in sorted(lonely[1])}
    wanted = [found for several in partners.values() for found in several]
    return {row: several[0] for row, several in partners.items() if len(several) == 1 and wanted.count(several[0]) == 1}


def _without_options(row: Identity) -> Identity:
    curriculum = json.loads(row[_CURRICULUM])
    return (*row[:_OPTIONS], "", json.dumps(mapping(curriculum).get("name")), *row[_CURRICULUM + 1 :])


def _fit(one: Identity, other: Identity) -> bool:
    method = _agree(json.loads(one[_OPTIONS]), json.loads(other[_OPTIONS]))
    ordered = [mapping(json.loads(row[_CURRICULUM])) for row in (one, other)]
    options = _agree(*(mapping(found.get("options")) for found in ordered))
    rest = [{name: value for name, value in found.items() if name != "options"} for found in ordered]
    return method and options and rest[0] == rest[1]


def _agree(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two sets of options say the same where both say something, one of them perhaps more."""
    shared = one.keys() & other.keys()
    alike = all(json.dumps(one[name]) == json.dumps(other[name]) for name in shared)  # 1 is not true
    return alike and (shared == one.keys() or shared == other.keys())
