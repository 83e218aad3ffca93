"""``board.json``: everything a board knows, for machines."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Mapping
from typing import Any, Final

from fairforget.board.indented import indented
from fairforget.board.values import Board

DIGITS: Final = 9
"""Significant digits of a number: the last of sixteen are those of a processor and not of a measurement, and a board
that is made again elsewhere should have the same bytes."""
NOTHING: Final = 1e-15
"""What is smaller is left of a rounding, or a probability that nobody tells from 0."""


def render_json(board: Board) -> str:
    """Return the text of ``board.json``; the same board gives the same bytes, and no time stands in it."""
    return indented(board.to_json()) + "\n"


def plain(value: Any, *, measured: bool = False) -> Any:
    """Return dicts and lists; the fields of a value in their order, a number that is not finite as None.

    Args:
        value: of a board.
        measured: whether a number is the board's, and gets `DIGITS` significant digits; what stands in a map, such as
            options, is somebody else's and stays as it is.
    """
    kind: Any = type(value)
    if kind is str or kind is int or kind is bool or value is None:  # most of a large board
        return value
    if kind is float:
        return (_rounded(value) if measured else value) if math.isfinite(value) else None
    if names := _fields(kind):
        return {name: plain(getattr(value, name), measured=True) for name in names}
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner, measured=measured) for inner in value]
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return _rounded(value) if measured else value
    return value


@functools.cache
def _fields(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind)) if dataclasses.is_dataclass(kind) else ()


def _rounded(value: float) -> float:
    return 0.0 if abs(value) < NOTHING else float(f"{value:.{DIGITS}g}")
