"""What the statistic of a claim looks at, in words."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Final

from fairforget.api.spec import PluginSpec
from fairforget.claims.statistics.loading import load
from fairforget.claims.statistics.names import STATISTICS

_UPDATES: Final = (
    "how many updates a run takes until its goal: the completeness of its budget, or its rule of stopping. One that "
    "the budget ended first would have taken more"
)
_PASSES: Final = (
    "the forward-equivalents that a run spends until its goal; a backward pass counts as two forward passes"
)
OUTCOMES: Final[Mapping[str, str]] = {
    "completeness": (
        "Completeness: how far the forget set is forgotten, from 0 to 1. The mean of the task's columns of "
        "forgetting, as leaderboards take it"
    ),
    "worst-quartile": "Completeness of the quarter of the samples that is forgotten worst, from 0 to 1",
    "utility": (
        "Utility: how well the model does on what it should keep, from 0 to 1. The mean of the task's columns of "
        "utility, as leaderboards take it"
    ),
    "updates": f"Updates: {_UPDATES}",
    "log-updates": f"Logarithm of the updates: {_UPDATES}",
    "forward-equivalents": f"Cost: {_PASSES}",
    "log-forward-equivalents": f"Logarithm of the cost: {_PASSES}",
}
"""What statistics take as an outcome, but for columns and scores, which have a name of their own."""
_LOOKED_AT: Final = ("of", "outcome", "forgetting", "utility")
"""Options of statistics that name an outcome."""


def outcome(spec: PluginSpec, task: str = "", averaged: Mapping[str, str] | None = None) -> str:
    """Return what a statistic looks at; empty where it is no outcome of `OUTCOMES`.

    Args:
        spec: the statistic with its options.
        task: the name of the task, bare or not.
        averaged: what the task says of its columns, `Task.averaged`.
    """
    inner = spec.options.get("statistic")
    if isinstance(inner, Mapping) and isinstance(name := inner.get("name"), str):
        return outcome(PluginSpec(name, {key: value for key, value in inner.items() if key != "name"}), task, averaged)
    found = load(STATISTICS[spec.name]) if spec.name in STATISTICS else None
    named = (spec.options.get(option, getattr(found, option, None)) for option in _LOOKED_AT)
    told = (_told(name, task, averaged or {}) for name in named if isinstance(name, str) and name in OUTCOMES)
    return " ".join(told)


def _told(name: str, task: str, averaged: Mapping[str, str]) -> str:
    if name not in averaged:
        return f"{OUTCOMES[name]}."
    return f"{OUTCOMES[name]}; for {task.removeprefix('fairforget/')} those are {averaged[name]}."


def first_sentence(name: str) -> str:
    """Return what a statistic says of itself first; empty for one that there is not."""
    return _plain(_doc(name).partition("\n\n")[0])


def columns(name: str) -> str:
    """Return what a statistic says of the numbers that it hands on; empty where it says nothing."""
    said = next((part for part in _doc(name).split("\n\n") if part.startswith("Figure: ")), "")
    return _plain(said.removeprefix("Figure: "))


def _doc(name: str) -> str:
    return inspect.getdoc(load(STATISTICS[name])) or "" if name in STATISTICS else ""


def _plain(text: str) -> str:
    return re.sub(r":math:`([^`]+)`", r"\1", " ".join(text.split())).replace("`", "")
