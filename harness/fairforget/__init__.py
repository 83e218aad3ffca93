"""fairforget: the benchmark harness for LLM unlearning that is fair about which samples were forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fairforget.errors import FairforgetError
from fairforget.hookspecs import Entry, hookimpl

if TYPE_CHECKING:
    from fairforget.verbs import board, run, score

__all__ = ["Entry", "FairforgetError", "board", "hookimpl", "run", "score"]


def __getattr__(name: str) -> Any:
    # The verbs import numpy and pandas; a plugin module that needs only Entry and hookimpl must not pay for that.
    if name in {"board", "run", "score"}:
        from fairforget import verbs

        return getattr(verbs, name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
