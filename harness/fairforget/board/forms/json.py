"""``board.json``: everything a board knows, for machines."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from fairforget.board.indented import DIGITS, NOTHING, fields, indented, rounded
from fairforget.board.values import Board

__all__ = ["DIGITS", "NOTHING", "plain", "render_json"]


def render_json(board: Board) -> str:
    """Return the text of ``board.json``; the same board gives the same bytes, and no time stands in it."""
    return indented(board) + "\n"


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
        return (rounded(value) if measured else value) if math.isfinite(value) else None
    if names := fields(kind):
        return {name: plain(getattr(value, name), measured=True) for name in names}
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner, measured=measured) for inner in value]
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return rounded(value) if measured else value
    return value
