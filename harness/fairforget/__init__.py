"""fairforget: the benchmark harness for LLM unlearning that is fair about which samples were forgotten."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from fairforget.errors import FairforgetError
from fairforget.hookspecs import Entry, hookimpl

if TYPE_CHECKING:
    from fairforget.verbs import board, compare, draws, run, score

__all__ = ["Entry", "FairforgetError", "board", "compare", "draws", "hookimpl", "run", "score"]


def __getattr__(name: str) -> Any:
    # A plugin module that needs only Entry and hookimpl must not pay for the verbs.
    if name in {"board", "compare", "draws", "run"}:
        return importlib.import_module(f"fairforget.{name}")  # callable: see fairforget.rooms
    if name == "score":
        from fairforget.verbs import score

        return score
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
