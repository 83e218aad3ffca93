"""JSON with a line for every value, as `json.dumps` writes it with an indent, in half the time."""

from __future__ import annotations

import json
import math
from json.encoder import encode_basestring_ascii as quoted
from typing import Any


def indented(value: Any, depth: int = 0) -> str:
    """Return what ``json.dumps(value, indent=1, allow_nan=False)`` does, of dicts with keys of text, lists and scalars.

    The standard library hands every value up through a generator for every level that it lies in.

    Raises:
        ValueError: NaN or an infinity.
        TypeError: not JSON.
    """
    kind = type(value)
    if kind is str:
        return quoted(value)
    if (kind is float and math.isfinite(value)) or kind is int:
        return repr(value)
    if value is None:
        return "null"
    line = "\n" + " " * (depth + 1)
    if kind is dict:
        lines = [f"{line}{quoted(name)}: {indented(inner, depth + 1)}" for name, inner in value.items()]
        return f"{{{','.join(lines)}{line[:-1]}}}" if lines else "{}"
    if kind is list:
        lines = [line + indented(inner, depth + 1) for inner in value]
        return f"[{','.join(lines)}{line[:-1]}]" if lines else "[]"
    return json.dumps(value, allow_nan=False)
