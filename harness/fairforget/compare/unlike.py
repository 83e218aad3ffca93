"""How settings differ, in a few words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

_MOST: Final = 3
"""So many values or places are written out."""
_OTHER: Final = frozenset({"name", "stratum"})
"""Where these differ it is another thing, and there is nothing to say about its options."""


def unlike(here: str, there: Sequence[str]) -> str:
    """Return how a JSON text differs from the nearest of others: ``amount 10 here, 5 there``.

    Empty where there is no other, or where they are different things, such as two curricula.
    """
    if not there:
        return ""
    mine, others = _leaves(json.loads(here)), [_leaves(json.loads(text)) for text in there]
    if all(set(leaves) == {""} for leaves in (mine, *others)):  # single values
        values = [leaves[""] for leaves in others]
        return f"{mine['']} here, {', '.join(values[:_MOST])}{' …' if len(values) > _MOST else ''} there"
    near = min(others, key=lambda other: len(_places(mine, other)))
    places = _places(mine, near)
    if _OTHER & set(places):
        return ""
    said = [f"{place} {mine.get(place, 'not')} here, {near.get(place, 'not')} there".strip() for place in places]
    return "; ".join(said[:_MOST]) + (f" and {len(said) - _MOST} more" if len(said) > _MOST else "")


def _places(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    return [place for place in sorted({*one, *other}) if one.get(place) != other.get(place)]


def _leaves(value: Any, place: str = "") -> dict[str, str]:
    """Return the single values of nested JSON by their dotted places."""
    if isinstance(value, dict):
        parts = [(f"{place}.{name}" if place else name, inner) for name, inner in value.items()]
    elif isinstance(value, list):
        parts = [(f"{place}[{i}]", inner) for i, inner in enumerate(value)]
    else:
        return {place: value if isinstance(value, str) else json.dumps(value)}
    return {name: text for inner_place, inner in parts for name, text in _leaves(inner, inner_place).items()}
