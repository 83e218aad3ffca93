"""JSON with a line for every value, as `json.dumps` writes it with an indent, in a third of the time."""

from __future__ import annotations

import dataclasses
import functools
import json
import math
from collections.abc import Callable, Mapping
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, Final

DIGITS: Final = 9
"""Significant digits of a number: the last of sixteen are those of a processor and not of a measurement, and a board
that is made again elsewhere should have the same bytes."""
NOTHING: Final = 1e-15
"""What is smaller is left of a rounding, or a probability that nobody tells from 0."""
_ROUNDED: Final = f".{DIGITS}g"


def _exact(value: float) -> str:
    return repr(value) if math.isfinite(value) else "null"


def _number(value: float) -> str:
    text = f"{value:{_ROUNDED}}"
    if "." in text and "e" not in text:  # then it is what `repr` gives of the rounded number
        return text
    return _exact(rounded(value))


_PLAIN: Final[dict[Any, Callable[[Any], str]]] = {
    str: quoted,
    int: repr,
    float: _exact,
    bool: {False: "false", True: "true"}.__getitem__,
    type(None): lambda _: "null",
}
_MEASURED: Final = {**_PLAIN, float: _number}


def indented(value: Any, depth: int = 0, measured: bool = False) -> str:
    """Return what ``json.dumps(plain(value), indent=1)`` does, see `fairforget.board.forms.json.plain`.

    It makes no copy of a board first, and the standard library hands every value up through a generator for every
    level that it lies in.

    Args:
        value: of a board.
        depth: levels that it lies in.
        measured: whether a number is the board's, as `plain` has it.

    Raises:
        TypeError: not JSON.
    """
    kind: Any = type(value)
    if write := (_MEASURED if measured else _PLAIN).get(kind):
        return write(value)
    if text := _around(kind, depth):
        parts = [
            # Most fields are scalars: without another call for each.
            write(part)
            if (write := _MEASURED.get(type(part := getattr(value, name))))
            else indented(part, depth + 1, True)
            for name in fields(kind)
        ]
        return text % tuple(parts)
    line = "\n" + " " * (depth + 1)
    if isinstance(value, Mapping):
        named = {str(name): inner for name, inner in value.items()}
        lines = [f"{line}{quoted(name)}: {indented(inner, depth + 1)}" for name, inner in named.items()]
        return f"{{{','.join(lines)}{line[:-1]}}}" if lines else "{}"
    if isinstance(value, list | tuple):
        lines = [line + indented(inner, depth + 1, measured) for inner in value]
        return f"[{','.join(lines)}{line[:-1]}]" if lines else "[]"
    if isinstance(value, float):  # of a kind derived from it
        return indented(float(value), depth, measured)
    return json.dumps(value)


@functools.cache
def fields(kind: Any) -> tuple[str, ...]:
    """Return the names of the fields of a kind of value; empty for one that has none."""
    return tuple(field.name for field in dataclasses.fields(kind)) if dataclasses.is_dataclass(kind) else ()


def rounded(value: float) -> float:
    """Return a number of a board with its `DIGITS`."""
    return 0.0 if abs(value) < NOTHING else float(f"{value:{_ROUNDED}}")


@functools.cache
def _around(kind: Any, depth: int) -> str:
    """Return the text around the fields of a kind of value, with a place for each; empty for one without."""
    line = "\n" + " " * (depth + 1)
    lines = [f"{line}{quoted(name)}: %s" for name in fields(kind)]
    return f"{{{','.join(lines)}{line[:-1]}}}" if lines else ""
