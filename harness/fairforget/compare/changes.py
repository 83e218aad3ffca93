"""What else is not the same in the cells that were compared: versions, machines, settings, price."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fairforget.board.identity import reference_of
from fairforget.board.making.context import provenance_of
from fairforget.board.making.costs import cost_of
from fairforget.board.text import count, shown
from fairforget.compare.identity import ROW, Identity, chosen_by_tuning, settings
from fairforget.compare.labels import Labels
from fairforget.compare.pairing import Pair
from fairforget.compare.values import Change
from fairforget.store.record import Record
from fairforget.study.cell import canonical_json


def changes_of(pairs: Sequence[Pair], labels: Labels) -> tuple[Change, ...]:
    """Return the changes, versions first, then what the cells of a row were given and what they cost."""
    if not pairs:
        return ()
    base, head = ([getattr(pair, side) for pair in pairs] for side in ("base", "head"))
    rows: dict[Identity, list[Pair]] = {}
    for pair in pairs:
        if not reference_of(pair.base):
            rows.setdefault(pair.identity[:ROW], []).append(pair)
    found = [*_versions(provenance_of(base), provenance_of(head))]
    for mine in rows.values():
        label = labels.row(mine[0].identity)
        before, after = [pair.base for pair in mine], [pair.head for pair in mine]
        found += _of_row(f"{label}: options", *_options(before[0], after[0]))
        found += _of_row(f"{label}: chosen by tuning", _chosen(before), _chosen(after))
        found += _of_row(f"{label}: forward-equivalents of a cell", _spent(before), _spent(after))
    return tuple(found)


def _versions(base: dict[str, Any], head: dict[str, Any]) -> list[Change]:
    found = []
    for part in ("distributions", "environment"):
        before, after = base[part], head[part]
        for name in sorted({*before, *after}):
            found += _of_row(shown(name), before.get(name, []), after.get(name, []))
    return found


def _of_row(what: str, before: Sequence[str], after: Sequence[str]) -> list[Change]:
    if list(before) == list(after):
        return []
    return [Change(what, tuple(shown(v) for v in before), tuple(shown(v) for v in after))]


def _options(before: Record, after: Record) -> tuple[list[str], list[str]]:
    """Return the options of a row that only one side has; see `fairforget.compare.aliases`."""
    mine, theirs = settings(before), settings(after)
    only = [{n: v for n, v in one.items() if n not in other} for one, other in ((mine, theirs), (theirs, mine))]
    first, second = ([f"{name}={canonical_json(value)}" for name, value in sorted(part.items())] for part in only)
    return first, second


def _chosen(records: Sequence[Record]) -> list[str]:
    """Return the settings that tuning chose; several where a row was tuned more than once."""
    texts = {
        ", ".join(f"{name}={canonical_json(value)}" for name, value in sorted(chosen.items()))
        for record in records
        if (chosen := chosen_by_tuning(record))
    }
    return sorted(texts)


def _spent(records: Sequence[Record]) -> list[str]:
    """Return what a cell spends, as the median over the cells of a row; nothing where nobody counted."""
    found = cost_of(records)
    return [] if found is None else [count(found.forward_equivalents)]
