"""``board.json``: everything a board knows, for machines."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from typing import Any

from fairforget.board.values import Board


def render_json(board: Board) -> str:
    """Return the text of ``board.json``; the same board gives the same bytes, and no time stands in it."""
    return json.dumps(board.to_json(), indent=1, allow_nan=False) + "\n"


def plain(value: Any) -> Any:
    """Return dicts and lists; the fields of a value in their order, a number that is not finite as None."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
