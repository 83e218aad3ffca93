"""Values on their way into a file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

_DEEPEST = 60


def jsonable(value: Any) -> tuple[Any, dict[str, list[str]]]:
    """Return a copy of `value` that JSON can hold, and the places where something had to be replaced.

    Mappings become dicts with text keys, tuples and sets lists, numpy arrays and scalars Python's. NaN and infinities
    become None (``not-finite``), other objects their text (``not-json``).

    Returns:
        The copy, and kind of fault -> places such as ``scores.forget_loss.value``.
    """
    faults: dict[str, list[str]] = {}
    return _copy(value, "", 0, faults), faults


def _copy(value: Any, place: str, depth: int, faults: dict[str, list[str]]) -> Any:
    kind = type(value)
    if value is None or kind in (str, bool, int):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return float(value)
        faults.setdefault("not-finite", []).append(place)
        return None
    if depth > _DEEPEST:
        faults.setdefault("not-json", []).append(place)
        return "nested too deeply"
    if isinstance(value, Mapping):
        return {str(k): _copy(v, f"{place}.{k}" if place else str(k), depth + 1, faults) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_copy(v, f"{place}[{i}]", depth + 1, faults) for i, v in enumerate(value)]
    return _convert(value, place, depth, faults)


def _convert(value: Any, place: str, depth: int, faults: dict[str, list[str]]) -> Any:
    """Return the JSON form of what is neither JSON nor a container."""
    if isinstance(value, set | frozenset):
        return _copy(sorted(value, key=str), place, depth, faults)
    if isinstance(value, bool | int | str):  # subclasses: enumerations
        return value.value if hasattr(value, "value") else value
    if isinstance(value, PurePath):
        return str(value)
    if callable(getattr(value, "tolist", None)):  # numpy and torch, without importing them
        return _copy(value.tolist(), place, depth + 1, faults)
    faults.setdefault("not-json", []).append(place)
    return repr(value)[:200]
