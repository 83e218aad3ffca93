"""Writing hook calls to standard error, for ``FAIRFORGET_TRACE_PLUGINS``.

Two lines a call: who is called with what, and what came back. Long values are cut, for the record of a cell has the
numbers of every item.
"""

from __future__ import annotations

import reprlib
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import pluggy

from fairforget.terminal import printable


def trace_call(hook_name: str, hook_impls: Sequence[pluggy.HookImpl], kwargs: Mapping[str, Any]) -> None:
    """Say that a hook is about to be called, with what, and who implements it."""
    impls = ", ".join(impl.plugin_name for impl in hook_impls) or "nobody"
    arguments = ", ".join(f"{name}={_short(value)}" for name, value in kwargs.items())
    _write(f"{hook_name}({arguments}) -> {impls}")


def trace_result(
    outcome: pluggy.Result[Any], hook_name: str, hook_impls: Sequence[pluggy.HookImpl], kwargs: Mapping[str, Any]
) -> None:
    """Say what a hook call returned or raised."""
    del hook_impls, kwargs
    said = f"= {_short(outcome.get_result())}" if outcome.exception is None else f"raised {outcome.exception!r}"
    _write(f"{hook_name} {said}")


def _short(value: object) -> str:
    short = reprlib.Repr()
    short.maxlevel, short.maxdict, short.maxlist, short.maxtuple = 3, 5, 5, 5
    short.maxstring, short.maxother = 60, 160
    return short.repr(value)


def _write(text: str) -> None:
    sys.stderr.write(printable(f"fairforget hook: {text}") + "\n")
