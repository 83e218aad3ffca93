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
_COLUMNS: Final[Mapping[tuple[str, str], str]] = {
    ("completeness", "biographies"): (
        "the share of questions that are not answered right, 1 − ROUGE-L recall of the answers, and how far the "
        "samples look unseen to a membership attack"
    ),
    ("completeness", "tofu"): (
        "the share of reworded questions whose answer is not the one nearest to the true one, 1 − ROUGE-L recall of "
        "the answers, and how far the samples look unseen to a membership attack"
    ),
    ("completeness", "facts"): (
        "the shares of facts that are not completed right, in the wording that was unlearned and in another, and "
        "1 − ROUGE-L recall of the answers"
    ),
    ("utility", "biographies"): "accuracy and ROUGE-L of answers about people that are kept and about general facts",
    ("utility", "tofu"): "accuracy and ROUGE-L of answers about authors that are kept, real authors and world facts",
    ("utility", "facts"): "accuracy and ROUGE-L of facts that are kept, of their neighbours, and of another kind",
}
"""What the columns of an outcome are, for tasks of ours."""
_LOOKED_AT: Final = ("of", "outcome", "forgetting", "utility")
"""Options of statistics that name an outcome."""


def outcome(spec: PluginSpec, task: str = "") -> str:
    """Return what a statistic looks at; empty where it is no outcome of `OUTCOMES`.

    Args:
        spec: the statistic with its options.
        task: the name of the task, bare or not.
    """
    inner = spec.options.get("statistic")
    if isinstance(inner, Mapping) and isinstance(name := inner.get("name"), str):
        return outcome(PluginSpec(name, {key: value for key, value in inner.items() if key != "name"}), task)
    found = load(STATISTICS[spec.name]) if spec.name in STATISTICS else None
    named = (spec.options.get(option, getattr(found, option, None)) for option in _LOOKED_AT)
    return " ".join(_told(name, task) for name in named if isinstance(name, str) and name in OUTCOMES)


def _told(name: str, task: str) -> str:
    bare = task.removeprefix("fairforget/")
    columns_are = _COLUMNS.get((name, bare))
    return f"{OUTCOMES[name]}; for {bare} those are {columns_are}." if columns_are else f"{OUTCOMES[name]}."


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
